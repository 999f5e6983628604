//! The circuit breaker of one study: a pure state machine that all processes share through the database.
//!
//! ```text
//!              threshold consecutive api_errors            cooldown over, next caller
//!   ┌────────┐ ──────────────────────────────▶ ┌──────┐ ───────────────────────────▶ ┌──────────┐ ─┐ lease over:
//!   │ Closed │                                 │ Open │                              │ HalfOpen │  │ probe goes to
//!   └────────┘ ◀────────── reset ───────────── └──────┘ ◀──── the probe failed ───── └──────────┘ ◀┘ the next caller
//!        ▲                                                                                │
//!        └────────────────────────── the probe was answered ──────────────────────────────┘
//! ```
//!
//! Invariants: while open, nobody goes; while half open, only the holder of the lease goes. Each arrow grows
//! `generation`, and a result counts only for the generation it was begun in, so that the late result of a call
//! from before the last transition changes nothing (system.md, *Breaker*).

use chrono::Duration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;

mod columns;

pub use columns::BreakerColumns;

/// How the breaker behaves (`REDCAP_CIRCUIT_BREAKER_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// `false` is an operator's override: everybody goes and nothing is counted.
    pub enabled: bool,
    /// Consecutive `api_error`s that open it; 0 is read as 1.
    pub failure_threshold: u32,
    /// Seconds from opening to the probe.
    pub cooldown_s: u32,
    /// Seconds after which a probe that says nothing gives its turn to another caller.
    pub probe_lease_s: u32,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { enabled: true, failure_threshold: 5, cooldown_s: 60, probe_lease_s: 120 }
    }
}

/// The breaker's state. `failures` is the count of consecutive `api_error`s, kept through open for people to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Breaker {
    /// Calls go through.
    Closed {
        /// Consecutive `api_error`s so far.
        failures: u32,
        /// Grows with each transition.
        generation: i64,
    },
    /// Calls end at once with `circuit_open`.
    Open {
        /// Consecutive `api_error`s.
        failures: u32,
        /// When it opened, or opened again.
        opened_at: Timestamp,
        /// Grows with each transition.
        generation: i64,
    },
    /// One probe is under way.
    HalfOpen {
        /// Consecutive `api_error`s.
        failures: u32,
        /// When it opened.
        opened_at: Timestamp,
        /// Until when the probe is the holder's.
        lease_until: Timestamp,
        /// Who probes.
        probe: Uuid,
        /// Grows with each transition.
        generation: i64,
    },
}

/// What a caller that was let through brings back with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The generation it was let through in.
    pub generation: i64,
    /// Whether the call is the probe.
    pub probe: bool,
}

/// Whether a call may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Call REDCap, then settle with the ticket.
    Go {
        /// To be handed to [`Breaker::settle`].
        ticket: Ticket,
    },
    /// Do not contact REDCap; the call ends with `circuit_open`.
    Refused {
        /// When a call may go at the earliest.
        retry_at: Timestamp,
    },
}

/// How a call ended, as far as the breaker cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// REDCap answered, were it with a validation refusal.
    Answered,
    /// Unreachable, 5xx, or the token refused.
    ApiError,
}

/// A change that is logged and audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// Closed → open.
    Opened,
    /// The probe was answered.
    Closed,
    /// The probe failed.
    Reopened,
}

/// Stored columns that no transition could have written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored {what} is inconsistent: {detail}")]
pub struct Inconsistent {
    /// What was read.
    pub what: &'static str,
    /// Which combination is impossible.
    pub detail: String,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0, generation: 0 }
    }
}

impl Breaker {
    /// The number of the last transition.
    #[must_use]
    pub const fn generation(&self) -> i64 {
        match self {
            Self::Closed { generation, .. } | Self::Open { generation, .. } | Self::HalfOpen { generation, .. } => {
                *generation
            }
        }
    }

    /// Consecutive `api_error`s.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        match self {
            Self::Closed { failures, .. } | Self::Open { failures, .. } | Self::HalfOpen { failures, .. } => *failures,
        }
    }

    /// Asks whether `caller` may call REDCap; the returned state is to be stored before the call is made.
    ///
    /// After the cooldown exactly one caller gets the probe, with a lease of `probe_lease_s`; when the lease has run
    /// out without a result the next caller gets it, in a new generation.
    #[must_use]
    pub fn admit(self, now: Timestamp, settings: &BreakerSettings, caller: Uuid) -> (Self, Admission) {
        let go =
            |probe, state: Self| (state, Admission::Go { ticket: Ticket { generation: state.generation(), probe } });
        if !settings.enabled {
            return go(false, self);
        }
        let (failures, opened_at, due, generation) = match self {
            Self::Closed { .. } => return go(false, self),
            Self::Open { failures, opened_at, generation } => {
                (failures, opened_at, later(opened_at, settings.cooldown_s), generation)
            }
            Self::HalfOpen { failures, opened_at, lease_until, generation, .. } => {
                (failures, opened_at, lease_until, generation)
            }
        };
        if now < due {
            return (self, Admission::Refused { retry_at: due });
        }
        let lease_until = later(now, settings.probe_lease_s);
        go(true, Self::HalfOpen { failures, opened_at, lease_until, probe: caller, generation: generation + 1 })
    }

    /// Takes a call's result; a result from another generation, or of a probe that `caller` does not hold, is ignored.
    ///
    /// A probe whose lease has run out still counts as long as nobody took its place: its news is true.
    #[must_use]
    pub fn settle(
        self,
        ticket: Ticket,
        caller: Uuid,
        outcome: CallOutcome,
        now: Timestamp,
        settings: &BreakerSettings,
    ) -> (Self, Option<Transition>) {
        if !settings.enabled || ticket.generation != self.generation() {
            return (self, None);
        }
        match self {
            Self::Closed { generation, .. } if outcome == CallOutcome::Answered => {
                (Self::Closed { failures: 0, generation }, None)
            }
            Self::Closed { failures, generation } => {
                let failures = failures.saturating_add(1);
                if failures < settings.failure_threshold.max(1) {
                    return (Self::Closed { failures, generation }, None);
                }
                (Self::Open { failures, opened_at: now, generation: generation + 1 }, Some(Transition::Opened))
            }
            Self::HalfOpen { failures, probe, generation, .. } if ticket.probe && probe == caller => {
                let generation = generation + 1;
                match outcome {
                    CallOutcome::Answered => (Self::Closed { failures: 0, generation }, Some(Transition::Closed)),
                    CallOutcome::ApiError => {
                        let failures = failures.saturating_add(1);
                        (Self::Open { failures, opened_at: now, generation }, Some(Transition::Reopened))
                    }
                }
            }
            Self::Open { .. } | Self::HalfOpen { .. } => (self, None),
        }
    }

    /// A person closes it; results of calls already under way no longer count.
    #[must_use]
    pub const fn reset(self) -> Self {
        Self::Closed { failures: 0, generation: self.generation() + 1 }
    }
}

fn later(moment: Timestamp, seconds: u32) -> Timestamp {
    moment.checked_add_signed(Duration::seconds(i64::from(seconds))).unwrap_or(Timestamp::MAX_UTC)
}

#[cfg(test)]
mod tests;
