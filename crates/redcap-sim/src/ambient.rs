//! The only place that reads the real clock and the random source; everything else is handed the time or a name.
//! Invariant: times are kept in UTC; the server's zone matters only where a time is written or compared as REDCap writes it.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// The simulated server's clock. It runs at the pace of the real one, from wherever it was set to.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// How far ahead of the real clock, or behind it.
    ahead_ms: i64,
    /// The zone in which the server writes and reads times. UTC unless said otherwise.
    #[serde(skip)]
    pub(crate) zone: Tz,
}

impl Clock {
    pub(crate) fn in_zone(zone: Tz) -> Self {
        Self { ahead_ms: 0, zone }
    }

    pub(crate) fn with_zone(self, zone: Tz) -> Self {
        Self { zone, ..self }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let now = real_now();
        now.checked_add_signed(TimeDelta::milliseconds(self.ahead_ms)).unwrap_or(now)
    }

    /// From now on it is `now`.
    pub(crate) fn set(&mut self, now: DateTime<Utc>) {
        self.ahead_ms = (now - real_now()).num_milliseconds();
    }

    /// A time as REDCap writes it on the wire: the server's own, without saying which zone that is.
    pub(crate) fn text(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S").to_string()
    }
}

#[expect(clippy::disallowed_methods, reason = "a simulated server has a clock of its own, as REDCap has")]
fn real_now() -> DateTime<Utc> {
    Utc::now()
}

/// 32 upper-case hexadecimal digits, the shape of a project's API token.
#[expect(clippy::disallowed_methods, reason = "tokens must differ between runs and nobody replays them")]
pub(crate) fn new_token() -> String {
    hex::encode_upper(rand::random::<[u8; 16]>())
}

/// 64 of them, the shape of a super token.
pub(crate) fn new_super_token() -> String {
    new_token() + &new_token()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_that_summer_time_ends_with_is_written_twice() {
        let clock = Clock::in_zone(chrono_tz::Europe::Zurich);
        let at = |text: &str| clock.text(text.parse().unwrap());
        assert_eq!(at("2026-10-25T00:30:00Z"), "2026-10-25 02:30:00");
        assert_eq!(at("2026-10-25T01:30:00Z"), "2026-10-25 02:30:00");
        assert_eq!(Clock::default().text("2026-10-25T00:30:00Z".parse().unwrap()), "2026-10-25 00:30:00");
    }

    #[test]
    fn a_clock_that_was_set_runs_on_from_there() {
        let mut clock = Clock::default();
        let start = "2020-02-29T12:00:00Z".parse().unwrap();
        clock.set(start);
        let (first, second) = (clock.now(), clock.now());
        assert!(start <= first && first <= second && second - start < TimeDelta::minutes(5));
    }
}
