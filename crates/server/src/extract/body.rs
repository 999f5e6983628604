//! Ids of the path, queries and JSON bodies, with refusals that name the field and never repeat a value.

use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use metricis_core::ids::{EventId, JobId, ParticipantId};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// An id that has a name in paths.
pub(crate) trait PathId: std::str::FromStr {
    const NAME: &'static str;
}

impl PathId for ParticipantId {
    const NAME: &'static str = "participant_id";
}
impl PathId for EventId {
    const NAME: &'static str = "event_id";
}
impl PathId for JobId {
    const NAME: &'static str = "job_id";
}

/// An id of the path; one that is none leads nowhere.
pub(crate) struct At<I>(pub(crate) I);

impl<I: PathId, S: Send + Sync> FromRequestParts<S> for At<I> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| Problem::NotFound)?;
        let found = params.iter().find(|(name, _)| *name == I::NAME).and_then(|(_, value)| value.parse().ok());
        found.map(Self).ok_or(Problem::NotFound)
    }
}

/// The query of a list.
pub(crate) struct Listed<Q>(pub(crate) Q);

impl<Q: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Listed<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match Query::<Q>::try_from_uri(&parts.uri) {
            Ok(Query(query)) => Ok(Self(query)),
            Err(error) => Err(Problem::Malformed(format!("the query: {}", root_of(&error)))),
        }
    }
}

/// A JSON body.
pub(crate) struct Body<B>(pub(crate) B);

impl<B: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<B> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let json =
            json.is_some_and(|value| value.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
        if !json {
            return Err(Problem::UnsupportedType("application/json"));
        }
        let bytes = axum::body::Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::Malformed("the body cannot be read".to_owned()))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| refuse_json(&error))
    }
}

/// Serde's message quotes strings it did not expect, and a body may hold answers: only its place and kind are told, and the
/// name of a missing or unknown field.
fn refuse_json(error: &serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    if !error.is_data() {
        return Problem::Malformed(format!("the body is not JSON ({place})"));
    }
    let message = error.to_string();
    let field = ["missing field", "duplicate field"].iter().find(|kind| message.starts_with(**kind));
    Problem::Invalid(match (field, message.rsplit_once(", expected ")) {
        (Some(_), _) => message,
        // What was expected comes from the code; what came instead stands before it.
        (None, Some((_, expected))) => format!("expected {expected}"),
        (None, None) => format!("a value is not acceptable ({place})"),
    })
}

fn root_of(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
