//! The stream of a study's changes, as server-sent events.
//!
//! Invariants: an event holds its place in the audit chain and topics, never data; a stream ends when its caller may no longer
//! watch, and at once when the server stops; opening one, however often, keeps no session alive.

mod stream;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::IntoResponse;
use axum::response::sse::{KeepAlive, Sse};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use crate::extract::{Call, Seated, StillThere, StudyMember};
use crate::problem::{Problem, Refusals};
use stream::Stream;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(watch_changes))
}

/// The `data` of `event: change`; its `id` is the sequence.
#[derive(serde::Serialize, ToSchema)]
struct ChangeSeen {
    /// Sequence of the last row of the audit chain.
    sequence: i64,
    /// What is out of date: participants, visits, events, sessions, breaker, redcap, settings, board, audit.
    #[schema(value_type = Vec<String>)]
    topics: Value,
}

/// Tells what changes in the study while somebody listens; `Last-Event-ID` goes on where a former stream ended.
#[utoipa::path(get, path = "/api/studies/{study_id}/changes", tag = "studies",
    params(("study_id" = Uuid, Path), ("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen.")),
    security(("token" = [])),
    responses((status = 200, body = ChangeSeen, content_type = "text/event-stream"), Refusals))]
async fn watch_changes(
    // Before the call, whose proof needs a transaction.
    Seated(seat): Seated,
    call: Call<StudyMember>,
    still_there: StillThere,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let since = headers.get("last-event-id").map(|id| id.to_str().ok().and_then(|id| id.parse().ok()).unwrap_or(-1));
    let sign = call.app.settings.change_times.sign;
    // The place comes before the look at the chain: what changes in between is told to the place.
    let place = call.app.watch(call.study_id(), seat);
    let stream = Stream::begin(call.release(), still_there, place, since).await?;
    let events = Sse::new(stream.events()).keep_alive(KeepAlive::new().interval(sign).text("still here"));
    Ok(([(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))], events))
}
