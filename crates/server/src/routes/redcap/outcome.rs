//! What came of a call of REDCap, the same whether the request waited for it or the job is asked later.

use metricis_core::answer::{ConnectionTest, EventSync, SurveyLinks};
use metricis_core::words::SyncErrorType;
use metricis_store::StoredJob;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether a call went well, and if not, why.
#[derive(serde::Serialize, ToSchema)]
pub(in crate::routes) struct CallShown {
    success: bool,
    /// The job that made the call.
    job: Uuid,
    /// Why it failed, in the words of checklist §9.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = crate::schema::sync_error_type)]
    error_type: Option<SyncErrorType>,
    /// What happened. Absent when REDCap answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What an event sync came to; nothing was changed when REDCap failed or refused. After an `exception` sync again: it goes on where it ended.
#[derive(serde::Serialize, ToSchema)]
pub(in crate::routes) struct EventSyncShown {
    #[serde(flatten)]
    call: CallShown,
    /// Visit windows made.
    created: usize,
    /// Visit windows that were there already.
    updated: usize,
    /// Visit windows whose event REDCap has no longer.
    retired: usize,
    /// Visit windows whose event has another name now; they keep their visits.
    renamed: usize,
    /// Visits added to the schedules of people who were enrolled already.
    visits_added: usize,
    /// Pending visits whose dates are not what REDCap's offsets say now; they stay as they are.
    visits_differing: usize,
    /// Pending visits of events that REDCap has no longer; a result of theirs will fail.
    visits_without_event: usize,
    /// Events without a day in REDCap: they have no window.
    unscheduled: Vec<String>,
    /// Settings that name what the project does not have.
    problems: Vec<String>,
    /// What else there is to say, such as of a project without events.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// What asking for survey links came to. The links are their participants' own.
#[derive(serde::Serialize, ToSchema)]
pub(in crate::routes) struct SurveyLinksShown {
    #[serde(flatten)]
    call: CallShown,
    /// Links that participants have now.
    fetched: usize,
    /// Surveys for which REDCap gave no link; each participant's page says why.
    refused: usize,
    /// There are more: another job goes on.
    more: bool,
}

/// What a test of the connection came to; with problems REDCap answered, and it is no success.
#[derive(serde::Serialize, ToSchema)]
pub(in crate::routes) struct TestShown {
    #[serde(flatten)]
    call: CallShown,
    /// Settings that name what the project does not have.
    problems: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_longitudinal: Option<bool>,
}

impl CallShown {
    /// Done is not yet well: a test may have found settings that name what the project does not have.
    pub(in crate::routes) fn of(job: &StoredJob, success: bool) -> Self {
        // A failed job's text begins with its type.
        let typed = job.error.as_deref().and_then(|text| text.split_once(": "));
        let (error_type, error) = match typed.and_then(|(word, rest)| Some((word.parse().ok()?, rest.to_owned()))) {
            Some((error_type, rest)) => (Some(error_type), Some(rest)),
            None => (None, job.error.clone()),
        };
        Self { success: success && job.error.is_none(), job: job.id.0, error_type, error }
    }
}

impl EventSyncShown {
    /// The outcome of an ended job.
    pub(in crate::routes) fn of(job: &StoredJob) -> Self {
        let found: EventSync = answer_of(job);
        Self {
            call: CallShown::of(job, found.success),
            created: found.created,
            updated: found.updated,
            retired: found.retired,
            renamed: found.renamed,
            visits_added: found.visits_added,
            visits_differing: found.visits_differing,
            visits_without_event: found.visits_without_event,
            unscheduled: found.unscheduled,
            problems: found.problems,
            message: found.message,
        }
    }
}

impl SurveyLinksShown {
    /// The outcome of an ended job.
    pub(in crate::routes) fn of(job: &StoredJob) -> Self {
        let SurveyLinks { success, fetched, refused, more } = answer_of(job);
        Self { call: CallShown::of(job, success), fetched, refused, more }
    }
}

impl TestShown {
    /// The outcome of an ended job.
    pub(in crate::routes) fn of(job: &StoredJob) -> Self {
        let ConnectionTest { success, problems, version, project_id, project_title, is_longitudinal } = answer_of(job);
        let call = CallShown::of(job, success);
        Self { call, problems, version, project_id, project_title, is_longitudinal }
    }
}

/// What the worker wrote; a failed job has written nothing.
pub(in crate::routes) fn answer_of<Answer: DeserializeOwned + Default>(job: &StoredJob) -> Answer {
    job.result.clone().and_then(|result| serde_json::from_value(result).ok()).unwrap_or_default()
}
