//! What every request passes before a route sees it, from the outside in.
//!
//! ```text
//!   id and span → panic → development gate → CORS → who asks → limit → whole body (size, time) → route
//! ```

mod body;
mod gate;
mod panic;
mod trace;

pub(crate) use body::buffer_body;
pub(crate) use gate::close_development_routes;
pub(crate) use panic::answer_panic;
pub(crate) use trace::{request_id, trace_event, trace_request};

/// Marks a request that the board makes in process: proven and answered like any other, but neither stored, counted nor
/// limited. No request from outside can carry it, because only code can set an extension.
#[derive(Clone, Debug)]
pub(crate) struct Probe;
