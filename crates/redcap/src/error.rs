//! Everything that can go wrong with a call, one variant per cause that a person would treat differently.
//!
//! Invariant: neither `Display` nor `Debug` holds a token, a refused value or part of an answer's body; texts of the
//! server pass through [`ServerText`].

use std::time::Duration;

use crate::{refusal::Refusal, server_text::ServerText};

/// Lists longer than this are shortened in `Display`.
const LISTED: usize = 5;

/// Who has to act, in the words of the sync failure log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// REDCap could not be reached, failed, or refused us: its administrator, the network or the token.
    ApiError,
    /// REDCap refused the data: the field mapping or the project's design.
    Validation,
    /// We could not build a call: a defect or a wrong setting of ours.
    Exception,
}

impl FailureClass {
    /// `api_error`, `validation` or `exception`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiError => "api_error",
            Self::Validation => "validation",
            Self::Exception => "exception",
        }
    }
}

/// A failed call. Nothing was retried; after an import that failed as [`CallError::Timeout`], [`CallError::Cut`] or
/// [`CallError::Gateway`] it is unknown whether REDCap stored the rows (sending them again is safe).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// `api_error`: REDCap refused a read, or refused an import for a missing right.
    #[error("REDCap refused the call (status {status}): {message}")]
    Refused { status: u16, message: ServerText },
    /// `api_error`: the token is wrong, was deleted, or its user lost API rights. Live servers answer 403, the manual says 401.
    #[error("REDCap refused the API token (status {status}): set a current token of this project")]
    BadToken { status: u16 },
    /// `validation`: REDCap refused the rows of an import as a whole.
    #[error("REDCap refused the import (status {status}): {message}")]
    ImportRefused { status: u16, message: ServerText },
    /// `validation`: REDCap refused these values of an import, and with them all of its rows.
    #[error("REDCap refused {}: {}", counted(.0.len(), "value"), listed(.0))]
    Validation(Vec<Refusal>),
    /// `api_error`: a web page instead of an answer: sign-in, maintenance, firewall, wrong address.
    #[error(
        "a web page came instead of an API answer (status {status}): check the API address, single sign-on, maintenance and firewall"
    )]
    Html { status: u16 },
    /// `api_error`: the server's PHP memory limit; ask for less at once.
    #[error("REDCap ran out of memory (status {status}): ask for fewer records or fields at once")]
    OutOfMemory { status: u16 },
    /// `api_error`: REDCap runs but cannot reach its own database.
    #[error("REDCap cannot reach its database (status {status})")]
    DatabaseDown { status: u16 },
    /// `api_error`: 502, 503 or 504, usually from a proxy before REDCap.
    #[error("REDCap is unavailable behind its gateway (status {status})")]
    Gateway { status: u16 },
    /// `api_error`: any other 5xx without a readable message.
    #[error("REDCap failed (status {status})")]
    ServerFailed { status: u16 },
    /// `api_error`: a status that the API does not use, such as 204, 411 or 429.
    #[error("REDCap answered with the unexpected status {status}")]
    Status { status: u16 },
    /// `api_error`: a redirect, never followed because the token would travel with it.
    #[error("REDCap redirects (status {status}) to {}: set the final API address", .origin.as_deref().unwrap_or("an unreadable address"))]
    Redirect { status: u16, origin: Option<String> },
    /// `api_error`: no connection: name, port, TLS or network.
    #[error("REDCap cannot be reached: {reason}")]
    Unreachable { reason: String },
    /// `api_error`: connected, but no complete answer in time.
    #[error("REDCap gave no complete answer within {after:?}")]
    Timeout { after: Duration },
    /// `api_error`: the connection ended before the answer did.
    #[error("the connection to REDCap broke: {reason}")]
    Cut { reason: String },
    /// `api_error`: an answer longer than we are willing to hold in memory.
    #[error("REDCap's answer is longer than {limit} bytes: ask for fewer records or fields at once")]
    TooLarge { limit: usize },
    /// `api_error`: success without content, where content is due.
    #[error("REDCap answered with nothing")]
    Empty,
    /// `api_error`: success, but not in the form that this call has.
    #[error("REDCap's answer cannot be read: {detail}")]
    NotAnAnswer { detail: String },
    /// `api_error`: an import that REDCap called a success without naming exactly the records sent.
    #[error("REDCap did not confirm {}", unconfirmed(.ids, .unexpected))]
    Unconfirmed { ids: Vec<String>, unexpected: Vec<String> },
    /// `api_error`: a change of the project that REDCap called a success and counted otherwise than it was sent.
    #[error("REDCap says that it stored {answered} of {sent} {what}")]
    Miscounted { what: &'static str, sent: usize, answered: u64 },
    /// `api_error`: rows of another record than the one asked for, as with a token whose user may not see record ids.
    #[error("REDCap sent rows that are not of record {asked}: check that the token's user may see identifiers")]
    WrongRecord { asked: String },
    /// `api_error`: rows of records that were not asked for, or without a record's name.
    #[error("REDCap sent {} of records that were not asked for: check that the token's user may see identifiers", counted(*.rows, "row"))]
    StrayRows { rows: usize },
    /// `api_error`: REDCap lists these records and sends nothing of them.
    #[error("REDCap lists {} and sends no rows of them", records(.ids))]
    RowsDropped { ids: Vec<String> },
    /// `exception`: the call could not be built and was not sent.
    #[error("the call to REDCap could not be built: {reason}")]
    Unsendable { reason: String },
}

