//! Jobs: what was committed to be done, and what came of it.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use metricis_core::ids::{JobId, StudyId};
use metricis_core::words::JobState;
use metricis_store::{JobKind, StoredJob};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::reconcile::ReconcileShown;
use super::redcap::{
    DictionaryPushShown, EventSyncShown, FormDeletionShown, ParticipantImportShown, ProjectInitShown, SurveyLinksShown,
    TestShown,
};
use crate::AppState;
use crate::extract::{At, Call, StudyMember};
use crate::problem::{Answer, Problem, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_job))
}

#[derive(serde::Serialize, ToSchema)]
struct JobShown {
    id: Uuid,
    /// `sync_events`, `sync_session`, `test_connection`, `reconcile`, `fetch_survey_links`, `push_dictionary`, `init_project`,
    /// `delete_form` or `import_participants`.
    kind: &'static str,
    #[schema(schema_with = crate::schema::job_state)]
    state: JobState,
    created_at: DateTime<Utc>,
    claimed_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    /// What a done job answers; of an import that goes on or has failed, how far it is.
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    /// Why it failed.
    error: Option<String>,
    /// What an ended `sync_events` came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_sync: Option<EventSyncShown>,
    /// What an ended `test_connection` came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_test: Option<TestShown>,
    /// What an ended `reconcile` came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    reconcile: Option<ReconcileShown>,
    /// What an ended `push_dictionary` came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_dictionary: Option<DictionaryPushShown>,
    /// What an ended `init_project` came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    init_project: Option<ProjectInitShown>,
    /// What an ended `delete_form` came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_form: Option<FormDeletionShown>,
    /// What an ended `import_participants` came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    import_participants: Option<ParticipantImportShown>,
    /// What an ended `fetch_survey_links` came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    survey_links: Option<SurveyLinksShown>,
}

impl From<StoredJob> for JobShown {
    fn from(job: StoredJob) -> Self {
        let ended = matches!(job.state, JobState::Done | JobState::Failed);
        Self {
            event_sync: (ended && job.kind == JobKind::SyncEvents).then(|| EventSyncShown::of(&job)),
            connection_test: (ended && job.kind == JobKind::TestConnection).then(|| TestShown::of(&job)),
            reconcile: (ended && matches!(job.kind, JobKind::Reconcile { .. })).then(|| ReconcileShown::of(&job)),
            push_dictionary: matches!(&job.kind, JobKind::PushDictionary { .. } if ended)
                .then(|| DictionaryPushShown::of(&job)),
            init_project: matches!(&job.kind, JobKind::InitProject { .. } if ended).then(|| ProjectInitShown::of(&job)),
            delete_form: matches!(&job.kind, JobKind::DeleteForm { .. } if ended).then(|| FormDeletionShown::of(&job)),
            import_participants: matches!(&job.kind, JobKind::ImportParticipants { .. } if ended)
                .then(|| ParticipantImportShown::of(&job)),
            survey_links: (ended && matches!(job.kind, JobKind::FetchSurveyLinks { .. }))
                .then(|| SurveyLinksShown::of(&job)),
            id: job.id.0,
            kind: job.kind.name(),
            state: job.state,
            created_at: job.created_at,
            claimed_at: job.claimed_at,
            finished_at: job.finished_at,
            result: job.result,
            error: job.error,
        }
    }
}

/// Where to look for jobs that have not ended yet.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct JobsUnderWay {
    /// Addresses to ask.
    jobs: Vec<String>,
    /// The jobs' ids, in the same order.
    job_ids: Vec<Uuid>,
}

/// 202: the jobs go on.
pub(super) fn under_way(study: StudyId, jobs: &[JobId]) -> Response {
    let job_ids = jobs.iter().map(|job| job.0).collect();
    let jobs: Vec<String> = jobs.iter().map(|job| format!("/api/studies/{study}/jobs/{job}")).collect();
    let location = jobs.first().cloned().unwrap_or_default();
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(JobsUnderWay { jobs, job_ids })).into_response()
}

/// A job of the study.
#[utoipa::path(get, path = "/api/studies/{study_id}/jobs/{job_id}", tag = "redcap",
    params(("study_id" = Uuid, Path), ("job_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = JobShown), Refusals))]
async fn get_job(call: Call<StudyMember>, At(id): At<JobId>) -> Answer<JobShown> {
    let study = call.study_id();
    let job = call.tx.job(id).await?.filter(|job| job.study == study).ok_or(Problem::NotFound)?;
    Ok(Json(job.into()))
}
