//! What distinguishes two dictionaries.
//!
//! Invariant: it is complete – who changes the first as it says has the second – and empty when they do not differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::dictionary::instruments;
use super::{COLUMNS, Choice, FieldRow};

/// The difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DictionaryDiff {
    /// Instruments that REDCap will have.
    pub instruments_added: Vec<String>,
    /// Instruments that REDCap will have no longer.
    pub instruments_removed: Vec<String>,
    /// Fields that REDCap will have.
    pub fields_added: Vec<FieldBrief>,
    /// Fields that REDCap will have no longer.
    pub fields_removed: Vec<FieldBrief>,
    /// Fields that will be otherwise.
    pub fields_changed: Vec<FieldChange>,
    /// Fields that stay stand in another order.
    pub order_changed: bool,
}

/// A field in few words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldBrief {
    /// Its name.
    pub field: String,
    /// Its instrument.
    pub instrument: String,
    /// text, radio, …
    pub field_type: String,
    /// Its label.
    pub label: String,
}

/// How a field will be otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// The instrument that it will stand on.
    pub instrument: String,
    /// Each column that changes.
    pub columns: Vec<ColumnChange>,
    /// The instrument that it leaves.
    pub moved_from: Option<String>,
    /// What it was, when its type changes.
    pub former_type: Option<String>,
    /// Choices that go.
    pub choices_removed: Vec<Choice>,
}

/// A column before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnChange {
    /// Its name in the API.
    pub column: String,
    /// What it says.
    pub before: String,
    /// What it will say.
    pub after: String,
}

impl DictionaryDiff {
    /// Whether the two dictionaries do not differ.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Names of the fields that go.
    pub(super) fn removed(&self) -> impl Iterator<Item = &str> {
        self.fields_removed.iter().map(|gone| gone.field.as_str())
    }
}

/// Compares two dictionaries; in each, a name stands once.
#[must_use]
pub fn diff_dictionaries(current: &[FieldRow], next: &[FieldRow]) -> DictionaryDiff {
    let (before, after) = (by_name(current), by_name(next));
    let without = |rows: &[FieldRow], known: &BTreeMap<&str, &FieldRow>| {
        rows.iter().filter(|row| !known.contains_key(row.name())).map(FieldBrief::of).collect()
    };
    let gone = |from: &[FieldRow], to: &[FieldRow]| {
        let kept: BTreeSet<&str> = instruments(to).into_iter().collect();
        instruments(from).into_iter().filter(|name| !kept.contains(name)).map(str::to_owned).collect()
    };
    let stays = |rows: &[FieldRow], known: &BTreeMap<&str, &FieldRow>| {
        rows.iter().map(FieldRow::name).filter(|name| known.contains_key(name)).map(str::to_owned).collect::<Vec<_>>()
    };
    DictionaryDiff {
        instruments_added: gone(next, current),
        instruments_removed: gone(current, next),
        fields_added: without(next, &before),
        fields_removed: without(current, &after),
        fields_changed: next.iter().filter_map(|row| change(before.get(row.name())?, row)).collect(),
        order_changed: stays(current, &after) != stays(next, &before),
    }
}

fn by_name(rows: &[FieldRow]) -> BTreeMap<&str, &FieldRow> {
    rows.iter().map(|row| (row.name(), row)).collect()
}

impl FieldBrief {
    pub(super) fn of(row: &FieldRow) -> Self {
        Self {
            field: row.name().to_owned(),
            instrument: row.instrument().to_owned(),
            field_type: row.kind().to_owned(),
            label: row.get("field_label").trim().to_owned(),
        }
    }
}

fn change(before: &FieldRow, after: &FieldRow) -> Option<FieldChange> {
    let pairs = COLUMNS.iter().zip(before.normal().into_iter().zip(after.normal()));
    let columns: Vec<ColumnChange> = pairs
        .filter(|(_, (was, is))| was != is)
        .map(|((column, _), (before, after))| ColumnChange { column: (*column).to_owned(), before, after })
        .collect();
    if columns.is_empty() {
        return None;
    }
    let kept: BTreeSet<String> = after.choices().into_iter().map(|choice| choice.code).collect();
    let lists = before.has_choices() && after.has_choices();
    let choices_removed = before.choices().into_iter().filter(|choice| lists && !kept.contains(&choice.code)).collect();
    Some(FieldChange {
        field: after.name().to_owned(),
        instrument: after.instrument().to_owned(),
        columns,
        moved_from: (before.instrument() != after.instrument()).then(|| before.instrument().to_owned()),
        former_type: (before.kind() != after.kind()).then(|| before.kind().to_owned()),
        choices_removed,
    })
}
