//! From the project file to a definition and its records: the order of the steps, and the events.
//! Invariant: a file without events is a classic project, which gets the one unnamed event REDCap gives it.

use chrono::{DateTime, Utc};

use super::definition::{Arm, Definition, Event};
use super::index::Index;
use super::xml::{Element, parse};
use super::{OdmError, odm_dictionary, odm_records, odm_settings};
use crate::state::people::Role;
use crate::state::records::Records;

/// Reads a whole project file. Ids of events, groups and documents are left 0 for the caller to assign; records are stamped `now`.
///
/// # Errors
/// [`OdmError`] when the text is no XML, no project, or contradicts itself. Nothing is half loaded.
pub(crate) fn load(xml: &str, now: DateTime<Utc>) -> Result<Loaded, OdmError> {
    let root = parse(xml)?;
    if root.name != "ODM" {
        return Err(OdmError::NotAProject(format!("the root element is <{}>, not <ODM>", root.name)));
    }
    let absent = |name: &str| OdmError::NotAProject(format!("<{name}> is missing"));
    let study = root.child("Study").ok_or_else(|| absent("Study"))?;
    let globals = study.child("GlobalVariables").ok_or_else(|| absent("GlobalVariables"))?;
    let metadata = study.child("MetaDataVersion").ok_or_else(|| absent("MetaDataVersion"))?;

    let (forms, fields) = odm_dictionary::dictionary(metadata, globals)?;
    let (arms, events, longitudinal) = events(metadata, &forms.iter().map(|f| f.name.clone()).collect::<Vec<_>>())?;
    let mut definition = Definition {
        title: globals.text_of("StudyName").to_owned(),
        settings: odm_settings::settings(globals),
        longitudinal,
        forms,
        fields,
        arms,
        events,
        repeating: Vec::new(),
        groups: odm_settings::groups(globals),
        reports: odm_settings::reports(globals),
        kept: odm_settings::kept(globals),
        index: Index::default(),
    };
    odm_settings::repeats(globals, &mut definition)?;
    let records = odm_records::records(&root, &definition, now)?;
    Ok(Loaded { definition, records, roles: odm_settings::roles(globals) })
}

/// A project as its file describes it.
pub(crate) struct Loaded {
    pub(crate) definition: Definition,
    pub(crate) records: Records,
    pub(crate) roles: Vec<Role>,
}

fn events(metadata: &Element, forms: &[String]) -> Result<(Vec<Arm>, Vec<Event>, bool), OdmError> {
    let mut arms: Vec<Arm> = Vec::new();
    let mut events: Vec<Event> = Vec::new();
    for element in metadata.children("StudyEventDef") {
        let event = event(element, forms)?;
        if arms.iter().all(|arm| arm.num != event.arm) {
            arms.push(Arm { num: event.arm, name: element.attr("redcap:ArmName").to_owned() });
        }
        events.push(event);
    }
    let longitudinal = !events.is_empty();
    if !longitudinal {
        arms.push(Arm { num: 1, name: "Arm 1".into() });
        events.push(Event {
            id: 0,
            name: "Event 1".into(),
            unique_name: "event_1_arm_1".into(),
            custom_label: String::new(),
            arm: 1,
            day_offset: 0,
            offset_min: 0,
            offset_max: 0,
            forms: forms.to_vec(),
            repeating: false,
        });
    }
    Ok((arms, events, longitudinal))
}

fn event(element: &Element, forms: &[String]) -> Result<Event, OdmError> {
    let unique_name = element.attr("redcap:UniqueEventName").to_owned();
    let number = |attribute: &str| number(element.attr(attribute), attribute, &unique_name);
    let mut designated = Vec::new();
    for reference in element.children("FormRef") {
        let form = reference.attr("redcap:FormName");
        if !forms.iter().any(|known| known == form) {
            return Err(OdmError::Broken(format!("event {unique_name} names the unknown form '{form}'")));
        }
        designated.push(form.to_owned());
    }
    Ok(Event {
        id: 0,
        name: element.attr("redcap:EventName").to_owned(),
        custom_label: element.attr("redcap:CustomEventLabel").to_owned(),
        arm: number("redcap:ArmNum")?.try_into().unwrap_or(1),
        day_offset: number("redcap:DayOffset")?,
        offset_min: number("redcap:OffsetMin")?,
        offset_max: number("redcap:OffsetMax")?,
        forms: designated,
        repeating: element.attr("Repeating") == "Yes",
        unique_name,
    })
}

fn number(text: &str, attribute: &str, event: &str) -> Result<i32, OdmError> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| OdmError::Broken(format!("{attribute} of event {event} is not a number")))
}
