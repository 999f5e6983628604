//! Ids of the path, queries and JSON bodies, with refusals that name the field and never repeat a value.

use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use metricis_core::ids::{EventId, FlagId, JobId, ParticipantId};
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
impl PathId for FlagId {
    const NAME: &'static str = "flag_id";
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
        read_json(&bytes).map(Self)
    }
}

fn read_json<B: DeserializeOwned>(bytes: &[u8]) -> Result<B, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut reader);
    // A number in a word's place reads as bad syntax to the parser.
    let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    let read = read.map_err(|error| refuse_json(&error.path().to_string(), error.inner(), is_json()))?;
    reader.end().map_err(|error| refuse_json(".", &error, false))?;
    Ok(read)
}

/// The way to the field that is wrong, when it is made of names as ours are: a key that somebody made up may be anything.
fn named(path: &str) -> Option<&str> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_.[]".contains(letter);
    (path != "." && path.len() <= 100 && path.chars().all(is_name)).then_some(path)
}

/// Serde's message quotes strings it did not expect, and a body may hold answers: only its place and kind are told, and the
/// name of the field.
fn refuse_json(path: &str, error: &serde_json::Error, is_json: bool) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    if !error.is_data() && !is_json {
        return Problem::Malformed(format!("the body is not JSON ({place})"));
    }
    let message = error.to_string();
    let field = ["missing field", "duplicate field"].iter().find(|kind| message.starts_with(**kind));
    let told = match (field, message.rsplit_once(", expected ")) {
        // Without its place, which says nothing once the field is named.
        (Some(_), _) => message.split(" at line ").next().unwrap_or_default().to_owned(),
        // What was expected comes from the code; what came instead stands before it.
        (None, Some((_, expected))) => format!("expected {expected}"),
        (None, None) => format!("a value is not acceptable ({place})"),
    };
    Problem::Invalid(named(path).map_or_else(|| told.clone(), |path| format!("{path}: {told}")))
}

fn root_of(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
