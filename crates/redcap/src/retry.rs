//! Whether and when a read may be sent again.
//!
//! Invariant: only a failure that may be gone in a moment is tried again, each time later and never at the same instant as
//! others that failed with it. A refusal, a redirect, a page with status 403 (a firewall, or a ban) is not: sending more makes
//! them worse.

use std::time::Duration;

use crate::error::CallError;

/// How often a read is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Sendings in all, the first included; 0 is read as 1.
    pub attempts: u32,
    /// The longest wait before the second sending; before each later one it is four times as long.
    pub first_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 3, first_wait: Duration::from_secs(1) }
    }
}

impl RetryPolicy {
    /// How long to wait before a read is sent again that has now failed `failed` times, the last time by `failure`; none when
    /// that is the end of it. The wait lies between half and all of the longest one, as `chance` says.
    #[must_use]
    pub fn wait(&self, failed: u32, failure: &CallError, chance: u64) -> Option<Duration> {
        if failed >= self.attempts || !failure.is_transient() {
            return None;
        }
        let longest = self.first_wait.saturating_mul(4_u32.saturating_pow(failed.saturating_sub(1)));
        let half = u64::try_from(longest.as_micros() / 2).unwrap_or(u64::MAX / 2);
        Some(Duration::from_micros(half + chance % (half + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_lie_between_half_and_all_of_the_longest() {
        let (policy, failure) = (RetryPolicy::default(), CallError::Gateway { status: 502 });
        let wait = |failed, chance| policy.wait(failed, &failure, chance).map(|wait| wait.as_millis());
        assert_eq!((wait(1, 0), wait(1, 500_000)), (Some(500), Some(1000)));
        assert_eq!((wait(2, 0), wait(2, 2_000_000)), (Some(2000), Some(4000)));
        assert_eq!(wait(1, u64::MAX).filter(|wait| (500..=1000).contains(wait)), wait(1, u64::MAX));
        assert_eq!(wait(3, 0), None, "three sendings in all");
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let policy = RetryPolicy::default();
        let again = |failure: CallError| policy.wait(1, &failure, 0).is_some();
        for failure in [
            CallError::Gateway { status: 503 },
            CallError::ServerFailed { status: 500 },
            CallError::DatabaseDown { status: 200 },
            CallError::Html { status: 200 },
            CallError::Unreachable { reason: "refused".into() },
            CallError::Cut { reason: "reset".into() },
            CallError::Status { status: 408 },
            CallError::Status { status: 429 },
        ] {
            assert!(again(failure.clone()), "{failure}");
        }
        for failure in [
            CallError::BadToken { status: 403 },
            CallError::Html { status: 403 },
            CallError::Status { status: 411 },
            CallError::Redirect { status: 302, origin: None },
            CallError::Timeout { after: Duration::from_secs(30) },
            CallError::OutOfMemory { status: 200 },
            CallError::TooLarge { limit: 1 },
            CallError::WrongRecord { asked: "7".into() },
            CallError::Unsendable { reason: "no rows".into() },
        ] {
            assert!(!again(failure.clone()), "{failure}");
        }
    }
}
