//! Stored values that a change of the dictionary would take away or orphan.
//!
//! Invariant: a record is counted once for each thing that it would lose, however many rows it has.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{DictionaryDiff, FieldChange, FieldRow};

/// A field or one of its choices whose values are to be counted before it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToCount {
    /// The field.
    pub field: String,
    /// Its instrument.
    pub instrument: String,
    /// The choice; the whole field when there is none.
    pub choice: Option<String>,
    is_checkbox: bool,
}

/// How many records hold a value that would be lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataLoss {
    /// The field.
    pub field: String,
    /// Its instrument.
    pub instrument: String,
    /// The choice that goes; null when the whole field does.
    pub choice: Option<String>,
    /// Records that hold a value there.
    pub records: usize,
}

/// What is to be counted before `diff` is applied to `current`: removed fields and removed choices. A descriptive text holds
/// no value.
#[must_use]
pub fn losses_of(current: &[FieldRow], diff: &DictionaryDiff) -> Vec<ToCount> {
    let removed: BTreeSet<&str> = diff.removed().collect();
    let changed: BTreeMap<&str, &FieldChange> =
        diff.fields_changed.iter().map(|change| (change.field.as_str(), change)).collect();
    let mut found = vec![];
    for row in current.iter().filter(|row| row.kind() != "descriptive") {
        let of = |choice: Option<String>| ToCount {
            field: row.name().to_owned(),
            instrument: row.instrument().to_owned(),
            choice,
            is_checkbox: row.kind() == "checkbox",
        };
        if removed.contains(row.name()) {
            found.push(of(None));
        }
        let choices = changed.get(row.name()).into_iter().flat_map(|change| &change.choices_removed);
        found.extend(choices.map(|choice| of(Some(choice.code.clone()))));
    }
    found
}

impl ToCount {
    /// Whether a row of a record, column by column, holds such a value.
    pub fn is_held_by<'a>(&self, row: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
        let checked = self.choice.as_deref().map(|code| checkbox_column(&self.field, code));
        let prefix = format!("{}___", self.field);
        row.into_iter().any(|(column, value)| match (self.is_checkbox, &checked, &self.choice) {
            (true, Some(checked), _) => column == checked && value == "1",
            (true, None, _) => column.starts_with(&prefix) && value == "1",
            (false, _, Some(code)) => column == self.field && value == code,
            (false, _, None) => column == self.field && !value.is_empty(),
        })
    }

    /// The count for a person.
    #[must_use]
    pub fn counted(&self, records: usize) -> DataLoss {
        let Self { field, instrument, choice, .. } = self.clone();
        DataLoss { field, instrument, choice, records }
    }
}

/// The column of a checkbox's choice in an export.
fn checkbox_column(field: &str, code: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    format!("{field}___{}", code.chars().map(plain).collect::<String>())
}
