//! A participant's one-time link: the way in without a password.

use axum::Json;
use chrono::{DateTime, Duration, Utc};
use metricis_core::action::Action;
use metricis_core::ids::ParticipantId;
use metricis_store::Tx;
use utoipa::ToSchema;

use super::find_participant;
use crate::extract::{At, Call, StudyCoordinator};
use crate::problem::{Answer, Problem, Refusals};
use crate::{AppState, links};

/// A link as it is shown, once.
#[derive(serde::Serialize, ToSchema)]
pub(in crate::routes) struct LinkCreated {
    /// Opens one session, once. Only its hash is stored.
    code: String,
    /// What to send to the participant.
    url: String,
    expires_at: DateTime<Utc>,
}

/// Makes a link for a participant; the caller commits it with the action.
///
/// # Errors
/// Whatever the database says.
pub(in crate::routes) async fn create_link(
    tx: &Tx,
    app: &AppState,
    participant: ParticipantId,
) -> Result<(LinkCreated, Action), Problem> {
    let code = links::new_code().map_err(Problem::internal)?;
    let expires_at = tx.now() + Duration::minutes(i64::from(app.settings.participant_link_minutes));
    tx.insert_link(&links::hash_code(&code), participant, expires_at).await?;
    let url = format!("{}/app/enter#{code}", app.settings.public_url);
    Ok((LinkCreated { code, url, expires_at }, Action::CreateParticipantLink { participant }))
}

/// Makes a one-time link by which a participant signs in.
#[utoipa::path(post, path = "/api/studies/{study_id}/participants/{participant_id}/link", tag = "participants",
    params(("study_id" = Uuid, Path), ("participant_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = LinkCreated), Refusals))]
pub(super) async fn create_participant_link(
    call: Call<StudyCoordinator, Tx>,
    At(id): At<ParticipantId>,
) -> Answer<LinkCreated> {
    let participant = find_participant(&call.tx, call.study_id(), id).await?;
    let (link, action) = create_link(&call.tx, &call.app, participant.id).await?;
    call.commit(action).await?;
    Ok(Json(link))
}
