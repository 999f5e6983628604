//! The outbound budget of one REDCap host, over all studies and processes.
//!
//! GCRA: one stored moment (the *theoretical arrival time*) is the whole state, so that two processes need only
//! agree on a single value. REDCap bans an address above 600 requests a minute until an administrator lifts the ban
//! (redcap.md); the budget stays well below. Invariant: any 60 s hold at most `per_minute` starts, the burst among them.

use chrono::Duration;

use crate::Timestamp;

/// How much may leave for one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSettings {
    /// Requests in any 60 seconds at most; 0 is read as 1.
    pub per_minute: u32,
    /// Requests of these that may leave at once after a pause; 0 is read as 1, more than half of them as half.
    pub burst: u32,
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self { per_minute: 300, burst: 10 }
    }
}

impl BudgetSettings {
    /// Half of it: what a process allows itself while it cannot know what the others take.
    #[must_use]
    pub const fn halved(self) -> Self {
        Self { per_minute: self.per_minute / 2, burst: self.burst / 2 }
    }

    /// Microseconds between two starts, in the long run.
    ///
    /// A burst and what follows it share the minute, so that the steady rate is what the burst leaves of it. Rounded up:
    /// rounding down would let a few more through than the operator allowed.
    #[must_use]
    pub fn interval_us(&self) -> i64 {
        let steady = i64::from(self.per_minute.max(1)) - self.burst() + 1;
        (60_000_000 + steady - 1) / steady
    }

    fn tolerance_us(&self) -> i64 {
        self.interval_us().saturating_mul(self.burst() - 1)
    }

    fn burst(&self) -> i64 {
        i64::from(self.burst.clamp(1, self.per_minute.max(1).div_ceil(2)))
    }
}

/// A reserved start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// When the request may start: `now`, or later when the budget is used up.
    pub start_at: Timestamp,
    /// The state to store if the slot is taken.
    pub new_tat: Timestamp,
}

/// Reserves the next start. `tat` is the stored state, none for a host never called.
///
/// A caller that will not wait until `start_at` leaves `new_tat` unstored and comes back at `start_at`.
#[must_use]
pub fn take(tat: Option<Timestamp>, now: Timestamp, settings: &BudgetSettings) -> Slot {
    let tat = tat.map_or(now, |stored| stored.max(now));
    let earliest = tat.checked_sub_signed(Duration::microseconds(settings.tolerance_us())).unwrap_or(now);
    let new_tat = tat.checked_add_signed(Duration::microseconds(settings.interval_us())).unwrap_or(tat);
    Slot { start_at: earliest.max(now), new_tat }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(us: i64) -> Timestamp {
        Timestamp::from_timestamp_micros(1_780_000_000_000_000 + us).expect("a valid moment")
    }

    #[test]
    fn a_burst_leaves_at_once_and_the_next_waits_one_interval() {
        let settings = BudgetSettings { per_minute: 309, burst: 10 };
        let mut tat = None;
        for _ in 0..10 {
            let slot = take(tat, at(0), &settings);
            assert_eq!(slot.start_at, at(0));
            tat = Some(slot.new_tat);
        }
        assert_eq!(take(tat, at(0), &settings).start_at, at(200_000), "the other 300 of the minute are one in 200 ms");
        assert_eq!(take(tat, at(60_000_000), &settings).start_at, at(60_000_000), "a pause refills the burst");
    }

    #[test]
    fn the_smallest_budgets_hold_too() {
        for per_minute in [0, 1] {
            let settings = BudgetSettings { per_minute, burst: 10 };
            let first = take(None, at(0), &settings);
            assert_eq!(first.start_at, at(0));
            assert_eq!(take(Some(first.new_tat), at(0), &settings).start_at, at(60_000_000), "{per_minute}");
        }
        assert_eq!(
            BudgetSettings { per_minute: 300, burst: 10 }.halved(),
            BudgetSettings { per_minute: 150, burst: 5 }
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_minute_holds_at_most_the_budget(
            per_minute in 1_u32..400,
            burst in 0_u32..20,
            steps in prop::collection::vec(0_i64..400_000, 1..700),
        ) {
            let settings = BudgetSettings { per_minute, burst };
            let (mut now, mut tat, mut starts) = (0, None, Vec::new());
            for step in steps {
                now += step;
                let slot = take(tat, at(now), &settings);
                prop_assert!(slot.start_at >= at(now));
                starts.push(slot.start_at);
                tat = Some(slot.new_tat);
            }
            prop_assert!(starts.is_sorted());
            let most = per_minute as usize;
            for (first, start) in starts.iter().enumerate() {
                let within = starts[first..].iter().take_while(|later| **later - *start < Duration::seconds(60)).count();
                prop_assert!(within <= most, "{within} starts in a minute, {most} allowed");
            }
        }
    }
}
