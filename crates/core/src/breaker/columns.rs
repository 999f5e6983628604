//! The breaker as its table row: written from the state, and read back only if a state could have written it.

use uuid::Uuid;

use super::{Breaker, Inconsistent};
use crate::Timestamp;
use crate::words::BreakerState;

/// The columns of a breaker's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerColumns {
    /// Closed, open or half open.
    pub state: BreakerState,
    /// Consecutive `api_error`s; never negative.
    pub consecutive_failures: i32,
    /// Set unless closed.
    pub opened_at: Option<Timestamp>,
    /// Grows with each transition.
    pub generation: i64,
    /// Set while half open.
    pub probe_lease_until: Option<Timestamp>,
    /// Set while half open.
    pub probe_holder: Option<Uuid>,
}

impl Breaker {
    /// The row of this state.
    #[must_use]
    pub fn columns(&self) -> BreakerColumns {
        let (state, opened_at, probe_lease_until, probe_holder) = match *self {
            Self::Closed { .. } => (BreakerState::Closed, None, None, None),
            Self::Open { opened_at, .. } => (BreakerState::Open, Some(opened_at), None, None),
            Self::HalfOpen { opened_at, lease_until, probe, .. } => {
                (BreakerState::HalfOpen, Some(opened_at), Some(lease_until), Some(probe))
            }
        };
        BreakerColumns {
            state,
            consecutive_failures: i32::try_from(self.failures()).unwrap_or(i32::MAX),
            opened_at,
            generation: self.generation(),
            probe_lease_until,
            probe_holder,
        }
    }

    /// The state of a row.
    ///
    /// # Errors
    /// A combination that no state writes: a timestamp missing or left over, a negative count.
    pub fn from_columns(row: BreakerColumns) -> Result<Self, Inconsistent> {
        let BreakerColumns { state, consecutive_failures, opened_at, generation, probe_lease_until, probe_holder } =
            row;
        let wrong = |detail: String| Inconsistent { what: "breaker", detail };
        let failures = u32::try_from(consecutive_failures)
            .map_err(|_| wrong(format!("consecutive_failures is {consecutive_failures}")))?;
        match (state, opened_at, probe_lease_until, probe_holder) {
            (BreakerState::Closed, None, None, None) => Ok(Self::Closed { failures, generation }),
            (BreakerState::Open, Some(opened_at), None, None) => Ok(Self::Open { failures, opened_at, generation }),
            (BreakerState::HalfOpen, Some(opened_at), Some(lease_until), Some(probe)) => {
                Ok(Self::HalfOpen { failures, opened_at, lease_until, probe, generation })
            }
            _ => Err(wrong(format!(
                "state {state} with opened_at {}, probe_lease_until {}, probe_holder {}",
                presence(opened_at.is_some()),
                presence(probe_lease_until.is_some()),
                presence(probe_holder.is_some()),
            ))),
        }
    }
}

const fn presence(set: bool) -> &'static str {
    if set { "set" } else { "empty" }
}