impl CallError {
    /// Who has to act; each variant's documentation names its class.
    #[must_use]
    pub const fn class(&self) -> FailureClass {
        match self {
            Self::ImportRefused { .. } | Self::Validation(_) => FailureClass::Validation,
            Self::Unsendable { .. } => FailureClass::Exception,
            Self::Refused { .. }
            | Self::BadToken { .. }
            | Self::Html { .. }
            | Self::OutOfMemory { .. }
            | Self::DatabaseDown { .. }
            | Self::Gateway { .. }
            | Self::ServerFailed { .. }
            | Self::Status { .. }
            | Self::Redirect { .. }
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Cut { .. }
            | Self::TooLarge { .. }
            | Self::Empty
            | Self::NotAnAnswer { .. }
            | Self::Unconfirmed { .. }
            | Self::Miscounted { .. }
            | Self::WrongRecord { .. }
            | Self::StrayRows { .. }
            | Self::RowsDropped { .. } => FailureClass::ApiError,
        }
    }

    /// Whether the cause may be gone in a moment. Not a timeout: who has waited for a whole deadline has waited long enough.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Gateway { .. }
                | Self::ServerFailed { .. }
                | Self::DatabaseDown { .. }
                | Self::Unreachable { .. }
                | Self::Cut { .. }
                | Self::Html { status: 200 | 500..=599 }
                | Self::Status { status: 408 | 429 }
        )
    }

    /// Whether the token's user lacks a right, in REDCap's words for it: `You do not have … privileges`, or `Insufficient user
    /// privileges: …` (`redcap.md` 3.3). Any other refusal says nothing about rights.
    #[must_use]
    pub fn lacks_right(&self) -> bool {
        matches!(self, Self::Refused { status: 400 | 403, message } if message.reveal().contains("privileges"))
    }

    /// Whether an export of fewer records might have succeeded.
    #[must_use]
    pub const fn may_be_too_much(&self) -> bool {
        matches!(
            self,
            Self::OutOfMemory { .. }
                | Self::TooLarge { .. }
                | Self::Timeout { .. }
                | Self::ServerFailed { .. }
                | Self::Gateway { status: 502 | 504 }
                | Self::Cut { .. }
                | Self::NotAnAnswer { .. }
        )
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn listed<T: ToString>(items: &[T]) -> String {
    let mut text = items.iter().take(LISTED).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if items.len() > LISTED {
        text.push_str(&format!("; and {} more", items.len() - LISTED));
    }
    text
}

fn records(ids: &[String]) -> String {
    format!("{} {}", if ids.len() == 1 { "record" } else { "records" }, listed(ids))
}

fn unconfirmed(ids: &[String], unexpected: &[String]) -> String {
    let mut text = if ids.is_empty() { "the import".to_owned() } else { records(ids) };
    if !unexpected.is_empty() {
        text.push_str(&format!(", and named {} that were not sent", counted(unexpected.len(), "record")));
    }
    text
}
