//! A panic becomes a 500 that says nothing of its cause.

use std::any::Any;

use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

pub(crate) fn answer_panic(_cause: Box<dyn Any + Send + 'static>) -> Response {
    // The panic hook has printed the place; the payload might hold a value and is not repeated.
    tracing::error!("a handler panicked");
    Problem::Internal.into_response()
}
