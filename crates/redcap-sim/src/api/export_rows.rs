//! One row of a record export: what stands in each of its columns.
//! Invariant: a column of a form that is not collected in this row is blank, whatever is stored.

use serde_json::{Map, Value};

use super::export_columns::{ExportColumn, Source};
use super::export_request::ValueStyle;
use crate::project::definition::{COMPLETE_LABELS, Column, Definition};
use crate::project::field::{Choice, Field, checkbox_column};
use crate::project::logic::Logic;
use crate::state::records::{Place, Record, Repeat, Row};

/// One row of one record that is about to be written.
pub(super) struct Cursor<'a> {
    pub(super) definition: &'a Definition,
    pub(super) id: &'a str,
    pub(super) record: &'a Record,
    pub(super) place: &'a Place,
    pub(super) row: &'a Row,
    pub(super) labels: bool,
    pub(super) style: ValueStyle,
}

impl Cursor<'_> {
    pub(super) fn flat(&self, columns: &[ExportColumn<'_>]) -> Map<String, Value> {
        columns.iter().map(|column| (column.name.clone(), self.cell(column))).collect()
    }

    /// Whether the column's form is collected in this row.
    fn applies(&self, form: &str) -> bool {
        let event = &self.definition.events[self.place.event];
        match &self.place.repeat {
            Repeat::Form { form: own, .. } => own == form,
            Repeat::Event { .. } => event.forms.iter().any(|own| own == form),
            Repeat::No => {
                let repeats = self.definition.repeating_form(self.place.event, form).is_some();
                !repeats && event.forms.iter().any(|own| own == form)
            }
        }
    }

    fn cell(&self, column: &ExportColumn<'_>) -> Value {
        if column.form().is_some_and(|form| !self.applies(form)) {
            return Value::from("");
        }
        let stored = self.row.values.get(&column.name).map_or("", String::as_str);
        match &column.source {
            Source::RecordId => self.id.into(),
            Source::Event => self.event().into(),
            Source::RepeatInstrument => self.repeat_form().into(),
            Source::RepeatInstance => self.place.repeat.instance().map_or("".into(), Value::from),
            Source::Group => self.record.group.clone().unwrap_or_default().into(),
            Source::SurveyIdentifier => "".into(),
            Source::SurveyTime(form) => self.row.survey_times.get(&form.name).cloned().unwrap_or_default().into(),
            Source::Value(field) if self.labels => {
                let choice = field.choices().into_iter().find(|choice| choice.code == stored);
                choice.map_or_else(|| stored.to_owned(), |choice| choice.label).into()
            }
            Source::Value(field) if self.style.comma && field.is_number() => stored.replacen('.', ",", 1).into(),
            Source::Value(_) => stored.into(),
            Source::Combined(field) => self.combined(field).into(),
            Source::Checkbox(_, choice) => self.checkbox(stored == "1", &choice.label).into(),
            Source::Complete(_) if stored.is_empty() && self.style.blank_gray => "".into(),
            Source::Complete(_) => {
                let state = stored.parse::<usize>().unwrap_or(0);
                let label = COMPLETE_LABELS.get(state).copied().unwrap_or(stored);
                if self.labels { label.into() } else { state.to_string().into() }
            }
        }
    }

    /// The codes, or with labels the labels, of everything that is checked.
    fn combined(&self, field: &Field) -> String {
        let checked = |choice: &Choice| self.row.values.contains_key(&checkbox_column(&field.name, &choice.code));
        let words = field.choices().into_iter().filter(checked);
        words.map(|choice| if self.labels { choice.label } else { choice.code }).collect::<Vec<_>>().join(",")
    }

    /// Whether a filter lets the row through. A field that is not collected in this row is looked up in the event's base row.
    pub(super) fn holds(&self, logic: &Logic) -> bool {
        let value = |event: Option<&str>, column: &str| {
            if column == self.definition.record_id_field() {
                return self.id.to_owned();
            }
            let own = self.definition.column(column).is_some_and(|found| self.applies(found.form()));
            let named = event.and_then(|event| self.definition.event_index(event));
            let row = match named.filter(|event| *event != self.place.event) {
                None if own => Some(self.row),
                named => {
                    let event = named.unwrap_or(self.place.event);
                    self.record.rows.get(&Place { event, repeat: Repeat::No })
                }
            };
            let value = row.and_then(|row| row.values.get(column)).cloned();
            let checkbox = matches!(self.definition.column(column), Some(Column::Checkbox(_)));
            value.unwrap_or_else(|| if checkbox { "0".into() } else { String::new() })
        };
        logic.holds(&value)
    }

    fn checkbox(&self, checked: bool, label: &str) -> String {
        let text = match (self.labels, self.style.checkbox_labels, checked) {
            (false, _, true) => "1",
            (false, _, false) => "0",
            (true, true, true) => label,
            (true, true, false) => "",
            (true, false, true) => "Checked",
            (true, false, false) => "Unchecked",
        };
        text.to_owned()
    }

    fn event(&self) -> String {
        let event = &self.definition.events[self.place.event];
        if self.labels { event.name.clone() } else { event.unique_name.clone() }
    }

    fn repeat_form(&self) -> String {
        let name = self.place.repeat.form().unwrap_or("");
        let form = self.definition.form(name).filter(|_| self.labels);
        form.map_or_else(|| name.to_owned(), |form| form.label.clone())
    }

    /// One row per value: a checkbox under its field's name with the choice's code; blanks are left out.
    pub(super) fn eav(&self, columns: &[ExportColumn<'_>], rows: &mut Vec<Map<String, Value>>) {
        for column in columns {
            let (name, value) = match &column.source {
                Source::RecordId => (column.name.as_str(), Value::from(self.id)),
                Source::Checkbox(field, choice) => {
                    let checked = self.row.values.contains_key(&column.name);
                    (field.name.as_str(), if checked { choice.code.as_str().into() } else { "".into() })
                }
                // Flat rows show a document's name, this form its number.
                Source::Value(field) if self.row.files.contains_key(&field.name) => {
                    (column.name.as_str(), self.row.files[&field.name].id.to_string().into())
                }
                Source::Value(_) | Source::Complete(_) => (column.name.as_str(), self.cell(column)),
                _ => continue,
            };
            let started = self.row.values.contains_key(&column.name) || matches!(column.source, Source::RecordId);
            if value == "" || !started {
                continue;
            }
            let mut row = Map::new();
            row.insert("record".into(), self.id.into());
            if self.definition.longitudinal {
                row.insert("redcap_event_name".into(), self.event().into());
            }
            if self.definition.has_repeats() {
                row.insert("redcap_repeat_instrument".into(), self.repeat_form().into());
                row.insert(
                    "redcap_repeat_instance".into(),
                    self.place.repeat.instance().map_or("".into(), Value::from),
                );
            }
            row.insert("field_name".into(), name.into());
            row.insert("value".into(), value);
            rows.push(row);
        }
    }
}
