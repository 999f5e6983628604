//! A typed client of the REDCap API. REDCap's words (record, event, instrument, group) stop here.
//!
//! Invariant: a call returns what REDCap said, checked, or one [`CallError`]; nothing is retried, guessed or filled in, and
//! no failure's text holds a token or a participant's answer.

pub mod wire;

mod answer;
mod client;
mod error;
mod http;
mod page;
mod project;
mod records;
mod refusal;
mod server_text;
mod trouble;
mod url;

pub use client::Client;
pub use error::{CallError, FailureClass};
pub use http::http_client;
pub use records::RecordQuery;
pub use refusal::Refusal;
pub use server_text::ServerText;
pub use url::{ApiUrl, ApiUrlError};
