//! What the participant has sent, and whether the study has it: never what was in it.

use axum::Json;
use chrono::{DateTime, Utc};
use metricis_core::words::SyncStatus;
use metricis_store::SentSession;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::extract::{Call, ParticipantSession};
use crate::problem::{Answer, Refusals};

#[derive(serde::Serialize, ToSchema)]
pub(super) struct OwnSessions {
    /// Newest first.
    sessions: Vec<OwnSession>,
}

#[derive(serde::Serialize, ToSchema)]
struct OwnSession {
    submission_key: String,
    task: String,
    visit_id: Option<Uuid>,
    received_at: DateTime<Utc>,
    /// `synced`: the study has it.
    #[schema(schema_with = crate::schema::sync_status)]
    sync_status: SyncStatus,
}

impl From<SentSession> for OwnSession {
    fn from(session: SentSession) -> Self {
        Self {
            sync_status: session.sync,
            submission_key: session.submission_key,
            task: session.task,
            visit_id: session.visit.map(|id| id.0),
            received_at: session.received_at,
        }
    }
}

/// The participant's own submissions.
#[utoipa::path(get, path = "/api/portal/sessions", tag = "portal", security(("token" = [])),
    responses((status = 200, body = OwnSessions), Refusals))]
pub(super) async fn list_own_sessions(call: Call<ParticipantSession>) -> Answer<OwnSessions> {
    let sessions = call.tx.sent_sessions(call.who.participant.id).await?;
    Ok(Json(OwnSessions { sessions: sessions.into_iter().map(Into::into).collect() }))
}
