//! What every request passes before a route sees it, from the outside in.
//!
//! ```text
//!   id and span → probe's ticket → panic → development gate → CORS → who asks → limit → whole body (size, time) → route
//! ```

mod body;
mod gate;
mod panic;
mod probed;
mod trace;

pub(crate) use body::buffer_body;
pub(crate) use gate::close_development_routes;
pub(crate) use panic::answer_panic;
pub(crate) use probed::admit_probe;
pub(crate) use trace::{request_id, trace_event, trace_request};

/// Marks a request that the board makes: proven and answered like any other, but neither stored, counted nor limited. Only a
/// ticket for this process and this very request sets it (`crate::probe`).
#[derive(Clone, Debug)]
pub(crate) struct Probe;
