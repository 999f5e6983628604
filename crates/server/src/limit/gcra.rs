//! The generic cell rate algorithm: one moment per key says how far ahead of its rate the key is. Pure.

use metricis_core::Timestamp;

/// A rate and how much of it may come at once, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Quota {
    pub(super) interval_us: i64,
    pub(super) burst_us: i64,
    /// Requests a minute; also what may come at once.
    pub(crate) limit: u32,
}

/// Whether a request may go on, and what its headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    /// The quota's limit.
    pub(crate) limit: u32,
    /// Requests that may still come at once.
    pub(crate) remaining: u32,
    /// Seconds until the whole burst is there again, rounded up.
    pub(crate) reset_s: u64,
    /// Seconds until the next is let through, rounded up; 0 when this one is.
    pub(crate) retry_after_s: u64,
}

impl Quota {
    pub(crate) fn per_minute(limit: u32) -> Self {
        let limit = limit.max(1);
        let interval_us = 60_000_000 / i64::from(limit);
        Self { interval_us, burst_us: interval_us * i64::from(limit), limit }
    }

    /// Decides with the key's stored moment (microseconds since 1970); returns the moment to store, if it changes.
    pub(super) fn decide(&self, stored_us: Option<i64>, now: Timestamp) -> (Decision, Option<i64>) {
        let now_us = now.timestamp_micros();
        let ahead = stored_us.map_or(0, |stored| (stored - now_us).max(0));
        let next = ahead + self.interval_us;
        if next > self.burst_us {
            return (self.decision(false, ahead), None);
        }
        (self.decision(true, next), Some(now_us + next))
    }

    /// The decision when the key is `ahead` of now.
    pub(super) fn decision(&self, allowed: bool, ahead: i64) -> Decision {
        let left = u32::try_from((self.burst_us - ahead) / self.interval_us).unwrap_or(0);
        let wait_us = if allowed { 0 } else { ahead + self.interval_us - self.burst_us };
        Decision {
            allowed,
            limit: self.limit,
            remaining: if allowed { left } else { 0 },
            reset_s: seconds_up(ahead),
            retry_after_s: if allowed { 0 } else { seconds_up(wait_us).max(1) },
        }
    }
}

fn seconds_up(us: i64) -> u64 {
    us.max(0).unsigned_abs().div_ceil(1_000_000)
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    #[test]
    fn a_burst_of_the_limit_then_one_per_interval() {
        let quota = Quota::per_minute(60);
        let start = Timestamp::from_timestamp(1_772_442_000, 0).expect("a moment");
        let mut stored = None;
        let mut take = |now| {
            let (decision, next) = quota.decide(stored, now);
            stored = next.or(stored);
            decision
        };
        for left in (0..60).rev() {
            assert_eq!((take(start).remaining, true), (left, true));
        }
        let refused = take(start);
        assert_eq!((refused.allowed, refused.retry_after_s, refused.reset_s), (false, 1, 60));
        assert!(!take(start + Duration::milliseconds(999)).allowed);
        assert!(take(start + Duration::seconds(1)).allowed);
        assert!(!take(start + Duration::seconds(1)).allowed);
    }
}
