//! A REDCap server in memory or in one file: it speaks REDCap's API, fires its Data Entry Trigger, shows a few pages, and can be told
//! to misbehave. It runs inside tests, beside the demo, or by itself.
//!
//! Invariant: it shares the wire's types with the client in `metricis-redcap` and none of its logic, so that neither can
//! excuse the other's mistakes; it never touches the network except to post a DET.

mod ambient;
mod api;
mod control;
mod det;
mod fault;
mod file;
mod pages;
mod project;
mod save;
mod serve;
mod sim;
mod state;

pub use api::ParsedRequest;
pub use chrono_tz::Tz;
pub use det::{DetDelivery, DetTest};
pub use fault::{BadOrder, BanReply, Fault, Length, Noise, Order, UnknownFault};
pub use file::StateError;
pub use project::OdmError;
pub use save::{SURVEY_RESPONDENT, SaveForm, Saved};
pub use sim::{ProjectHandle, ProjectOptions, Scope, Sim, SimOptions};
pub use state::ApiUser;
pub use state::check::Refusal;
pub use state::randomization::{Allocation, NewRandomization};

/// Every way to misbehave: how it is written, and what it does.
pub fn fault_kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    fault::catalog::CATALOG.iter().map(|kind| (kind.form, kind.meaning))
}

/// A time zone by its name, such as `Europe/Zurich`.
///
/// # Errors
/// What to write instead.
pub fn time_zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| format!("'{name}' is no time zone; write one like UTC or Europe/Zurich"))
}

/// Why the simulator did not do what it was asked to.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SimError {
    #[error("there is no project {0}")]
    UnknownProject(u32),
    #[error("there is no record '{0}'")]
    UnknownRecord(String),
    #[error("there is already a record '{0}'")]
    RecordExists(String),
    #[error("there is no event '{0}'")]
    UnknownEvent(String),
    #[error("there is no instrument '{0}'")]
    UnknownInstrument(String),
    #[error("there is no data access group '{0}'")]
    UnknownGroup(String),
    #[error("the instrument '{instrument}' is not designated for the event '{event}'")]
    NotDesignated { instrument: String, event: String },
    #[error("the instrument '{0}' does not repeat")]
    NotRepeating(String),
    #[error(transparent)]
    Project(OdmError),
    #[error("the randomization does not fit the project: {0}")]
    Randomization(String),
    #[error("project {0} has no DET URL")]
    NoDetUrl(u32),
    #[error("{} of the values were refused", .0.len())]
    Refused(Vec<Refusal>),
}
