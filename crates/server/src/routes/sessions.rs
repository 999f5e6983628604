//! Sessions as staff see them: whether each result reached REDCap, never the result.

mod resync;

use axum::Json;
use chrono::{DateTime, Utc};
use metricis_core::ids::ParticipantId;
use metricis_core::sync::SessionSync;
use metricis_core::words::{SyncErrorType, SyncStatus};
use metricis_store::StoredSession;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::AppState;
use crate::extract::{Call, Listed, StudyMember};
use crate::problem::{Answer, Refusals};

const PAGE: u32 = 500;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_sessions)).routes(routes!(resync::sync_sessions))
}

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SessionQuery {
    #[param(schema_with = crate::schema::sync_status)]
    sync_status: Option<SyncStatus>,
    /// Only of this participant.
    #[param(value_type = Option<Uuid>)]
    participant_id: Option<ParticipantId>,
    /// Rows at most, 1 to 500; 100 when not given.
    limit: Option<u32>,
}

#[derive(serde::Serialize, ToSchema)]
struct SessionList {
    sessions: Vec<SessionShown>,
}

/// A submission, without its results.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct SessionShown {
    id: Uuid,
    participant_id: Uuid,
    participant_code: String,
    visit_id: Option<Uuid>,
    task: String,
    /// By the device.
    started_at: DateTime<Utc>,
    /// By the device.
    completed_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    #[schema(schema_with = crate::schema::sync_status)]
    sync_status: SyncStatus,
    #[schema(schema_with = crate::schema::sync_error_type)]
    sync_error_type: Option<SyncErrorType>,
    sync_error_message: Option<String>,
    sync_attempts: i32,
    pending_since: Option<DateTime<Utc>>,
    synced_at: Option<DateTime<Utc>>,
    /// `visit_cancelled`, `late`, `withdrawn`: what a person should look at.
    review_flag: Option<String>,
}

impl From<StoredSession> for SessionShown {
    fn from(session: StoredSession) -> Self {
        let sync_status = session.sync.status();
        let (sync_error_type, sync_error_message) = match session.sync {
            SessionSync::Failed { error_type, message } => (Some(error_type), Some(message)),
            SessionSync::Pending | SessionSync::Synced => (None, None),
        };
        Self {
            id: session.id.0,
            participant_id: session.participant.0,
            participant_code: session.participant_code,
            visit_id: session.visit.map(|id| id.0),
            task: session.task,
            started_at: session.started_at,
            completed_at: session.completed_at,
            received_at: session.received_at,
            sync_status,
            sync_error_type,
            sync_error_message,
            sync_attempts: session.sync_attempts,
            pending_since: session.pending_since,
            synced_at: session.synced_at,
            review_flag: session.review_flag,
        }
    }
}

/// The latest sessions of the study, newest first.
#[utoipa::path(get, path = "/api/studies/{study_id}/sessions", tag = "sessions",
    params(("study_id" = Uuid, Path), SessionQuery), security(("token" = [])),
    responses((status = 200, body = SessionList), Refusals))]
async fn list_sessions(call: Call<StudyMember>, Listed(query): Listed<SessionQuery>) -> Answer<SessionList> {
    let limit = query.limit.unwrap_or(100).clamp(1, PAGE);
    let sessions = call.tx.sessions(call.study_id(), query.sync_status, query.participant_id, limit).await?;
    Ok(Json(SessionList { sessions: sessions.into_iter().map(Into::into).collect() }))
}
