//! What a job that asked REDCap found out: the worker writes it as the job's result, the server reads it.
//!
//! Invariant: both sides have these names from here; a member that an older job did not write is read as empty.

mod operations;

pub use operations::{DictionaryPush, FormDeletion, ParticipantImport, ProjectInit};

use serde::{Deserialize, Serialize};

use crate::ids::{EventId, ParticipantId};
use crate::words::{EventStatus, FlagKind};

/// What `test_connection` found out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionTest {
    /// REDCap answered and the settings fit the project.
    pub success: bool,
    /// Settings that name what the project does not have.
    pub problems: Vec<String>,
    /// REDCap's version.
    pub version: Option<String>,
    /// The project that the token belongs to.
    pub project_id: Option<i64>,
    /// Its title.
    pub project_title: Option<String>,
    /// Whether it has events.
    pub is_longitudinal: Option<bool>,
}

/// What `sync_events` did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventSync {
    /// Everything was read and written.
    pub success: bool,
    /// Windows made.
    pub created: usize,
    /// Windows that were there already.
    pub updated: usize,
    /// Windows that REDCap has no longer.
    pub retired: usize,
    /// Windows whose event REDCap has under another name now; they keep their visits.
    pub renamed: usize,
    /// Visits added to the schedules of people who were enrolled already.
    pub visits_added: usize,
    /// Pending visits whose dates are not what REDCap's offsets say now; they stay as they are.
    pub visits_differing: usize,
    /// Pending visits of events that REDCap has no longer; a result of theirs will fail.
    pub visits_without_event: usize,
    /// Events without a day in REDCap.
    pub unscheduled: Vec<String>,
    /// Settings that name what the project does not have.
    pub problems: Vec<String>,
    /// What else there is to say, such as of a classic project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What `reconcile` found, and did unless it was a dry run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reconciliation {
    /// Every record is accounted for.
    pub success: bool,
    /// Nothing was written.
    pub dry_run: bool,
    /// Every record was read, not only what changed.
    pub full: bool,
    /// Records that REDCap lists.
    pub listed: usize,
    /// Records whose values were read.
    pub examined: usize,
    /// Unknown records whose enrolment is complete: each is an event now.
    pub missing: Vec<String>,
    /// Records of participants that differ: each is an event now.
    pub changed: Vec<String>,
    /// Records that differ and stand under an event that a person or a worker has to end first.
    pub waiting: Vec<WaitingRecord>,
    /// Records that differ and stand under a flag that a person has to decide on first.
    pub held: Vec<String>,
    /// Flags raised.
    pub flags: Vec<ReconciledFlag>,
    /// Records of participants that REDCap does not list and whose going its log does not show.
    pub unexplained: Vec<String>,
    /// How many of each there are; the lists above end at a thousand.
    pub counts: ReconcileCounts,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// How many of each a reconcile found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is the length of the list of its name")]
pub struct ReconcileCounts {
    pub missing: usize,
    pub changed: usize,
    pub waiting: usize,
    pub held: usize,
    pub flags: usize,
    pub unexplained: usize,
}

impl Reconciliation {
    /// Counts what the lists hold, and ends each at `most`.
    #[must_use]
    pub fn counted(mut self, most: usize) -> Self {
        self.counts = ReconcileCounts {
            missing: self.missing.len(),
            changed: self.changed.len(),
            waiting: self.waiting.len(),
            held: self.held.len(),
            flags: self.flags.len(),
            unexplained: self.unexplained.len(),
        };
        for names in [&mut self.missing, &mut self.changed, &mut self.held, &mut self.unexplained] {
            names.truncate(most);
        }
        self.waiting.truncate(most);
        self.flags.truncate(most);
        self
    }
}

/// A record and the event that it waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRecord {
    /// The record.
    pub record: String,
    /// The event.
    pub event: EventId,
    /// `received`, `processing` or `failed`.
    pub status: EventStatus,
}

/// A flag raised, or to be raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciledFlag {
    /// What happened.
    pub kind: FlagKind,
    /// The name that the record had.
    pub record: String,
    /// The name that it has since.
    pub became: Option<String>,
    /// When, in REDCap's own time.
    pub at: String,
    /// Whose it is; a flag that concerns nobody is closed at once.
    pub participant: Option<ParticipantId>,
}

/// What `fetch_survey_links` did. The links themselves are in no answer to staff.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SurveyLinks {
    /// REDCap answered all that was asked.
    pub success: bool,
    /// Links that participants have now.
    pub fetched: usize,
    /// Surveys for which REDCap gave no link; the participant's page says why.
    pub refused: usize,
    /// There are more; the next job has been queued.
    pub more: bool,
}
