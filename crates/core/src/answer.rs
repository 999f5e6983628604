//! What a job that asked REDCap found out: the worker writes it as the job's result, the server reads it.
//!
//! Invariant: both sides have these names from here; a member that an older job did not write is read as empty.

use serde::{Deserialize, Serialize};

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
