//! A person asks for failed results to be sent again (checklist §9.1): the same pipeline, never another one.

use axum::Json;
use axum::response::{IntoResponse, Response};
use metricis_core::action::Action;
use metricis_core::ids::{JobId, SessionId, StudyId};
use metricis_core::words::{SyncErrorType, SyncStatus};
use metricis_store::{Entries, JobKind, Tx};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::jobs::{JobsUnderWay, under_way};
use super::SessionShown;
use crate::AppState;
use crate::extract::{Body, Call, StudyCoordinator};
use crate::problem::{Problem, Refusals};

/// Sessions taken up by one request; the next one takes the next.
const AT_ONCE: u32 = 200;

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SyncOrder {
    /// Failed sessions; all failed ones of the study when not given (200 at a time).
    #[schema(value_type = Option<Vec<Uuid>>)]
    session_ids: Option<Vec<SessionId>>,
}

#[derive(serde::Serialize, ToSchema)]
pub(super) struct SyncReport {
    /// Every one of them reached REDCap.
    success: bool,
    synced: usize,
    failed: Vec<FailedSync>,
}

#[derive(serde::Serialize, ToSchema)]
struct FailedSync {
    session: Uuid,
    #[schema(schema_with = crate::schema::sync_error_type)]
    error_type: SyncErrorType,
    message: String,
}

/// Sends failed results again and waits for the outcome.
#[utoipa::path(post, path = "/api/studies/{study_id}/sync", tag = "sessions", params(("study_id" = Uuid, Path)),
    request_body = SyncOrder, security(("token" = [])),
    responses((status = 200, body = SyncReport), (status = 202, body = JobsUnderWay), Refusals))]
pub(super) async fn sync_sessions(
    call: Call<StudyCoordinator, Tx>,
    Body(order): Body<SyncOrder>,
) -> Result<Response, Problem> {
    let study = call.study_id();
    let sessions = chosen(&call.tx, study, order.session_ids).await?;
    let Some((first, rest)) = sessions.split_first() else {
        return Ok(Json(SyncReport { success: true, synced: 0, failed: vec![] }).into_response());
    };
    call.tx.mark_session_pending(&sessions).await?;
    let mut jobs = vec![call.tx.enqueue_job(study, &JobKind::SyncSession { session: *first }).await?];
    let mut entries = Entries::from(call.entry(Action::ResyncSession { session: *first, job: jobs[0] }));
    for session in rest {
        let job = call.tx.enqueue_job(study, &JobKind::SyncSession { session: *session }).await?;
        entries = entries.and(call.entry(Action::ResyncSession { session: *session, job }));
        jobs.push(job);
    }
    let app = call.commit_all(entries).await?;
    app.wake_worker();
    report(&app, study, &sessions, &jobs).await
}

async fn chosen(tx: &Tx, study: StudyId, ids: Option<Vec<SessionId>>) -> Result<Vec<SessionId>, Problem> {
    let Some(mut ids) = ids else {
        let failed = tx.sessions(study, Some(SyncStatus::Failed), None, AT_ONCE).await?;
        return Ok(failed.into_iter().map(|session| session.id).collect());
    };
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > AT_ONCE as usize {
        return Err(Problem::Invalid(format!("session_ids may name {AT_ONCE} sessions at once")));
    }
    for id in &ids {
        if tx.session(*id).await?.is_none_or(|session| session.study != study) {
            return Err(Problem::Invalid(format!("the study has no session {id}")));
        }
    }
    Ok(ids)
}

async fn report(app: &AppState, study: StudyId, sessions: &[SessionId], jobs: &[JobId]) -> Result<Response, Problem> {
    if app.wait_for_all(jobs).await?.len() < jobs.len() {
        return Ok(under_way(study, jobs));
    }
    let db = app.store.read(app.now()).await?;
    let mut report = SyncReport { success: true, synced: 0, failed: vec![] };
    for id in sessions {
        let shown: SessionShown = db.session(*id).await?.ok_or(Problem::Internal)?.into();
        match (shown.sync_error_type, shown.sync_error_message) {
            (Some(error_type), message) => {
                report.failed.push(FailedSync { session: id.0, error_type, message: message.unwrap_or_default() });
            }
            (None, _) => report.synced += usize::from(shown.synced_at.is_some()),
        }
    }
    report.success = report.synced == sessions.len();
    Ok(Json(report).into_response())
}
