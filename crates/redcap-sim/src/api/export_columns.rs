//! The columns of a flat record export: which ones, in which order, under which header (`redcap.md` 2.3).
//! Invariant: identifying columns come first and only with the record id; forms keep the dictionary's order.

use super::answer::ApiError;
use super::export_request::ExportRequest;
use crate::project::definition::{Definition, Form};
use crate::project::field::{Choice, Field, Kind, checkbox_column};

/// Where a column's value comes from.
pub(super) enum Source<'a> {
    RecordId,
    Event,
    RepeatInstrument,
    RepeatInstance,
    Group,
    SurveyIdentifier,
    SurveyTime(&'a Form),
    Value(&'a Field),
    Checkbox(&'a Field, Choice),
    /// All checked codes of a checkbox.
    Combined(&'a Field),
    Complete(&'a Form),
}

pub(super) struct ExportColumn<'a> {
    pub(super) name: String,
    pub(super) source: Source<'a>,
}

impl<'a> ExportColumn<'a> {
    fn new(name: impl Into<String>, source: Source<'a>) -> Self {
        Self { name: name.into(), source }
    }

    /// The form whose rows hold this column; none for identifying columns.
    pub(super) fn form(&self) -> Option<&'a str> {
        match &self.source {
            Source::Value(field) | Source::Checkbox(field, _) | Source::Combined(field) => Some(&field.form),
            Source::Complete(form) | Source::SurveyTime(form) => Some(&form.name),
            _ => None,
        }
    }

    /// The header under `rawOrLabelHeaders=label`.
    pub(super) fn label(&self, definition: &Definition) -> String {
        match &self.source {
            Source::RecordId => definition.fields.first().map_or(String::new(), |field| field.label.clone()),
            Source::Event => "Event Name".into(),
            Source::RepeatInstrument => "Repeat Instrument".into(),
            Source::RepeatInstance => "Repeat Instance".into(),
            Source::Group => "Data Access Group".into(),
            Source::SurveyIdentifier => "Survey Identifier".into(),
            Source::SurveyTime(_) => "Survey Timestamp".into(),
            Source::Value(field) | Source::Combined(field) => field.label.clone(),
            Source::Checkbox(field, choice) => format!("{} (choice={})", field.label, choice.label),
            Source::Complete(_) => "Complete?".into(),
        }
    }
}

/// What the caller asked for: everything, or some fields and all of some forms.
struct Wanted<'a> {
    fields: &'a [String],
    forms: &'a [String],
}

impl Wanted<'_> {
    fn all(&self) -> bool {
        self.fields.is_empty() && self.forms.is_empty()
    }

    fn field(&self, name: &str, form: &str) -> bool {
        self.all() || self.fields.iter().any(|field| field == name) || self.form(form)
    }

    fn form(&self, name: &str) -> bool {
        self.all() || self.forms.iter().any(|form| form == name)
    }
}

/// # Errors
/// 400 with REDCap's words for a field or form the project does not have.
pub(super) fn columns<'a>(
    definition: &'a Definition,
    request: &ExportRequest,
) -> Result<Vec<ExportColumn<'a>>, ApiError> {
    let wanted = Wanted { fields: &request.fields, forms: &request.forms };
    let known = |name: &String| {
        let complete = name.strip_suffix("_complete").is_some_and(|form| definition.form(form).is_some());
        complete || definition.field(name).is_some()
    };
    refuse_unknown("fields", wanted.fields.iter().filter(|name| !known(name)))?;
    refuse_unknown("forms", wanted.forms.iter().filter(|name| definition.form(name).is_none()))?;

    let surveys = request.survey_fields;
    let mut columns = Vec::new();
    let record_id = definition.record_id_field();
    let first_form = definition.forms.first().map_or("", |form| &form.name);
    if wanted.field(record_id, first_form) {
        columns.push(ExportColumn::new(record_id, Source::RecordId));
        identify(definition, request.group_column, surveys, &mut columns);
    }
    for form in &definition.forms {
        if surveys && form.survey.is_some() && wanted.form(&form.name) {
            columns.push(ExportColumn::new(format!("{}_timestamp", form.name), Source::SurveyTime(form)));
        }
        for field in definition.fields_of(&form.name).filter(|field| wanted.field(&field.name, &form.name)) {
            field_columns(field, request.combined && !request.eav, &mut columns);
        }
        let complete = format!("{}_complete", form.name);
        if wanted.form(&form.name) || wanted.fields.contains(&complete) {
            columns.push(ExportColumn::new(complete, Source::Complete(form)));
        }
    }
    Ok(columns)
}

fn identify<'a>(definition: &Definition, groups: bool, surveys: bool, columns: &mut Vec<ExportColumn<'a>>) {
    if definition.longitudinal {
        columns.push(ExportColumn::new("redcap_event_name", Source::Event));
    }
    if definition.has_repeats() {
        columns.push(ExportColumn::new("redcap_repeat_instrument", Source::RepeatInstrument));
        columns.push(ExportColumn::new("redcap_repeat_instance", Source::RepeatInstance));
    }
    if groups {
        columns.push(ExportColumn::new("redcap_data_access_group", Source::Group));
    }
    if surveys {
        columns.push(ExportColumn::new("redcap_survey_identifier", Source::SurveyIdentifier));
    }
}

fn field_columns<'a>(field: &'a Field, combined: bool, columns: &mut Vec<ExportColumn<'a>>) {
    if field.kind == Kind::Checkbox && combined {
        columns.push(ExportColumn::new(field.name.as_str(), Source::Combined(field)));
        return;
    }
    if field.kind != Kind::Checkbox {
        columns.push(ExportColumn::new(field.name.as_str(), Source::Value(field)));
        return;
    }
    for choice in field.choices() {
        columns.push(ExportColumn::new(checkbox_column(&field.name, &choice.code), Source::Checkbox(field, choice)));
    }
}

/// `The following values in the parameter "fields" are not valid: 'x', 'y'`.
pub(super) fn refuse_unknown<'a>(parameter: &str, unknown: impl Iterator<Item = &'a String>) -> Result<(), ApiError> {
    let unknown: Vec<String> = unknown.map(|name| format!("'{name}'")).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let names = unknown.join(", ");
    Err(ApiError::bad(format!("The following values in the parameter \"{parameter}\" are not valid: {names}")))
}
