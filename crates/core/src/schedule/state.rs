//! What a visit is to people on a day.
//!
//! Invariant: only a pending visit depends on the day; both ends of its window are in it.

use chrono::NaiveDate;

use crate::words::{VisitState, VisitStatus};

/// The state on `today` of a visit whose window is `window_start..=window_end`.
#[must_use]
pub fn visit_state(
    status: VisitStatus,
    window_start: NaiveDate,
    window_end: NaiveDate,
    today: NaiveDate,
) -> VisitState {
    match status {
        VisitStatus::Completed => VisitState::Completed,
        VisitStatus::Missed => VisitState::Missed,
        VisitStatus::Cancelled => VisitState::Cancelled,
        VisitStatus::Pending if today < window_start => VisitState::Upcoming,
        VisitStatus::Pending if today <= window_end => VisitState::Due,
        VisitStatus::Pending => VisitState::Overdue,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::schedule::fixtures::day;

    #[rstest]
    #[case::before("2026-03-01", VisitState::Upcoming)]
    #[case::first_day("2026-03-02", VisitState::Due)]
    #[case::last_day("2026-03-05", VisitState::Due)]
    #[case::after("2026-03-06", VisitState::Overdue)]
    fn a_pending_visit_is_what_its_window_says(#[case] today: &str, #[case] expected: VisitState) {
        let (start, end) = (day("2026-03-02"), day("2026-03-05"));
        assert_eq!(visit_state(VisitStatus::Pending, start, end, day(today)), expected);
        for (status, state) in [
            (VisitStatus::Completed, VisitState::Completed),
            (VisitStatus::Missed, VisitState::Missed),
            (VisitStatus::Cancelled, VisitState::Cancelled),
        ] {
            assert_eq!(visit_state(status, start, end, day(today)), state, "whatever the day");
        }
    }
}
