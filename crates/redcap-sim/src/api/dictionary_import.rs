//! `content=metadata`, import: another data dictionary in place of the present one.
//! Invariant: the whole dictionary is replaced or nothing; every fault is listed. Stored values that no longer fit stay.

use std::collections::BTreeSet;

use super::Call;
use super::answer::{Answer, ApiError, count_of};
use super::sent::{SentRow, cell, read_rows};
use crate::project::definition::{Definition, Form};
use crate::project::field::{Field, Kind};
use crate::project::index::Index;

/// # Errors
/// 400 for a project in production, else with one line per fault. The words are ours: no public source has REDCap's.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    if call.project.definition.settings.in_production {
        return Err(ApiError::bad(
            "The project is in Production status: a data dictionary is imported in Development only",
        ));
    }
    let sent = read_rows(call.params)?;
    let faults = faults(&sent);
    if !faults.is_empty() {
        return Err(ApiError::bad(faults.join("\n")));
    }
    let fields: Vec<Field> = sent.iter().filter_map(field).collect();
    let definition = &mut call.project.definition;
    definition.forms = forms(definition, &fields);
    definition.fields = fields;
    definition.index = Index::default();
    let kept = |form: &String| definition.forms.iter().any(|known| known.name == *form);
    let mut events = definition.events.clone();
    for event in &mut events {
        event.forms.retain(kept);
        if !definition.longitudinal {
            event.forms = definition.forms.iter().map(|form| form.name.clone()).collect();
        }
    }
    call.project.set_events(events);
    Ok(count_of(sent.len()))
}

fn faults(sent: &[SentRow]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    for row in sent {
        let (name, form, kind) = (cell(row, "field_name"), cell(row, "form_name"), cell(row, "field_type"));
        if !is_name(name) {
            faults.push(format!("The field_name '{name}' may hold only lower-case letters, digits and underscores, and must begin with a letter."));
        } else if !names.insert(name) {
            faults.push(format!("The field_name '{name}' occurs more than once."));
        }
        if !is_name(form) {
            faults.push(format!("The form_name '{form}' of the field '{name}' is not valid."));
        }
        match Kind::from_word(kind) {
            None => faults.push(format!("The field_type '{kind}' of the field '{name}' is not valid.")),
            Some(Kind::Radio | Kind::Dropdown | Kind::Checkbox)
                if cell(row, "select_choices_or_calculations").trim().is_empty() =>
            {
                faults.push(format!("The field '{name}' has no choices."));
            }
            Some(_) => {}
        }
    }
    match sent.first() {
        None => faults.push("The dictionary has no fields.".to_owned()),
        Some(first) if cell(first, "field_type") != "text" => {
            faults.push("The first field names the records and must be of the type 'text'.".to_owned());
        }
        Some(_) => {}
    }
    faults
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn field(row: &SentRow) -> Option<Field> {
    let text = |name: &str| cell(row, name).to_owned();
    Some(Field {
        name: text("field_name"),
        form: text("form_name"),
        section_header: text("section_header"),
        kind: Kind::from_word(cell(row, "field_type"))?,
        label: text("field_label"),
        choices_or_calculation: text("select_choices_or_calculations"),
        note: text("field_note"),
        validation: text("text_validation_type_or_show_slider_number"),
        min: text("text_validation_min"),
        max: text("text_validation_max"),
        identifier: is_yes(cell(row, "identifier")),
        branching: text("branching_logic"),
        required: is_yes(cell(row, "required_field")),
        alignment: text("custom_alignment"),
        question_number: text("question_number"),
        matrix_group: text("matrix_group_name"),
        matrix_ranking: text("matrix_ranking"),
        annotation: text("field_annotation"),
    })
}

fn is_yes(word: &str) -> bool {
    matches!(word.trim().to_ascii_lowercase().as_str(), "y" | "yes" | "1")
}

/// The forms in order of their first field; a known one keeps its label and survey, a new one is labelled by its name.
fn forms(definition: &Definition, fields: &[Field]) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for field in fields {
        if forms.iter().any(|form| form.name == field.form) {
            continue;
        }
        let known = definition.form(&field.form).cloned();
        forms.push(known.unwrap_or_else(|| Form { name: field.form.clone(), label: title(&field.form), survey: None }));
    }
    forms
}

/// `Basic Information` for `basic_information`.
fn title(name: &str) -> String {
    let word = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('_').filter(|part| !part.is_empty()).map(word).collect::<Vec<_>>().join(" ")
}
