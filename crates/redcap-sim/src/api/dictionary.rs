//! `content=metadata`, `exportFieldNames` and `instrument`: the data dictionary as it is read.
//! Invariant: 18 columns in REDCap's order; `<form>_complete` is no field of the dictionary.

use metricis_redcap::wire;

use super::Call;
use super::answer::{Answer, ApiError, Cells, cells};
use super::export_columns::refuse_unknown;
use crate::project::field::{Field, Kind, checkbox_column};

fn flag(yes: bool) -> String {
    if yes { "y".into() } else { String::new() }
}

/// # Errors
/// 400 for a field or form that the project does not have.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let definition = &call.project.definition;
    let (fields, forms) = (call.params.list("fields"), call.params.list("forms"));
    refuse_unknown("fields", fields.iter().filter(|name| definition.field(name).is_none()))?;
    refuse_unknown("forms", forms.iter().filter(|name| definition.form(name).is_none()))?;
    let all = fields.is_empty() && forms.is_empty();
    let wanted = |field: &&Field| all || fields.contains(&field.name) || forms.contains(&field.form);
    let rows: Vec<wire::Field> = definition.fields.iter().filter(wanted).cloned().map(dictionary_row).collect();
    Ok(Answer::rows("records", call.params.format(), &rows))
}

fn dictionary_row(field: Field) -> wire::Field {
    wire::Field {
        field_name: field.name,
        form_name: field.form,
        section_header: field.section_header,
        field_type: field.kind.word().to_owned(),
        field_label: field.label,
        select_choices_or_calculations: field.choices_or_calculation,
        field_note: field.note,
        text_validation_type_or_show_slider_number: field.validation,
        text_validation_min: field.min,
        text_validation_max: field.max,
        identifier: flag(field.identifier),
        branching_logic: field.branching,
        required_field: flag(field.required),
        custom_alignment: field.alignment,
        question_number: field.question_number,
        matrix_group_name: field.matrix_group,
        matrix_ranking: field.matrix_ranking,
        field_annotation: field.annotation,
    }
}

/// One row per column of an import: a checkbox has one per choice, files and descriptive texts have none.
///
/// # Errors
/// 400 for a field that the project does not have.
pub(super) fn export_field_names(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let definition = &call.project.definition;
    let wanted = call.params.get("field");
    let row = |original: &str, choice: &str, export: String| {
        cells([
            ("original_field_name", original.into()),
            ("choice_value", choice.into()),
            ("export_field_name", export.into()),
        ])
    };
    let mut rows: Vec<Cells> = Vec::new();
    for form in &definition.forms {
        let in_form = definition.fields.iter().filter(|field| field.form == form.name);
        for field in in_form.filter(|field| field.holds_data() && field.kind != Kind::File) {
            match field.kind {
                Kind::Checkbox => rows.extend(
                    field
                        .choices()
                        .iter()
                        .map(|choice| row(&field.name, &choice.code, checkbox_column(&field.name, &choice.code))),
                ),
                _ => rows.push(row(&field.name, "", field.name.clone())),
            }
        }
        let complete = format!("{}_complete", form.name);
        rows.push(row(&complete, "", complete.clone()));
    }
    if !wanted.is_empty() {
        rows.retain(|row| row["original_field_name"] == wanted);
        if rows.is_empty() {
            return Err(ApiError::bad(format!("The field '{wanted}' does not exist")));
        }
    }
    Ok(Answer::table("fields", call.params.format(), rows))
}

pub(super) fn export_instruments(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let rows = call.project.definition.forms.iter().map(|form| {
        cells([("instrument_name", form.name.as_str().into()), ("instrument_label", form.label.as_str().into())])
    });
    Ok(Answer::table("instruments", call.params.format(), rows.collect()))
}
