//! The GlobalVariables of a project file: settings, data access groups and what repeats.
//! Invariant: a repeating form or event that the project does not have is refused, not ignored.

use std::collections::BTreeMap;

use super::OdmError;
use super::definition::{Definition, Group, RepeatingForm, Settings, unique_name};
use super::report::Report;
use super::xml::Element;
use crate::ambient::new_token;
use crate::state::people::{RIGHTS, Rights, Role};

pub(crate) fn settings(globals: &Element) -> Settings {
    let text = |name: &str| globals.text_of(name).to_owned();
    let flag = |name: &str| globals.text_of(name) == "1";
    Settings {
        autonumbering: flag("redcap:RecordAutonumberingEnabled"),
        scheduling: flag("redcap:SchedulingEnabled"),
        surveys: flag("redcap:SurveysEnabled"),
        purpose: globals.text_of("redcap:Purpose").parse().unwrap_or(0),
        purpose_other: text("redcap:PurposeOther"),
        notes: text("redcap:ProjectNotes"),
        custom_record_label: text("redcap:CustomRecordLabel"),
        secondary_unique_field: text("redcap:SecondaryUniqueField"),
        missing_data_codes: text("redcap:MissingDataCodes"),
        ..Settings::default()
    }
}

pub(crate) fn groups(globals: &Element) -> Vec<Group> {
    let Some(group) = globals.child("redcap:DataAccessGroupsGroup") else { return Vec::new() };
    let names = group.children("redcap:DataAccessGroups").map(|dag| dag.attr("group_name"));
    names.map(|name| Group { id: 0, name: name.to_owned(), unique_name: unique_name(name) }).collect()
}

pub(crate) fn reports(globals: &Element) -> Vec<Report> {
    let reports = globals.children("redcap:ReportsGroup").flat_map(|group| group.children("redcap:Reports"));
    reports.cloned().map(Report).collect()
}

/// What the simulator reads and writes by itself; surveys are kept too, for the settings that it has no use for.
const KNOWN: [&str; 4] = [
    "redcap:RepeatingInstrumentsAndEvents",
    "redcap:DataAccessGroupsGroup",
    "redcap:UserRolesGroup",
    "redcap:ReportsGroup",
];

/// Everything else. The writer leaves out the settings that it writes by itself.
pub(crate) fn kept(globals: &Element) -> Vec<Element> {
    globals.children.iter().filter(|element| !KNOWN.contains(&element.name.as_str())).cloned().collect()
}

pub(crate) fn roles(globals: &Element) -> Vec<Role> {
    let roles = globals.children("redcap:UserRolesGroup").flat_map(|group| group.children("redcap:UserRoles"));
    roles.map(role).collect()
}

fn role(element: &Element) -> Role {
    let mut rights = Rights::default();
    for right in RIGHTS {
        rights.set(right, element.attr(right).parse().unwrap_or(0));
    }
    rights.forms = by_form(element.attr("data_entry"));
    rights.exports = by_form(element.attr("data_export_instruments"));
    let unique_name = format!("U-{}", &new_token()[..10]);
    Role { unique_name, label: element.attr("role_name").to_owned(), rights }
}

/// Reads `[form,1][other,2]`.
fn by_form(text: &str) -> BTreeMap<String, u32> {
    let pairs = text.split(']').filter_map(|part| part.trim_start_matches('[').split_once(','));
    pairs.filter_map(|(form, level)| Some((form.to_owned(), level.parse().ok()?))).collect()
}

/// Enters what repeats into the definition, whose events and forms are already there.
///
/// # Errors
/// [`OdmError::Broken`] when an event or a form does not exist.
pub(crate) fn repeats(globals: &Element, definition: &mut Definition) -> Result<(), OdmError> {
    let Some(group) = globals.child("redcap:RepeatingInstrumentsAndEvents") else { return Ok(()) };
    for repeat in group.children("redcap:RepeatingEvent") {
        let event = event(repeat, definition)?;
        definition.events[event].repeating = true;
    }
    let forms = group.children("redcap:RepeatingInstruments").flat_map(|g| g.children("redcap:RepeatingInstrument"));
    for repeat in forms {
        let event = event(repeat, definition)?;
        let form = repeat.attr("redcap:RepeatInstrument").to_owned();
        if !definition.events[event].forms.contains(&form) {
            let event = &definition.events[event].unique_name;
            return Err(OdmError::Broken(format!("the repeating form '{form}' is not on event {event}")));
        }
        let label = repeat.attr("redcap:CustomLabel").to_owned();
        definition.repeating.push(RepeatingForm { event, form, label });
    }
    Ok(())
}

fn event(repeat: &Element, definition: &Definition) -> Result<usize, OdmError> {
    let name = repeat.attr("redcap:UniqueEventName");
    let unknown = || OdmError::Broken(format!("something repeats on the unknown event '{name}'"));
    definition.event_index(name).ok_or_else(unknown)
}
