//! Received events: what arrived, what became of it, and handing one to the worker again (checklist §9.5).

mod replay;
mod view;

use std::collections::BTreeSet;

use axum::Json;
use chrono::{DateTime, Utc};
use metricis_core::ids::EventId;
use metricis_core::words::{EventSource, EventStatus};
use metricis_store::{EventFilter, StoredEvent, TroubledReread};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use crate::extract::{At, Call, Listed, StudyMember};
use crate::problem::{Answer, Problem, Refusals};
use view::{EventDetail, EventShown};

const PAGE: u32 = 500;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_webhook_events))
        .routes(routes!(list_stuck_webhook_events))
        .routes(routes!(get_webhook_event))
        .routes(routes!(replay::replay_webhook_event))
}

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct EventQuery {
    #[param(schema_with = crate::schema::event_status)]
    status: Option<EventStatus>,
    #[param(schema_with = crate::schema::event_source)]
    source: Option<EventSource>,
    /// Only of this record.
    record_id: Option<String>,
    /// Only the duplicates of this event.
    #[param(value_type = Option<Uuid>)]
    duplicate_of: Option<EventId>,
    /// Part of the record's, the instrument's or the event's name.
    q: Option<String>,
    /// Rows at most, 1 to 500; 100 when not given.
    limit: Option<u32>,
    /// Id of the last one of the former page.
    #[param(value_type = Option<Uuid>)]
    before: Option<EventId>,
}

#[derive(serde::Serialize, ToSchema)]
struct EventList {
    events: Vec<EventShown>,
}

#[derive(serde::Serialize, ToSchema)]
struct StuckList {
    /// `processing` for over 15 minutes, or by a process known to be dead. Replay them.
    events: Vec<EventShown>,
    /// Re-reads that failed or are stuck; another save of the record, or a person, asks again.
    rereads: Vec<RereadShown>,
}

#[derive(serde::Serialize, ToSchema)]
struct RereadShown {
    record_id: String,
    claimed_at: Option<DateTime<Utc>>,
    error: Option<String>,
}

impl From<TroubledReread> for RereadShown {
    fn from(reread: TroubledReread) -> Self {
        Self { record_id: reread.record_id, claimed_at: reread.claimed_at, error: reread.error }
    }
}

/// A page of the study's events, newest first.
#[utoipa::path(get, path = "/api/studies/{study_id}/webhooks", tag = "webhooks",
    params(("study_id" = Uuid, Path), EventQuery), security(("token" = [])),
    responses((status = 200, body = EventList), Refusals))]
async fn list_webhook_events(call: Call<StudyMember>, Listed(query): Listed<EventQuery>) -> Answer<EventList> {
    let limit = query.limit.unwrap_or(100).clamp(1, PAGE);
    let search = query.q.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let EventQuery { status, source, record_id, duplicate_of, .. } = query;
    let filter = EventFilter { status, source, record_id, duplicate_of, search };
    let events = call.tx.events(call.study_id(), &filter, query.before, limit).await?;
    let stuck = stuck_among(&call, &events).await?;
    Ok(Json(EventList { events: events.into_iter().map(|event| EventShown::of(event, &stuck)).collect() }))
}

/// What a killed process left behind: a person decides.
#[utoipa::path(get, path = "/api/studies/{study_id}/webhooks/stuck", tag = "webhooks",
    params(("study_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = StuckList), Refusals))]
async fn list_stuck_webhook_events(call: Call<StudyMember>) -> Answer<StuckList> {
    let events = call.tx.stuck_events(call.study_id()).await?;
    let rereads = call.tx.troubled_rereads(call.study_id()).await?;
    let stuck = events.iter().map(|event| event.id).collect();
    Ok(Json(StuckList {
        events: events.into_iter().map(|event| EventShown::of(event, &stuck)).collect(),
        rereads: rereads.into_iter().map(Into::into).collect(),
    }))
}

/// One event, with the form as it came.
#[utoipa::path(get, path = "/api/studies/{study_id}/webhooks/{event_id}", tag = "webhooks",
    params(("study_id" = Uuid, Path), ("event_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = EventDetail), Refusals))]
async fn get_webhook_event(call: Call<StudyMember>, At(id): At<EventId>) -> Answer<EventDetail> {
    let study = call.study_id();
    let event = call.tx.event(id).await?.filter(|event| event.study == study).ok_or(Problem::NotFound)?;
    let stuck = stuck_among(&call, std::slice::from_ref(&event)).await?;
    Ok(Json(EventDetail::of(event, &stuck)))
}

/// Which of these events are stuck; asked only when one of them is in `processing`.
async fn stuck_among(call: &Call<StudyMember>, events: &[StoredEvent]) -> Result<BTreeSet<EventId>, Problem> {
    if events.iter().all(|event| event.status != EventStatus::Processing) {
        return Ok(BTreeSet::new());
    }
    let stuck = call.tx.stuck_events(call.study_id()).await?;
    Ok(stuck.into_iter().map(|event| event.id).collect())
}
