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
        let id_field = self.definition.record_id_field().to_owned();
        let record = self.records.entry(&change.record, now);
        let moved = change.group.filter(|group| record.group != *group);
        let known_row = record.rows.contains_key(&change.place);
        let row = record.rows.entry(change.place.clone()).or_default();
        let mut told: Vec<String> =
            change.place.repeat.instance().map(|n| format!("[instance = {n}]")).into_iter().collect();
        if is_new {
            told.push(format!("{id_field} = '{}'", change.record));
        }
        let mut altered = is_new;
        for (column, value) in change.values {
            let kind = self.definition.column(&column);
            let checkbox = matches!(kind, Some(Column::Checkbox(_)));
            if value.is_empty() && change.blanks == Blanks::Ignore {
                continue;
            }
            let differs = if value.is_empty() || (checkbox && value == "0") {
                row.values.remove(&column).is_some()
            } else {
                row.values.insert(column.clone(), value.clone()).as_ref() != Some(&value)
            };
            if differs {
                told.push(log_words(&column, &value, checkbox));
            }
            altered |= differs;
        }
        if row.values.is_empty() && change.place.repeat != Repeat::No {
            record.rows.remove(&change.place);
        } else {
            altered |= !known_row;
        }
        if altered {
            record.modified = now;
            let verb = if is_new { "Create record" } else { "Update record" };
            let what = if how.is_empty() { verb.to_owned() } else { format!("{verb} {how}") };
            self.note_record(now, username, &what, &change.record, told.join(", "));
        }
        if let Some(group) = moved {
            self.assign(&change.record, group, username, now);
            altered = true;
        }
        altered
    }

    fn assign(&mut self, record: &str, group: Option<String>, username: &str, now: DateTime<Utc>) {
        let Some(found) = self.records.get_mut(record) else { return };
        found.modified = now;
        let details = match &group {
            Some(group) => format!("Assign record to Data Access Group (redcap_data_access_group = '{group}')"),
            None => "Remove record from Data Access Group (redcap_data_access_group = '')".to_owned(),
        };
        found.group = group;
        self.note_record(now, username, "Update record", record, details);
    }
}

/// `age = '42'`, `gym(3) = checked`.
fn log_words(column: &str, value: &str, checkbox: bool) -> String {
    match column.split_once("___").filter(|_| checkbox) {
        Some((field, code)) => format!("{field}({code}) = {}", if value == "1" { "checked" } else { "unchecked" }),
        None => format!("{column} = '{value}'"),
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
        self.hand_over_allocations(record, Some(new));
        let id_field = self.definition.record_id_field();
        let details = format!("{id_field} = '{new}' (renamed from '{record}')");
        self.note_record(now, user, "Update record", new, details);
        Ok(())
    }

    pub(crate) fn delete(&mut self, record: &str, user: &str, now: DateTime<Utc>) -> Result<(), SimError> {
        self.records.remove(record).ok_or_else(|| SimError::UnknownRecord(record.to_owned()))?;
        self.hand_over_allocations(record, None);
        let details = format!("{} = '{record}'", self.definition.record_id_field());
        self.note_record(now, user, "Delete record", record, details);
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
        if !self.records.contains(record) {
            return Err(SimError::UnknownRecord(record.to_owned()));
        }
        self.assign(record, dag.map(str::to_owned), user, now);
        Ok(())
    }
}
