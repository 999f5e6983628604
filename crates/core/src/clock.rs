//! Time as every other room sees it: UTC, whole microseconds, handed in.
//!
//! PostgreSQL keeps microseconds and SQLite whatever it is given, so one truncation here is what makes an audit
//! row hash alike on both engines.

use std::sync::Mutex;

use chrono::{DateTime, Duration, SubsecRound, Utc};

/// A moment in UTC, truncated to microseconds.
pub type Timestamp = DateTime<Utc>;

/// Where the time comes from. The real one lives in the command line; tests turn a [`ManualClock`].
pub trait Clock: Send + Sync {
    /// The present moment, already truncated to microseconds.
    fn now(&self) -> Timestamp;
}

/// Cuts a moment to whole microseconds (never rounds up: a row must not be dated after its commit).
#[must_use]
pub fn truncate_to_us(moment: Timestamp) -> Timestamp {
    moment.trunc_subsecs(6)
}

/// A clock that stands still until it is advanced.
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn at(start: Timestamp) -> Self {
        Self(Mutex::new(truncate_to_us(start)))
    }

    /// Moves the clock; a negative duration turns it back.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = truncate_to_us(*now + by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
