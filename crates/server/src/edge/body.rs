//! Takes the whole body before a handler begins.
//!
//! Invariant: no transaction is ever open while a client is still sending.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;

use crate::problem::Problem;

/// A DET is a form of a dozen short fields.
const DET_LIMIT: usize = 64 * 1024;
/// A session's results are the largest bodies.
const LIMIT: usize = 512 * 1024;
/// A data dictionary of some ten thousand fields.
const DICTIONARY_LIMIT: usize = 8 * 1024 * 1024;
const ARRIVES_WITHIN: Duration = Duration::from_secs(20);

pub(crate) async fn buffer_body(request: Request, next: Next) -> Response {
    let limit = limit_of(request.uri().path());
    let (parts, body) = request.into_parts();
    let announced = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Problem::TooLarge(limit).into_response();
    }
    match tokio::time::timeout(ARRIVES_WITHIN, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(error)) if is_too_long(&error) => Problem::TooLarge(limit).into_response(),
        Ok(Err(_)) => Problem::Malformed("the body broke off".to_owned()).into_response(),
        Err(_) => Problem::Timeout.into_response(),
    }
}

fn limit_of(path: &str) -> usize {
    let takes_dictionary = || path.ends_with("/redcap/push-dictionary") || path.ends_with("/redcap/init-project");
    match path {
        path if path.starts_with("/api/webhooks/") => DET_LIMIT,
        path if path.starts_with("/api/studies/") && takes_dictionary() => DICTIONARY_LIMIT,
        _ => LIMIT,
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
