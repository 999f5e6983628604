//! The span of one piece of work: what is logged within it is found by the id of the event or job that it works on.
//!
//! Invariant: of the highest level, so that a filter that drops `info` does not drop the id from the errors within.

use std::fmt::Display;

use tracing::Span;

/// The turn of `id`.
pub(crate) fn turn(id: impl Display) -> Span {
    tracing::error_span!("turn", request_id = %id)
}
