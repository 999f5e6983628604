//! A participant leaves the study: never deleted, and no DET revives them (checklist §10).

use axum::Json;
use metricis_core::action::Action;
use metricis_core::ids::ParticipantId;
use metricis_core::words::ParticipantStatus;
use metricis_store::Tx;
use utoipa::ToSchema;

use super::{ParticipantShown, find_participant};
use crate::extract::{At, Body, Call, StudyCoordinator};
use crate::problem::{Answer, Problem, Refusals};

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Withdrawal {
    /// Why; it stands in the audit log.
    reason: String,
}

/// Withdraws a participant.
#[utoipa::path(post, path = "/api/studies/{study_id}/participants/{participant_id}/withdraw", tag = "participants",
    params(("study_id" = Uuid, Path), ("participant_id" = Uuid, Path)), request_body = Withdrawal,
    security(("token" = [])), responses((status = 200, body = ParticipantShown), Refusals))]
pub(super) async fn withdraw_participant(
    call: Call<StudyCoordinator, Tx>,
    At(id): At<ParticipantId>,
    Body(given): Body<Withdrawal>,
) -> Answer<ParticipantShown> {
    find_participant(&call.tx, call.study_id(), id).await?;
    let reason = given.reason.trim().to_owned();
    if reason.is_empty() || reason.len() > 500 {
        return Err(Problem::Invalid("reason says why the participant leaves, in 1 to 500 characters".to_owned()));
    }
    let mut participant = call.tx.lock_participant(id).await?.ok_or(Problem::NotFound)?;
    let from = std::mem::replace(&mut participant.status, ParticipantStatus::Withdrawn);
    if from == ParticipantStatus::Withdrawn {
        return Err(Problem::Conflict("the participant is withdrawn already".to_owned()));
    }
    call.tx.set_participant_status(id, participant.status).await?;
    call.commit(Action::WithdrawParticipant { participant: id, from, reason }).await?;
    Ok(Json(participant.into()))
}
