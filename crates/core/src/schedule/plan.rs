//! The scheduler: visit windows and an anchor date become visits with their dates.
//!
//! Invariant: a date that the calendar does not have is a refusal, never a panic and never clipped.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::Window;
use crate::ids::WindowId;

/// A visit to be made. All three dates are days in the participant's time zone, both ends of the window included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedVisit {
    /// The window it belongs to.
    pub window: WindowId,
    /// REDCap's unique event name.
    pub event_name: String,
    /// The day it is due.
    pub target: NaiveDate,
    /// The first day it may happen.
    pub window_start: NaiveDate,
    /// The last day it may happen.
    pub window_end: NaiveDate,
}

/// Why visits cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleRefusal {
    /// The study has windows, none of them in this arm.
    #[error("arm {arm_num} has no visit windows; check the record's arm, or sync events if the arm is new in REDCap")]
    UnknownArm {
        /// The arm.
        arm_num: i32,
    },
    /// A date that the calendar does not have.
    #[error(
        "the dates of event {event_name:?} leave the calendar with the anchor {anchor}; check the anchor and the event's offsets"
    )]
    OutOfCalendar {
        /// The event.
        event_name: String,
        /// The anchor date.
        anchor: NaiveDate,
    },
}

/// Plans the visits of one arm, ordered by target date, then by the windows' position.
///
/// Retired windows, windows without an offset and those in `skip` have no visit. A study without any window yields an
/// empty plan: it has no schedule.
///
/// # Errors
/// An arm that the windows do not know, or dates beyond the calendar.
pub fn plan_visits(
    windows: &[Window],
    arm_num: i32,
    anchor: NaiveDate,
    skip: &BTreeSet<WindowId>,
) -> Result<Vec<PlannedVisit>, ScheduleRefusal> {
    if !windows.is_empty() && windows.iter().all(|window| window.arm_num != arm_num) {
        return Err(ScheduleRefusal::UnknownArm { arm_num });
    }
    let mut planned = Vec::new();
    for window in
        windows.iter().filter(|window| window.active && window.arm_num == arm_num && !skip.contains(&window.id))
    {
        let Some(day_offset) = window.day_offset else { continue };
        let visit = plan_visit(window, day_offset, anchor)
            .ok_or_else(|| ScheduleRefusal::OutOfCalendar { event_name: window.event_name.clone(), anchor })?;
        planned.push((visit.target, window.position, visit));
    }
    // The id decides between windows of one position, so that a plan never depends on the order of the rows.
    planned.sort_by_key(|(target, position, visit)| (*target, *position, visit.window));
    Ok(planned.into_iter().map(|(_, _, visit)| visit).collect())
}

/// Plans the visits of somebody who is enrolled into `arm_num` now: as [`plan_visits`], and an arm that REDCap no longer has is
/// as unknown as one that it never had.
///
/// # Errors
/// As for [`plan_visits`].
pub fn plan_enrolment(
    windows: &[Window],
    arm_num: i32,
    anchor: NaiveDate,
) -> Result<Vec<PlannedVisit>, ScheduleRefusal> {
    let active: Vec<Window> = windows.iter().filter(|window| window.active).cloned().collect();
    plan_visits(&active, arm_num, anchor, &BTreeSet::new())
}

