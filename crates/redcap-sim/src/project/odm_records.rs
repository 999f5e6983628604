//! The ClinicalData of a project file: subjects, events, forms with their repeat keys, items.
//! Invariant: values are taken as they are, since REDCap stores data that no longer fits the dictionary; an item
//! that the dictionary does not have is left out.

use chrono::{DateTime, Utc};

use super::OdmError;
use super::definition::{Column, Definition};
use super::field::Kind;
use super::xml::Element;
use crate::state::document::{Bytes, Document};
use crate::state::records::{Place, Record, Records, Repeat};

/// Reads all subjects.
///
/// # Errors
/// [`OdmError::Broken`] for an event, form, repeat key or data access group that makes no sense.
pub(crate) fn records(root: &Element, definition: &Definition, now: DateTime<Utc>) -> Result<Records, OdmError> {
    let mut records = Records::default();
    for subject in root.children("ClinicalData").flat_map(|data| data.children("SubjectData")) {
        let id = subject.attr("SubjectKey");
        let mut record = Record::new(now);
        // A classic project has its forms directly under the subject.
        read_forms(subject, 0, 1, definition, &mut record)?;
        for event in subject.children("StudyEventData") {
            let name = event.attr("redcap:UniqueEventName");
            let unknown = || OdmError::Broken(format!("a record has data in the unknown event '{name}'"));
            let index = definition.event_index(name).ok_or_else(unknown)?;
            let instance = repeat_key(event.attr("StudyEventRepeatKey"))?;
            read_forms(event, index, instance, definition, &mut record)?;
        }
        records.insert(id, record);
    }
    Ok(records)
}

fn read_forms(
    parent: &Element,
    event: usize,
    event_instance: u32,
    definition: &Definition,
    record: &mut Record,
) -> Result<(), OdmError> {
    for form_data in parent.children("FormData") {
        let oid = form_data.attr("FormOID");
        let name = oid.strip_prefix("Form.").unwrap_or(oid);
        if definition.form(name).is_none() {
            return Err(OdmError::Broken(format!("a record has data in the unknown form '{name}'")));
        }
        let instance = repeat_key(form_data.attr("FormRepeatKey"))?;
        let repeat = if definition.events[event].repeating {
            Repeat::Event { instance: event_instance }
        } else if definition.repeating_form(event, name).is_some() {
            Repeat::Form { form: name.to_owned(), instance }
        } else {
            Repeat::No
        };
        let groups = form_data.children("ItemGroupData");
        for item in groups.flat_map(|group| &group.children) {
            let place = Place { event, repeat: repeat.clone() };
            match item.name.as_str() {
                "ItemData" => read_item(item, place, definition, record)?,
                "ItemDataBase64Binary" => read_file(item, place, definition, record)?,
                _ => {}
            }
        }
    }
    Ok(())
}

fn read_item(item: &Element, place: Place, definition: &Definition, record: &mut Record) -> Result<(), OdmError> {
    let (name, value) = (item.attr("ItemOID"), item.attr("Value"));
    if name == definition.record_id_field() {
        record.rows.entry(place).or_default();
        return Ok(());
    }
    if name == "redcap_data_access_group" {
        let group = definition.groups.iter().find(|group| group.unique_name == value || group.name == value);
        let group = group.ok_or_else(|| OdmError::Broken(format!("a record is in the unknown group '{value}'")))?;
        record.group = Some(group.unique_name.clone());
        return Ok(());
    }
    if let Some(form) = name.strip_suffix("_timestamp").filter(|form| definition.form(form).is_some()) {
        record.rows.entry(place).or_default().survey_times.insert(form.to_owned(), value.to_owned());
        return Ok(());
    }
    let unchecked = match definition.column(name) {
        Some(Column::Checkbox(_)) => value == "0",
        Some(_) => false,
        None => return Ok(()),
    };
    if !value.is_empty() && !unchecked {
        record.rows.entry(place).or_default().values.insert(name.to_owned(), value.to_owned());
    }
    Ok(())
}

/// A document in a file field; one of a field that the dictionary does not have is left out.
fn read_file(item: &Element, place: Place, definition: &Definition, record: &mut Record) -> Result<(), OdmError> {
    let name = item.attr("ItemOID");
    if definition.field(name).is_none_or(|field| field.kind != Kind::File) {
        return Ok(());
    }
    let broken = || OdmError::Broken(format!("the file in the field '{name}' is not Base64"));
    let bytes = Bytes::from_base64(item.text()).ok_or_else(broken)?;
    let document = Document { id: 0, name: item.attr("redcap:DocName").to_owned(), bytes };
    record.rows.entry(place).or_default().set_file(name, Some(document));
    Ok(())
}

fn repeat_key(text: &str) -> Result<u32, OdmError> {
    match text {
        "" => Ok(1),
        text => text.parse().map_err(|_| OdmError::Broken(format!("the repeat key '{text}' is not a number"))),
    }
}
