//! Writing into a project: one change is one row of one record, already checked.
//! Invariant: blanks and unchecked boxes are never stored, and a change that alters nothing leaves no log line.

use chrono::{DateTime, Utc};

use super::Project;
use super::records::{Place, Repeat};
use crate::SimError;
use crate::project::definition::Column;

/// One checked row. Values are in the form in which they are stored.
pub(crate) struct Change {
    pub(crate) record: String,
    pub(crate) place: Place,
    pub(crate) values: Vec<(String, String)>,
    /// `None` leaves the group alone, `Some(None)` takes the record out of its group.
    pub(crate) group: Option<Option<String>>,
    pub(crate) blanks: Blanks,
}

/// What a blank value means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blanks {
    /// `overwriteBehavior=normal`.
    Ignore,
    /// `overwriteBehavior=overwrite`, and a form that a person saves.
    Erase,
}

impl Project {
    /// Stores a change; `true` when it altered anything. `how` is the log's word, for instance `(API)`.
    pub(crate) fn apply(&mut self, change: Change, username: &str, how: &str, now: DateTime<Utc>) -> bool {
        let is_new = !self.records.contains(&change.record);
        let record = self.records.entry(&change.record, now);
        let mut altered = is_new;
        if let Some(group) = change.group {
            altered |= record.group != group;
            record.group = group;
        }
        let known_row = record.rows.contains_key(&change.place);
        let row = record.rows.entry(change.place.clone()).or_default();
        for (column, value) in change.values {
            let unchecked = value == "0" && matches!(self.definition.column(&column), Some(Column::Checkbox(_)));
            if value.is_empty() && change.blanks == Blanks::Ignore {
                continue;
            }
            altered |= if value.is_empty() || unchecked {
                row.values.remove(&column).is_some()
            } else {
                row.values.insert(column, value.clone()) != Some(value)
            };
        }
        if row.values.is_empty() && change.place.repeat != Repeat::No {
            record.rows.remove(&change.place);
        } else {
            altered |= !known_row;
        }
        if altered {
            record.modified = now;
            let verb = if is_new { "Create" } else { "Update" };
            self.note(now, username, format!("{verb} record {how} {}", change.record));
        }
        altered
    }
}

/// Changes to a record as a whole.
impl Project {
    pub(crate) fn rename(&mut self, record: &str, new: &str, user: &str, now: DateTime<Utc>) -> Result<(), SimError> {
        if self.records.contains(new) && new != record {
            return Err(SimError::RecordExists(new.to_owned()));
        }
        let mut moved = self.records.remove(record).ok_or_else(|| SimError::UnknownRecord(record.to_owned()))?;
        moved.modified = now;
        self.records.insert(new, moved);
        self.note(now, user, format!("Update record {new} (renamed from {record})"));
        Ok(())
    }

    pub(crate) fn delete(&mut self, record: &str, user: &str, now: DateTime<Utc>) -> Result<(), SimError> {
        self.records.remove(record).ok_or_else(|| SimError::UnknownRecord(record.to_owned()))?;
        self.note(now, user, format!("Delete record {record}"));
        Ok(())
    }

    pub(crate) fn regroup(
        &mut self,
        record: &str,
        dag: Option<&str>,
        user: &str,
        now: DateTime<Utc>,
    ) -> Result<(), SimError> {
        if let Some(dag) = dag.filter(|dag| self.definition.group(dag).is_none()) {
            return Err(SimError::UnknownGroup(dag.to_owned()));
        }
        let found = self.records.get_mut(record).ok_or_else(|| SimError::UnknownRecord(record.to_owned()))?;
        found.group = dag.map(str::to_owned);
        found.modified = now;
        let group = dag.unwrap_or("");
        self.note(now, user, format!("Assign record {record} to Data Access Group ({group})"));
        Ok(())
    }
}
