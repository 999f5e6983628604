//! Handing an event to the worker again that failed, is stuck or came too early; only a person does this.

use std::collections::BTreeSet;

use axum::Json;
use metricis_core::action::Action;
use metricis_core::ids::EventId;
use metricis_store::Tx;

use super::view::EventShown;
use crate::extract::{At, Call, StudyCoordinator};
use crate::problem::{Answer, Problem, Refusals};

/// Replays an event that failed, that is stuck (`processing` for over 15 minutes, or by a dead process), or that was processed without
/// effect (its `note` says so) because the study was not ready for it.
#[utoipa::path(post, path = "/api/studies/{study_id}/webhooks/{event_id}/replay", tag = "webhooks",
    params(("study_id" = Uuid, Path), ("event_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = EventShown), Refusals))]
pub(super) async fn replay_webhook_event(call: Call<StudyCoordinator, Tx>, At(id): At<EventId>) -> Answer<EventShown> {
    let study = call.study_id();
    call.tx.event(id).await?.filter(|event| event.study == study).ok_or(Problem::NotFound)?;
    let replayed = call.tx.replay_event(id).await?.ok_or(Problem::NotFound)?;
    let event = call.tx.event(id).await?.ok_or(Problem::NotFound)?;
    let action = Action::ReplayEvent { event: id, from: replayed.from, retry_count: replayed.retry_count };
    call.commit(action).await?.wake_worker();
    // It waits for a worker now.
    Ok(Json(EventShown::of(event, &BTreeSet::new())))
}
