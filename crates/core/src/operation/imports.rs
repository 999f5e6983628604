//! What an import of participants would do with each record.

use serde::{Deserialize, Serialize};

use super::digest_of;

/// What becomes of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    /// Becomes a participant.
    #[default]
    Enrol,
    /// Is one already.
    Known,
    /// Its enrolment instrument is not marked complete.
    NotComplete,
    /// Cannot be one; says why.
    Refused,
    /// Has an event that waits, is under way or has failed; that event is the way.
    LeftToEvent,
    /// REDCap has no such record.
    Absent,
}

impl ImportOutcome {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enrol => "enrol",
            Self::Known => "known",
            Self::NotComplete => "not_complete",
            Self::Refused => "refused",
            Self::LeftToEvent => "left_to_event",
            Self::Absent => "absent",
        }
    }
}

/// A record, and what becomes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportedRecord {
    /// The record.
    pub record: String,
    /// What becomes of it.
    pub outcome: ImportOutcome,
    /// Why, in the words of an event that fails.
    pub reason: Option<String>,
}

/// Told by a preview: the digest changes with each record's outcome, and with what would be taken from it.
#[must_use]
pub fn import_digest(project_id: i64, records: &[(ImportedRecord, Option<String>)]) -> String {
    let mut sorted: Vec<_> = records.iter().collect();
    sorted.sort_by(|one, other| one.0.record.cmp(&other.0.record));
    digest_of(&("import_participants", project_id, sorted))
}
