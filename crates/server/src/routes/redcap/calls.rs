//! What a request must show of REDCap's answer: a job is committed and waited for, outside any transaction.

use axum::Json;
use axum::response::{IntoResponse, Response};
use metricis_core::words::SyncErrorType;
use metricis_store::{JobKind, Operational, StoredJob, Tx};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::jobs::{JobsUnderWay, under_way};
use crate::extract::{Call, OnStudy, StudyAdmin};
use crate::problem::{Problem, Refusals};

/// What came of a call; beside these, a success has the job's own members.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct CallOutcome {
    success: bool,
    /// The job that made the call.
    job: Uuid,
    /// Why it failed, in the words of checklist §9.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = crate::schema::sync_error_type)]
    error_type: Option<SyncErrorType>,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// For `sync-events` `created`, `updated`, `retired`, `unscheduled`; for `test-connection` `version`, `project_id`,
    /// `project_title`, `is_longitudinal`; for both `problems`: settings that name what the project does not have.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    answer: serde_json::Map<String, Value>,
}

impl CallOutcome {
    fn of(job: StoredJob) -> Self {
        let mut answer = match job.result {
            Some(Value::Object(answer)) => answer,
            _ => serde_json::Map::new(),
        };
        // Done is not yet well: a test may have found settings that name what the project does not have.
        let success = answer.remove("success") != Some(Value::Bool(false)) && job.error.is_none();
        // A failed job's text begins with its type.
        let typed = job.error.as_deref().and_then(|text| text.split_once(": "));
        let (error_type, error) = match typed.and_then(|(word, rest)| Some((word.parse().ok()?, rest.to_owned()))) {
            Some((error_type, rest)) => (Some(error_type), Some(rest)),
            None => (None, job.error),
        };
        Self { success, job: job.id.0, error_type, error, answer }
    }
}

/// Reads REDCap's events into visit windows: `created` on the first run, `updated` on later ones.
#[utoipa::path(post, path = "/api/studies/{study_id}/redcap/sync-events", tag = "redcap",
    params(("study_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = CallOutcome), (status = 202, body = JobsUnderWay), Refusals))]
pub(super) async fn sync_events(call: Call<StudyAdmin, Tx>) -> Result<Response, Problem> {
    commit_and_wait(call, JobKind::SyncEvents).await
}

/// Asks REDCap who it is and which project the token belongs to.
#[utoipa::path(post, path = "/api/studies/{study_id}/redcap/test-connection", tag = "redcap",
    params(("study_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = CallOutcome), (status = 202, body = JobsUnderWay), Refusals))]
pub(super) async fn test_connection(call: Call<StudyAdmin, Tx>) -> Result<Response, Problem> {
    commit_and_wait(call, JobKind::TestConnection).await
}

async fn commit_and_wait(call: Call<StudyAdmin, Tx>, kind: JobKind) -> Result<Response, Problem> {
    let study = call.who.study();
    let redcap = call.study().await?.config.redcap;
    if redcap.api_url.is_none() || redcap.api_token.is_none() {
        return Err(Problem::Conflict("the study is not connected to REDCap; set the connection first".to_owned()));
    }
    let job = call.tx.enqueue_job(study, &kind).await?;
    call.tx.commit_operational(Operational::QueueClaim).await?;
    call.app.wake_worker();
    match call.app.wait_for(job).await? {
        Some(ended) => Ok(Json(CallOutcome::of(ended)).into_response()),
        None => Ok(under_way(study, &[job])),
    }
}
