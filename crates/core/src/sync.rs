//! The sync state of a session, and what a participant is told about it.
//!
//! ```text
//!   Pending ──▶ Synced
//!      │  ▲
//!      ▼  │ only a person's re-sync
//!    Failed
//! ```
//!
//! Invariants: nothing leaves `Failed` by itself (guarantee 14), `Synced` is final, and a participant is shown counts
//! and moments that are stored, never an estimate (guarantee 4).

use chrono::Duration;
use serde::Serialize;

use crate::Timestamp;
use crate::breaker::Inconsistent;
use crate::ids::{SessionId, StudyId};
use crate::words::{SyncErrorType, SyncStatus};

/// What the portal says while a sync has failed (checklist §9.1).
pub const FAILED_SYNC_BANNER: &str = "Your responses were saved on this device. The study team has been notified.";

/// A result that waits longer than this many minutes is stale (system.md, *Participant tasks, sessions, sync*).
pub const STALE_AFTER_MINUTES: i64 = 15;

/// Whether a session's result has reached REDCap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "sync_status", rename_all = "snake_case")]
pub enum SessionSync {
    /// A job is to bring it to REDCap.
    Pending,
    /// REDCap has confirmed it.
    Synced,
    /// It did not arrive; a person must look.
    Failed {
        /// Why, in the checklist's words.
        error_type: SyncErrorType,
        /// What happened; holds no answer.
        message: String,
    },
}

/// A step that the machine does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a session whose sync is {from} cannot become {to}; {hint}")]
pub struct SyncRefusal {
    /// The present state.
    pub from: SyncStatus,
    /// The state asked for.
    pub to: SyncStatus,
    /// What to do instead.
    pub hint: &'static str,
}

impl SessionSync {
    /// The stored word.
    #[must_use]
    pub const fn status(&self) -> SyncStatus {
        match self {
            Self::Pending => SyncStatus::Pending,
            Self::Synced => SyncStatus::Synced,
            Self::Failed { .. } => SyncStatus::Failed,
        }
    }

    /// Rebuilds the state from its columns.
    ///
    /// # Errors
    /// An error beside `pending` or `synced`, or `failed` without one.
    pub fn from_columns(
        status: SyncStatus,
        error_type: Option<SyncErrorType>,
        message: Option<String>,
    ) -> Result<Self, Inconsistent> {
        match (status, error_type, message) {
            (SyncStatus::Pending, None, None) => Ok(Self::Pending),
            (SyncStatus::Synced, None, None) => Ok(Self::Synced),
            (SyncStatus::Failed, Some(error_type), message) => {
                Ok(Self::Failed { error_type, message: message.unwrap_or_default() })
            }
            (status, error_type, _) => Err(Inconsistent {
                what: "session sync",
                detail: format!("{status} with error type {}", error_type.map_or("empty", SyncErrorType::as_str)),
            }),
        }
    }

    /// REDCap confirmed the result.
    ///
    /// # Errors
    /// Unless pending.
    pub fn succeed(self) -> Result<Self, SyncRefusal> {
        self.leave_pending(SyncStatus::Synced)?;
        Ok(Self::Synced)
    }

    /// The result did not arrive.
    ///
    /// # Errors
    /// Unless pending.
    pub fn fail(self, error_type: SyncErrorType, message: impl Into<String>) -> Result<Self, SyncRefusal> {
        self.leave_pending(SyncStatus::Failed)?;
        Ok(Self::Failed { error_type, message: message.into() })
    }

    /// A person asks for another attempt: the only way out of `failed`.
    ///
    /// # Errors
    /// Unless failed.
    pub fn resync(self) -> Result<Self, SyncRefusal> {
        let hint = match self {
            Self::Failed { .. } => return Ok(Self::Pending),
            Self::Pending => "its sync is already queued: wait for it",
            Self::Synced => "its result is in REDCap: nothing is to be done",
        };
        Err(SyncRefusal { from: self.status(), to: SyncStatus::Pending, hint })
    }

    fn leave_pending(&self, to: SyncStatus) -> Result<(), SyncRefusal> {
        match self {
            Self::Pending => Ok(()),
            Self::Synced | Self::Failed { .. } => {
                Err(SyncRefusal { from: self.status(), to, hint: "only a pending sync ends; re-sync it first" })
            }
        }
    }
}

/// What is stored about one participant's sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncFacts {
    /// Sessions that failed.
    pub failed_count: u64,
    /// Sessions that wait.
    pub pending_count: u64,
    /// Since when the oldest waits.
    pub oldest_pending_at: Option<Timestamp>,
}

