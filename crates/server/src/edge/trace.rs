//! The request's id and its span.
//!
//! Invariant: what is logged of a request is its method, its route's template, its status and its duration; never a path, a
//! query string or a header, because a DET's address may hold its secret.

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use metricis_core::ids::EventId;
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use crate::AppState;
use crate::fresh::uuid_at;

tokio::task_local! {
    static REQUEST_ID: Uuid;
}

/// The id of the request that this task serves.
pub(crate) fn request_id() -> Option<Uuid> {
    REQUEST_ID.try_with(|id| *id).ok()
}

/// Notes in the request's lines which event it stored: the worker's lines about that event have its id.
pub(crate) fn trace_event(event: EventId) {
    tracing::Span::current().record("event", tracing::field::display(event));
}

pub(crate) async fn trace_request(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let begun = app.now();
    let id = uuid_at(begun);
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    // Of the highest level: a filter that drops `info` must not drop the id from the errors within.
    let span = tracing::error_span!("request", request_id = %id, method = %request.method(), route, event = Empty);
    let serving = async {
        let mut response = next.run(request).await;
        if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
            response.headers_mut().insert("x-request-id", value);
        }
        let ms = app.now().signed_duration_since(begun).num_microseconds().unwrap_or(0) as f64 / 1_000.0;
        tracing::info!(status = response.status().as_u16(), ms, "answered");
        response
    };
    REQUEST_ID.scope(id, serving.instrument(span)).await
}
