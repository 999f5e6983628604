//! A project's logging page, in the words in which REDCap writes it (`redcap.md` 2.4).
//! Invariant: a line is never changed or removed; what it says about a record stays although the record goes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Project;

/// The action of everything that is neither about a record, a person, nor an export of data. The blank is REDCap's own.
pub(crate) const DESIGN: &str = "Manage/Design ";

/// One line.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LogEntry {
    pub(crate) at: DateTime<Utc>,
    pub(crate) username: String,
    pub(crate) action: String,
    pub(crate) details: String,
    /// The record that was touched.
    pub(crate) record: Option<String>,
}

impl LogEntry {
    /// What the parameter `logtype` calls this line; `page_view` and `lock_record` never occur.
    pub(crate) fn is(&self, logtype: &str) -> bool {
        let starts = |word: &str| self.action.starts_with(word);
        match logtype {
            "" => true,
            "export" => starts("Data export"),
            "manage" => starts(DESIGN),
            "user" => starts("Add user") || starts("Edit user") || starts("Delete user") || starts("Create user"),
            "record" => self.record.is_some(),
            "record_add" => starts("Create record"),
            "record_edit" => starts("Update record"),
            "record_delete" => starts("Delete record"),
            _ => false,
        }
    }
}

impl Project {
    pub(crate) fn note(
        &mut self,
        at: DateTime<Utc>,
        username: &str,
        action: impl Into<String>,
        details: impl Into<String>,
    ) {
        let (action, details) = (action.into(), details.into());
        self.log.push(LogEntry { at, username: username.to_owned(), action, details, record: None });
    }

    /// A line about one record: `Update record (API) 3`.
    pub(crate) fn note_record(&mut self, at: DateTime<Utc>, username: &str, what: &str, record: &str, details: String) {
        let action = format!("{what} {record}");
        self.log.push(LogEntry { at, username: username.to_owned(), action, details, record: Some(record.to_owned()) });
    }
}
