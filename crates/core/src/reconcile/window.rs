//! Which stretch of REDCap's log a run reads.
//!
//! Invariant: what was written after the last run is inside, through a change of summer time and through a log that lags.

use chrono::{Duration, NaiveDateTime};

/// How far before the last run's end the next one begins: an hour for summer time, two between a log that is an hour early and
/// one that is an hour late, and the rest for what is written down late.
const OVERLAP: Duration = Duration::hours(6);
/// How far two readings of one line may lie apart – an hour early, an hour late – and a quarter of an hour.
const NEAR: Duration = Duration::minutes(135);
/// The longest stretch that is asked for at once: servers give up on long ones.
const LONGEST: Duration = Duration::days(7);

/// A stretch of the log, both minutes included; without an end, to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogWindow {
    /// The first minute.
    pub begin: NaiveDateTime,
    /// The last minute.
    pub end: Option<NaiveDateTime>,
}

/// Where a run begins after one that has read to `mark`: before the overlap, and where no flag of `flags` is near, so that a log
/// whose times are off moves none across the edge.
#[must_use]
pub fn quiet_begin(mark: NaiveDateTime, flags: &[NaiveDateTime]) -> NaiveDateTime {
    let mut flags: Vec<NaiveDateTime> = flags.to_vec();
    flags.sort_unstable();
    let overlap = mark - OVERLAP;
    // From the latest to the earliest: each one that is near moves the beginning before it.
    flags.iter().rev().fold(overlap, |begin, flag| if (*flag - begin).abs() <= NEAR { *flag - NEAR * 2 } else { begin })
}

/// The stretches from `begin`, of which the last has no end. `latest` is a moment that REDCap's clock has not passed.
#[must_use]
pub fn log_windows(begin: NaiveDateTime, latest: NaiveDateTime) -> Vec<LogWindow> {
    let mut windows = vec![];
    let mut next = begin;
    while next + LONGEST < latest {
        windows.push(LogWindow { begin: next, end: Some(next + LONGEST - Duration::minutes(1)) });
        next += LONGEST;
    }
    windows.push(LogWindow { begin: next, end: None });
    windows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minutes: i64) -> NaiveDateTime {
        NaiveDateTime::default() + Duration::minutes(minutes)
    }

    #[test]
    fn a_run_begins_before_the_overlap() {
        assert_eq!(quiet_begin(at(600), &[]), at(240));
        assert_eq!(quiet_begin(at(600), &[at(500), at(100 - 8)]), at(240), "none is near");
        assert_eq!(quiet_begin(at(600), &[at(300)]), at(30), "one is near");
    }

    #[test]
    fn long_stretches_are_asked_for_by_the_week() {
        let week = 7 * 24 * 60;
        let windows = log_windows(at(0), at(2 * week + 5));
        assert_eq!(windows.len(), 3);
        assert_eq!((windows[0].begin, windows[0].end), (at(0), Some(at(week - 1))));
        assert_eq!((windows[1].begin, windows[2].begin, windows[2].end), (at(week), at(2 * week), None));
        assert_eq!(log_windows(at(0), at(-5)), [LogWindow { begin: at(0), end: None }]);
    }

    proptest! {
        #[test]
        fn no_flag_is_near_the_beginning(mark in 0..10_000_i64, flags in prop::collection::vec(-5_000..10_000_i64, 0..40)) {
            let flags: Vec<_> = flags.into_iter().map(at).collect();
            let begin = quiet_begin(at(mark), &flags);
            prop_assert!(begin <= at(mark) - OVERLAP);
            prop_assert!(flags.iter().all(|flag| (*flag - begin).abs() > NEAR), "{begin}");
        }
    }
}
