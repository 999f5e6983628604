//! Why a piece of work failed, in the words that people search for.
//!
//! Invariant: no text here holds a token or a participant's answer; the client, the core and the store see to their own.

use metricis_core::words::SyncErrorType;
use metricis_redcap::{CallError, FailureClass};
use metricis_store::StoreError;

/// Longest message kept, in characters.
const MESSAGE_CHARS: usize = 2_000;

/// A failure that is final until a person acts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error_type}: {message}")]
pub(crate) struct Failure {
    /// Who has to act (checklist §9.1).
    pub(crate) error_type: SyncErrorType,
    /// What happened, and what to do about it.
    pub(crate) message: String,
}

impl Failure {
    /// The data or the configuration must be corrected.
    pub(crate) fn refused(reason: impl std::fmt::Display) -> Self {
        Self::new(SyncErrorType::Validation, reason)
    }

    /// A fault on our side.
    pub(crate) fn exception(reason: impl std::fmt::Display) -> Self {
        Self::new(SyncErrorType::Exception, reason)
    }

    pub(crate) fn new(error_type: SyncErrorType, reason: impl std::fmt::Display) -> Self {
        Self { error_type, message: reason.to_string().chars().take(MESSAGE_CHARS).collect() }
    }

    /// The text of an event that failed: a refusal in its own words, anything else with its type in front.
    pub(crate) fn event_text(&self) -> String {
        match self.error_type {
            SyncErrorType::Validation => self.message.clone(),
            SyncErrorType::ApiError | SyncErrorType::Exception | SyncErrorType::CircuitOpen => self.to_string(),
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let error_type = match error.class() {
            FailureClass::ApiError => SyncErrorType::ApiError,
            FailureClass::Validation => SyncErrorType::Validation,
            FailureClass::Exception => SyncErrorType::Exception,
        };
        Self::new(error_type, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::exception(error)
    }
}

/// Why a transaction was given up: the database, or what was found in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the transaction found.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Store(error) => error.into(),
            Stop::Failed(failure) => failure,
        }
    }
}
