//! A typed client of the REDCap API. REDCap's words (record, event, instrument, group) stop here.
//!
//! Invariant: a call returns what REDCap said, checked, or one [`CallError`]; nothing is sent twice, guessed or filled in, and
//! no failure's text holds a token or a participant's answer. Whether a read may be sent again says a [`RetryPolicy`], and
//! which records to ask for next a [`Sweep`]; both only decide, so that every call can wait for its turn.

pub mod wire;

mod answer;
mod client;
mod design;
mod error;
mod http;
mod ids;
mod imports;
mod log;
mod page;
mod project;
mod records;
mod refusal;
mod retry;
mod server_text;
mod split;
mod sweep;
mod trouble;
mod url;

pub use client::{Client, Reader};
pub use error::{CallError, FailureClass};
pub use http::http_client;
pub use ids::RecordIds;
pub use log::{FateLine, LogQuery, LogReading, RecordFate};
pub use records::{RecordQuery, is_name as is_record_name};
pub use refusal::Refusal;
pub use retry::RetryPolicy;
pub use server_text::ServerText;
pub use sweep::{Ask, Sweep};
pub use url::{ApiUrl, ApiUrlError};