/// The answer of `/api/portal/data-status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DataStatus {
    /// A result did not reach REDCap.
    pub has_failed_sync: bool,
    /// How many did not.
    pub failed_count: u64,
    /// How many wait.
    pub pending_count: u64,
    /// Since when the oldest waits.
    pub oldest_pending_at: Option<Timestamp>,
    /// A result failed, or has waited for over 15 minutes.
    pub stale: bool,
    /// What to show, if anything.
    pub banner: Option<&'static str>,
}

/// What a participant is told about the results that were sent. Only a failure has a banner: only then is somebody notified.
#[must_use]
pub fn data_status(facts: &SyncFacts, now: Timestamp) -> DataStatus {
    let has_failed_sync = facts.failed_count > 0;
    let overdue = facts
        .oldest_pending_at
        .is_some_and(|since| now.signed_duration_since(since) > Duration::minutes(STALE_AFTER_MINUTES));
    DataStatus {
        has_failed_sync,
        failed_count: facts.failed_count,
        pending_count: facts.pending_count,
        oldest_pending_at: facts.oldest_pending_at,
        stale: has_failed_sync || overdue,
        banner: has_failed_sync.then_some(FAILED_SYNC_BANNER),
    }
}

/// A failed sync as it is logged, with the constants that alerts match on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncFailure {
    /// Whose REDCap.
    pub study: StudyId,
    /// Whose result.
    pub session: SessionId,
    /// Why.
    pub error_type: SyncErrorType,
    /// What happened; holds no answer.
    pub message: String,
}

impl SyncFailure {
    /// Log field `severity`.
    pub const SEVERITY: &str = "CRITICAL";
    /// Log field `source`.
    pub const SOURCE: &str = "redcap_sync_failure";
    /// Log field `requires_investigation`.
    pub const REQUIRES_INVESTIGATION: bool = true;
    /// Log field `fallback_used`: there is no fallback (guarantee 14).
    pub const FALLBACK_USED: bool = false;
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn failed() -> SessionSync {
        SessionSync::Failed { error_type: SyncErrorType::ApiError, message: "REDCap answered 503".to_owned() }
    }

    #[test]
    fn only_a_person_leads_out_of_failed() {
        assert_eq!(SessionSync::Pending.fail(SyncErrorType::ApiError, "REDCap answered 503"), Ok(failed()));
        assert!(failed().succeed().is_err(), "a late success does not repair by itself");
        assert!(failed().fail(SyncErrorType::Exception, "again").is_err());
        assert_eq!(failed().resync(), Ok(SessionSync::Pending));
        assert_eq!(SessionSync::Pending.succeed(), Ok(SessionSync::Synced));
        for state in [SessionSync::Pending, SessionSync::Synced] {
            assert!(state.resync().is_err());
        }
        assert!(SessionSync::Synced.fail(SyncErrorType::Exception, "late").is_err(), "synced is final");
    }

    #[test]
    fn columns_that_no_state_writes_are_inconsistent() {
        assert_eq!(
            SessionSync::from_columns(
                SyncStatus::Failed,
                Some(SyncErrorType::ApiError),
                Some("REDCap answered 503".into())
            ),
            Ok(failed())
        );
        assert_eq!(SessionSync::from_columns(SyncStatus::Pending, None, None), Ok(SessionSync::Pending));
        assert!(SessionSync::from_columns(SyncStatus::Failed, None, Some("why".into())).is_err());
        assert!(SessionSync::from_columns(SyncStatus::Synced, Some(SyncErrorType::ApiError), None).is_err());
        assert!(SessionSync::from_columns(SyncStatus::Pending, None, Some("why".into())).is_err());
    }

    #[rstest]
    #[case::nothing(0, None, false, false)]
    #[case::fresh(0, Some(15), false, false)]
    #[case::overdue(0, Some(16), true, false)]
    #[case::failed(2, None, true, true)]
    fn data_status_tells_what_is_stored(
        #[case] failed_count: u64,
        #[case] waiting_minutes: Option<i64>,
        #[case] stale: bool,
        #[case] banner: bool,
    ) {
        let now = Timestamp::from_timestamp(1_780_000_000, 0).expect("a valid moment");
        let oldest_pending_at = waiting_minutes.map(|minutes| now - Duration::minutes(minutes));
        let facts = SyncFacts { failed_count, pending_count: u64::from(waiting_minutes.is_some()), oldest_pending_at };
        let status = data_status(&facts, now);
        assert_eq!((status.has_failed_sync, status.stale), (failed_count > 0, stale));
        let text = "Your responses were saved on this device. The study team has been notified.";
        assert_eq!(status.banner, banner.then_some(text), "the checklist's words, §9.1");
        assert_eq!((status.failed_count, status.oldest_pending_at), (failed_count, oldest_pending_at));
    }
}