fn plan_visit(window: &Window, day_offset: i32, anchor: NaiveDate) -> Option<PlannedVisit> {
    let days = Days::new(u64::from(day_offset.unsigned_abs()));
    let target = if day_offset < 0 { anchor.checked_sub_days(days) } else { anchor.checked_add_days(days) }?;
    Some(PlannedVisit {
        window: window.id,
        event_name: window.event_name.clone(),
        target,
        window_start: target.checked_sub_days(Days::new(u64::from(window.days_before)))?,
        window_end: target.checked_add_days(Days::new(u64::from(window.days_after)))?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::fixtures::{day, window};

    #[test]
    fn visits_follow_the_offsets_over_a_leap_day() {
        let windows = [window(2, 1, 30, 2, 3), window(1, 1, -7, 0, 0), window(3, 2, 0, 0, 0)];
        let planned = plan_visits(&windows, 1, day("2028-01-30"), &BTreeSet::new()).expect("a plan");
        let dates: Vec<_> = planned.iter().map(|visit| (visit.window_start, visit.target, visit.window_end)).collect();
        assert_eq!(
            dates,
            [
                (day("2028-01-23"), day("2028-01-23"), day("2028-01-23")),
                (day("2028-02-27"), day("2028-02-29"), day("2028-03-03")),
            ]
        );
    }

    #[test]
    fn retired_skipped_and_unscheduled_windows_have_no_visit() {
        let mut windows =
            vec![window(1, 1, 0, 0, 0), window(2, 1, 1, 0, 0), window(3, 1, 2, 0, 0), window(4, 1, 3, 0, 0)];
        windows[1].active = false;
        windows[2].day_offset = None;
        let planned = plan_visits(&windows, 1, day("2026-03-01"), &BTreeSet::from([windows[3].id])).expect("a plan");
        assert_eq!(planned.iter().map(|visit| visit.window).collect::<Vec<_>>(), [windows[0].id]);
    }

    #[test]
    fn an_unknown_arm_and_a_date_beyond_the_calendar_are_refused() {
        let windows = [window(1, 1, i32::MAX, 0, 0)];
        assert_eq!(
            plan_visits(&windows, 2, day("2026-03-01"), &BTreeSet::new()),
            Err(ScheduleRefusal::UnknownArm { arm_num: 2 })
        );
        assert!(matches!(
            plan_visits(&windows, 1, day("2026-03-01"), &BTreeSet::new()),
            Err(ScheduleRefusal::OutOfCalendar { .. })
        ));
        assert_eq!(
            plan_visits(&[], 2, day("2026-03-01"), &BTreeSet::new()),
            Ok(Vec::new()),
            "a study without a schedule"
        );
    }

    #[test]
    fn nobody_is_enrolled_into_an_arm_that_redcap_no_longer_has() {
        let mut windows = vec![window(1, 1, 0, 0, 0), window(2, 2, 0, 0, 0)];
        windows[1].active = false;
        let anchor = day("2026-03-01");
        assert_eq!(plan_enrolment(&windows, 2, anchor), Err(ScheduleRefusal::UnknownArm { arm_num: 2 }));
        assert_eq!(plan_enrolment(&windows, 1, anchor).expect("a plan").len(), 1);
        assert_eq!(plan_visits(&windows, 2, anchor, &BTreeSet::new()), Ok(vec![]), "who is in it already can be moved");
        windows[0].active = false;
        assert_eq!(plan_enrolment(&windows, 1, anchor), Ok(vec![]), "a study that has no schedule any more");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn each_window_is_planned_once_in_order_whatever_the_order_of_rows(
            offsets in prop::collection::vec((-400_i32..4000, 0_u32..60, 0_u32..60), 1..20),
            shift in 0_i64..30_000,
            turn in 0_usize..20,
        ) {
            let anchor = day("1980-01-01") + chrono::Duration::days(shift);
            let mut windows: Vec<_> = (1..)
                .zip(&offsets)
                .map(|(number, (offset, before, after))| window(number, 1, *offset, *before, *after))
                .collect();
            let planned = plan_visits(&windows, 1, anchor, &BTreeSet::new()).expect("a plan");
            prop_assert_eq!(planned.len(), windows.len());
            prop_assert!(planned.is_sorted_by_key(|visit| visit.target));
            for visit in &planned {
                let window = windows.iter().find(|window| window.id == visit.window).expect("its window");
                prop_assert_eq!((visit.target - anchor).num_days(), i64::from(window.day_offset.unwrap_or_default()));
                prop_assert_eq!((visit.target - visit.window_start).num_days(), i64::from(window.days_before));
                prop_assert_eq!((visit.window_end - visit.target).num_days(), i64::from(window.days_after));
            }
            let by = turn % windows.len();
            windows.rotate_left(by);
            prop_assert_eq!(plan_visits(&windows, 1, anchor, &BTreeSet::new()).expect("a plan"), planned);
        }
    }
}
