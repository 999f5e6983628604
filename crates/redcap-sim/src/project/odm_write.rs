//! From a project to REDCap's project file: what `load` reads, so that the file makes the same project again.
//! Invariant: everything that the simulator knows of a project is in the file, and what it only keeps goes out as it came.

use super::definition::{Definition, Event, Form};
use super::odm_write_dictionary::dictionary;
use super::odm_write_records::records;
use super::report::Report;
use super::xml::Element;
use crate::state::people::{RIGHTS, Role};
use crate::state::records::Record;

/// Which parts are written.
#[derive(Clone, Copy, Default)]
pub(crate) struct OdmOptions {
    pub(crate) survey_times: bool,
    pub(crate) groups: bool,
    pub(crate) files: bool,
}

/// What goes into a file besides the definition.
pub(crate) struct OdmContents<'a> {
    pub(crate) roles: &'a [Role],
    /// `None` leaves the data out altogether.
    pub(crate) records: Option<Vec<(&'a str, &'a Record)>>,
    pub(crate) options: OdmOptions,
    /// `YYYY-MM-DDTHH:MM:SS` in the server's time.
    pub(crate) time: String,
    pub(crate) version: &'a str,
}

pub(crate) fn write(definition: &Definition, contents: &OdmContents<'_>) -> String {
    let title = definition.title.as_str();
    let oid: String = title.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n");
    let metadata = Element::new("MetaDataVersion")
        .with("OID", format!("Metadata.{oid}"))
        .with("Name", title)
        .with("redcap:RecordIdField", definition.record_id_field())
        .holding(definition.longitudinal.then(|| protocol(definition)))
        .holding(definition.events.iter().filter(|_| definition.longitudinal).map(|event| event_def(definition, event)))
        .holding(dictionary(definition));
    let study = Element::new("Study")
        .with("OID", format!("Project.{oid}"))
        .holding([globals(definition, contents.roles), metadata]);
    let data = contents.records.as_ref().map(|wanted| {
        Element::new("ClinicalData")
            .with("StudyOID", format!("Project.{oid}"))
            .with("MetaDataVersionOID", format!("Metadata.{oid}"))
            .holding(wanted.iter().map(|(id, record)| records(definition, id, record, contents.options)))
    });
    Element::new("ODM")
        .with("xmlns", "http://www.cdisc.org/ns/odm/v1.3")
        .with("xmlns:ds", "http://www.w3.org/2000/09/xmldsig#")
        .with("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
        .with("xmlns:redcap", "https://projectredcap.org")
        .with("xsi:schemaLocation", "http://www.cdisc.org/ns/odm/v1.3 schema/odm/ODM1-3-1.xsd")
        .with("ODMVersion", "1.3.1")
        .with("FileOID", "000-00-0000")
        .with("FileType", "Snapshot")
        .with("Description", title)
        .with("AsOfDateTime", contents.time.as_str())
        .with("CreationDateTime", contents.time.as_str())
        .with("SourceSystem", "REDCap")
        .with("SourceSystemVersion", contents.version)
        .holding([study])
        .holding(data)
        .write(0, &mut out);
    out
}

fn globals(definition: &Definition, roles: &[Role]) -> Element {
    let settings = &definition.settings;
    let flag = |yes: bool| u8::from(yes).to_string();
    let texts = [
        ("StudyName", definition.title.clone()),
        (
            "StudyDescription",
            format!("This file contains the metadata, events, and data for REDCap project \"{}\".", definition.title),
        ),
        ("ProtocolName", definition.title.clone()),
        ("redcap:RecordAutonumberingEnabled", flag(settings.autonumbering)),
        ("redcap:CustomRecordLabel", settings.custom_record_label.clone()),
        ("redcap:SecondaryUniqueField", settings.secondary_unique_field.clone()),
        ("redcap:SchedulingEnabled", flag(settings.scheduling)),
        ("redcap:SurveysEnabled", flag(settings.surveys)),
        ("redcap:Purpose", settings.purpose.to_string()),
        ("redcap:PurposeOther", settings.purpose_other.clone()),
        ("redcap:ProjectNotes", settings.notes.clone()),
        ("redcap:MissingDataCodes", settings.missing_data_codes.clone()),
    ];
    let kept = |element: &&Element| texts.iter().all(|(name, _)| *name != element.name) && element.name != SURVEYS;
    let kept: Vec<Element> = definition.kept.iter().filter(kept).cloned().collect();
    let of_groups =
        definition.groups.iter().map(|g| Element::new("redcap:DataAccessGroups").with("group_name", &*g.name));
    Element::new("GlobalVariables")
        .holding(texts.iter().map(|(name, text)| Element::new(name).saying(text)))
        .holding(repeats(definition))
        .holding(group("redcap:DataAccessGroupsGroup", of_groups))
        .holding(group("redcap:UserRolesGroup", roles.iter().map(role)))
        .holding(group(SURVEYS, definition.forms.iter().filter_map(|form| survey(definition, form))))
        .holding(group("redcap:ReportsGroup", definition.reports.iter().map(|Report(element)| element.clone())))
        .holding(kept)
}

const SURVEYS: &str = "redcap:SurveysGroup";

fn group(name: &str, members: impl Iterator<Item = Element>) -> Option<Element> {
    let group = Element::new(name).holding(members);
    (!group.children.is_empty()).then_some(group)
}

/// A survey that came with a file goes out with all its settings.
fn survey(definition: &Definition, form: &Form) -> Option<Element> {
    let title = form.survey.as_deref()?;
    let kept = definition.kept.iter().filter(|element| element.name == SURVEYS).flat_map(|group| &group.children);
    let known = kept.into_iter().find(|survey| survey.attr("form_name") == form.name).cloned();
    Some(known.unwrap_or_else(|| {
        Element::new("redcap:Surveys")
            .with("form_name", form.name.as_str())
            .with("title", title)
            .with("survey_enabled", "1")
    }))
}

/// No public source shows how REDCap writes a role; this is our own reading of `UserRolesGroup`.
fn role(role: &Role) -> Element {
    let by_form = |levels: &std::collections::BTreeMap<String, u32>| {
        levels.iter().map(|(form, level)| format!("[{form},{level}]")).collect::<String>()
    };
    let element = Element::new("redcap:UserRoles").with("role_name", role.label.as_str());
    let element =
        RIGHTS.iter().fold(element, |element, right| element.with(right, role.rights.level(right).to_string()));
    element
        .with("data_entry", by_form(&role.rights.forms))
        .with("data_export_instruments", by_form(&role.rights.exports))
}

fn repeats(definition: &Definition) -> Option<Element> {
    let event = |index: usize| definition.events[index].unique_name.as_str();
    let whole = definition.events.iter().filter(|event| event.repeating);
    let whole =
        whole.map(|event| Element::new("redcap:RepeatingEvent").with("redcap:UniqueEventName", &*event.unique_name));
    let forms = definition.repeating.iter().map(|repeat| {
        Element::new("redcap:RepeatingInstrument")
            .with("redcap:UniqueEventName", event(repeat.event))
            .with("redcap:RepeatInstrument", repeat.form.as_str())
            .with("redcap:CustomLabel", repeat.label.as_str())
    });
    let forms = group("redcap:RepeatingInstruments", forms);
    group("redcap:RepeatingInstrumentsAndEvents", whole.chain(forms).collect::<Vec<_>>().into_iter())
}

fn protocol(definition: &Definition) -> Element {
    let reference = |(index, event): (usize, &Event)| {
        Element::new("StudyEventRef")
            .with("StudyEventOID", format!("Event.{}", event.unique_name))
            .with("OrderNumber", (index + 1).to_string())
            .with("Mandatory", "No")
    };
    Element::new("Protocol").holding(definition.events.iter().enumerate().map(reference))
}

fn event_def(definition: &Definition, event: &Event) -> Element {
    let arm = definition.arms.iter().find(|arm| arm.num == event.arm);
    let form = |(index, form): (usize, &String)| {
        Element::new("FormRef")
            .with("FormOID", format!("Form.{form}"))
            .with("OrderNumber", (index + 1).to_string())
            .with("Mandatory", "No")
            .with("redcap:FormName", form.as_str())
    };
    Element::new("StudyEventDef")
        .with("OID", format!("Event.{}", event.unique_name))
        .with("Name", definition.event_title(event))
        .with("Type", "Common")
        .with("Repeating", if event.repeating { "Yes" } else { "No" })
        .with("redcap:EventName", event.name.as_str())
        .with("redcap:CustomEventLabel", event.custom_label.as_str())
        .with("redcap:UniqueEventName", event.unique_name.as_str())
        .with("redcap:ArmNum", event.arm.to_string())
        .with("redcap:ArmName", arm.map_or("", |arm| &arm.name))
        .with("redcap:DayOffset", event.day_offset.to_string())
        .with("redcap:OffsetMin", event.offset_min.to_string())
        .with("redcap:OffsetMax", event.offset_max.to_string())
        .holding(event.forms.iter().enumerate().map(form))
}
