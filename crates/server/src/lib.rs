//! The HTTP edge: requests become proofs, decisions of the core and transactions of the store.
//!
//! Invariants: no request calls REDCap – it commits a job and may wait for it; every refusal is a [`Problem`]; a response leaves
//! after the commit.

mod app;
pub mod board;
mod chance;
mod changes;
mod connections;
mod edge;
mod extract;
mod fresh;
mod limit;
pub mod links;
mod opened;
mod pages;
pub mod password;
mod probe;
mod problem;
mod pulse;
mod refusals;
mod registry;
mod routes;
mod schema;
mod serve;
mod session;
mod settings;
mod state;
mod today;
mod token;
mod wait;

pub use app::{openapi, router};
pub use changes::ChangeTimes;
pub use problem::{KINDS, Kind, Problem, problems_markdown};
pub use serve::serve;
pub use settings::{ServerSettings, SessionStorage};
pub use state::AppState;
