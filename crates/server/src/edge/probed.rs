//! Lets the board's probes in: a request with a ticket for this process gets the mark [`Probe`], and its answer is proven.
//!
//! Invariant: a ticket that does not fit changes nothing: the request is answered, stored, counted and limited like any other.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;

use super::Probe;
use crate::AppState;
use crate::probe::{ANSWER, Question, TICKET, digest};

/// A probe's body is a DET of half a dozen fields.
const LIMIT: usize = 16 * 1024;

pub(crate) async fn admit_probe(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let Some(ticket) = request.headers_mut().remove(TICKET) else { return next.run(request).await };
    let Some(ticket) = ticket.to_str().ok().map(str::to_owned) else { return next.run(request).await };
    let method = request.method().to_string();
    let target = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    let question = Question { process: app.process, method: &method, target: &target, body: "" };
    let Some(body) = app.probe_key.admit(&ticket, question, app.now()) else { return next.run(request).await };
    let (mut parts, sent) = request.into_parts();
    // Only who holds a ticket comes here, and a ticket is for a short body.
    let Ok(bytes) = to_bytes(sent, LIMIT).await else {
        return next.run(Request::from_parts(parts, Body::empty())).await;
    };
    if digest(&bytes) != body {
        return next.run(Request::from_parts(parts, Body::from(bytes))).await;
    }
    parts.extensions.insert(Probe);
    let mut response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let answer = app.probe_key.answer(&ticket, response.status().as_u16());
    if let Ok(answer) = HeaderValue::from_str(&answer) {
        response.headers_mut().insert(ANSWER, answer);
    }
    response
}
