//! The ClinicalData of a project file: one subject for each record, its events, forms with their instances, and values.
//! Invariant: a row that holds nothing but its record's name is written too, so that it is there again.

use std::collections::BTreeMap;

use super::definition::Definition;
use super::odm_write::OdmOptions;
use super::xml::Element;
use crate::state::records::{Place, Record, Repeat, Row};

pub(super) fn records(definition: &Definition, id: &str, record: &Record, options: OdmOptions) -> Element {
    let subject =
        Element::new("SubjectData").with("SubjectKey", id).with("redcap:RecordIdField", definition.record_id_field());
    let mut forms: Vec<(&Place, Element)> = Vec::new();
    for (place, row) in &record.rows {
        forms.extend(form_data(definition, id, place, row, options).into_iter().map(|form| (place, form)));
    }
    if let (Some(group), true, Some((_, first))) = (&record.group, options.groups, forms.first_mut()) {
        first.children[0].children.push(item("redcap_data_access_group", group));
    }
    if !definition.longitudinal {
        return subject.holding(forms.into_iter().map(|(_, form)| form));
    }
    // Forms of one event and instance stand together.
    let mut events: BTreeMap<(usize, u32), Vec<Element>> = BTreeMap::new();
    for (place, form) in forms {
        let instance = if let Repeat::Event { instance } = place.repeat { instance } else { 1 };
        events.entry((place.event, instance)).or_default().push(form);
    }
    subject.holding(events.into_iter().map(|((index, instance), forms)| {
        let name = definition.events[index].unique_name.as_str();
        Element::new("StudyEventData")
            .with("StudyEventOID", format!("Event.{name}"))
            .with("StudyEventRepeatKey", instance.to_string())
            .with("redcap:UniqueEventName", name)
            .holding(forms)
    }))
}

fn item(name: &str, value: &str) -> Element {
    Element::new("ItemData").with("ItemOID", name).with("Value", value)
}

fn form_data(definition: &Definition, id: &str, place: &Place, row: &Row, options: OdmOptions) -> Vec<Element> {
    let repeats = |form: &str| definition.repeating_form(place.event, form).is_some();
    let own = |form: &&str| match &place.repeat {
        Repeat::Form { form: own, .. } => *form == own,
        Repeat::Event { .. } => true,
        Repeat::No => !repeats(form),
    };
    let key = if let Repeat::Form { instance, .. } = place.repeat { instance } else { 1 };
    let mut written: Vec<Element> = Vec::new();
    for form in definition.forms.iter().map(|form| form.name.as_str()).filter(own) {
        let mut items = items(definition, form, row, options);
        let collected = definition.events[place.event].forms.iter().any(|designated| designated == form);
        let first = written.is_empty() && (collected || !items.is_empty());
        if items.is_empty() && !first {
            continue;
        }
        if first {
            items.insert(0, item(definition.record_id_field(), id));
        }
        let group = Element::new("ItemGroupData")
            .with("ItemGroupOID", format!("{form}.{form}_complete"))
            .with("ItemGroupRepeatKey", "1")
            .holding(items);
        let form = Element::new("FormData").with("FormOID", format!("Form.{form}"));
        written.push(form.with("FormRepeatKey", key.to_string()).holding([group]));
    }
    written
}

/// What a row holds of one form.
fn items(definition: &Definition, form: &str, row: &Row, options: OdmOptions) -> Vec<Element> {
    let mut items = Vec::new();
    if let Some(time) = row.survey_times.get(form).filter(|_| options.survey_times) {
        items.push(item(&format!("{form}_timestamp"), time));
    }
    for field in definition.fields_of(form) {
        match row.files.get(&field.name) {
            Some(_) if !options.files => {}
            Some(document) => items.push(
                Element::new("ItemDataBase64Binary")
                    .with("ItemOID", field.name.as_str())
                    .with("redcap:DocName", document.name.as_str())
                    .saying(&document.bytes.to_base64()),
            ),
            None => {
                let columns = field.columns().into_iter();
                items.extend(columns.filter_map(|column| row.values.get(&column).map(|value| item(&column, value))));
            }
        }
    }
    let complete = format!("{form}_complete");
    items.extend(row.values.get(&complete).map(|value| item(&complete, value)));
    items
}
