//! Following REDCap's events after the enrolment: which visits a participant lacks, and which differ from what REDCap says.
//!
//! Invariants: nothing is moved or removed here; what is added comes from [`plan_visits`] and goes into the current version; a
//! window gets no visit that is over, that it has, or that was held in an earlier version, so that following twice adds once.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;

use super::{PlannedVisit, ScheduleRefusal, Window, plan_visits};
use crate::ids::WindowId;
use crate::words::{ParticipantStatus, VisitStatus};

/// All that the decision looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowFacts {
    /// The participant's status.
    pub participant: ParticipantStatus,
    /// The participant's arm.
    pub arm_num: i32,
    /// The current version's anchor date.
    pub anchor: NaiveDate,
    /// Whether the consent gate is open.
    pub gate_open: bool,
    /// The visits of all versions.
    pub visits: Vec<FollowedVisit>,
    /// Today, where the participant is.
    pub today: NaiveDate,
}

/// A visit of any version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowedVisit {
    /// The window it belongs to.
    pub window: WindowId,
    /// Whether it is in the current version.
    pub in_current_version: bool,
    /// What became of it.
    pub status: VisitStatus,
    /// First day, target date and last day.
    pub dates: (NaiveDate, NaiveDate, NaiveDate),
}

/// What there is to add, and how far the rest is from REDCap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FollowPlan {
    /// Visits that the current version lacks.
    pub create: Vec<PlannedVisit>,
    /// Pending visits whose dates are not what the offsets say now. They stay: a person moves them, or nobody does.
    pub differing: usize,
}

/// Compares an enrolled participant's visits with the windows. Whoever is not enrolled, or waits for consent, gets none.
///
/// A schedule that stands in another arm than the participant is a person's to settle: it is flagged, and not added to.
///
/// # Errors
/// As for [`plan_visits`].
pub fn follow_windows(facts: &FollowFacts, windows: &[Window]) -> Result<FollowPlan, ScheduleRefusal> {
    if facts.participant != ParticipantStatus::Enrolled || !facts.gate_open {
        return Ok(FollowPlan::default());
    }
    let planned = plan_visits(windows, facts.arm_num, facts.anchor, &BTreeSet::new())?;
    let pending = facts.visits.iter().filter(|visit| visit.in_current_version && visit.status == VisitStatus::Pending);
    let differs = |visit: &&FollowedVisit| {
        let now = planned.iter().find(|planned| planned.window == visit.window);
        now.is_some_and(|now| (now.window_start, now.target, now.window_end) != visit.dates)
    };
    let differing = pending.filter(differs).count();
    if is_in_another_arm(facts, windows) {
        return Ok(FollowPlan { create: vec![], differing });
    }
    let has = |window: WindowId| {
        let counts = |visit: &FollowedVisit| visit.in_current_version || visit.status == VisitStatus::Completed;
        facts.visits.iter().any(|visit| visit.window == window && counts(visit))
    };
    let mut create = planned;
    create.retain(|visit| visit.window_end >= facts.today && !has(visit.window));
    Ok(FollowPlan { create, differing })
}

fn is_in_another_arm(facts: &FollowFacts, windows: &[Window]) -> bool {
    let current = facts.visits.iter().filter(|visit| visit.in_current_version);
    let arms: Vec<Option<i32>> = current
        .map(|visit| windows.iter().find(|window| window.id == visit.window).map(|window| window.arm_num))
        .collect();
    !arms.is_empty() && !arms.contains(&Some(facts.arm_num))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::fixtures::{day, window};

    fn visit(window: &Window, status: VisitStatus) -> FollowedVisit {
        let planned = plan_visits(std::slice::from_ref(window), window.arm_num, day("2026-03-02"), &BTreeSet::new());
        let planned = planned.expect("a plan").remove(0);
        let dates = (planned.window_start, planned.target, planned.window_end);
        FollowedVisit { window: window.id, in_current_version: true, status, dates }
    }

    fn facts(visits: Vec<FollowedVisit>) -> FollowFacts {
        FollowFacts {
            participant: ParticipantStatus::Enrolled,
            arm_num: 1,
            anchor: day("2026-03-02"),
            gate_open: true,
            visits,
            today: day("2026-03-20"),
        }
    }

    fn added(facts: &FollowFacts, windows: &[Window]) -> Vec<WindowId> {
        follow_windows(facts, windows).expect("a plan").create.iter().map(|visit| visit.window).collect()
    }

    #[test]
    fn a_new_window_is_added_unless_it_is_over_or_of_another_arm() {
        let windows = [window(1, 1, 0, 1, 1), window(2, 1, 17, 0, 1), window(3, 1, 30, 0, 0), window(4, 2, 30, 0, 0)];
        let known = facts(vec![visit(&windows[0], VisitStatus::Completed)]);
        assert_eq!(added(&known, &windows), [windows[1].id, windows[2].id], "the 20th is the second's last day");
        let later = FollowFacts { today: day("2026-03-21"), ..known };
        assert_eq!(added(&later, &windows), [windows[2].id], "over");
        assert_eq!(added(&facts(vec![]), &windows).len(), 2, "enrolled before there were windows");
    }

    #[test]
    fn who_has_left_or_waits_for_consent_gets_nothing() {
        let windows = [window(1, 1, 30, 0, 0)];
        assert_eq!(added(&facts(vec![]), &windows).len(), 1);
        for participant in [ParticipantStatus::Screened, ParticipantStatus::Completed, ParticipantStatus::Withdrawn] {
            assert_eq!(added(&FollowFacts { participant, ..facts(vec![]) }, &windows), [], "{participant}");
        }
        assert_eq!(added(&FollowFacts { gate_open: false, ..facts(vec![]) }, &windows), []);
    }

    #[test]
    fn a_window_held_in_an_earlier_version_is_not_asked_for_again() {
        let windows = [window(1, 1, 30, 0, 0), window(2, 1, 40, 0, 0)];
        let earlier = |window, status| FollowedVisit { in_current_version: false, ..visit(window, status) };
        let held =
            facts(vec![earlier(&windows[0], VisitStatus::Completed), earlier(&windows[1], VisitStatus::Cancelled)]);
        assert_eq!(added(&held, &windows), [windows[1].id], "a cancelled one was of another schedule");
    }

    #[test]
    fn a_schedule_in_another_arm_is_left_to_a_person() {
        let windows = [window(1, 1, 30, 0, 0), window(2, 2, 30, 0, 0)];
        let moved = FollowFacts { arm_num: 2, ..facts(vec![visit(&windows[0], VisitStatus::Pending)]) };
        assert_eq!(follow_windows(&moved, &windows), Ok(FollowPlan::default()));
        let unknown = FollowFacts { arm_num: 3, ..moved };
        assert_eq!(follow_windows(&unknown, &windows), Err(ScheduleRefusal::UnknownArm { arm_num: 3 }));
    }

    #[test]
    fn pending_visits_whose_offsets_moved_are_counted_and_stay() {
        let mut windows = [window(1, 1, 20, 1, 1), window(2, 1, 30, 1, 1), window(3, 1, 40, 1, 1)];
        let visits = vec![
            visit(&windows[0], VisitStatus::Pending),
            visit(&windows[1], VisitStatus::Completed),
            visit(&windows[2], VisitStatus::Pending),
        ];
        for window in &mut windows {
            window.days_after = 5;
        }
        windows[2].active = false;
        let plan = follow_windows(&facts(visits), &windows).expect("a plan");
        assert_eq!(plan, FollowPlan { create: vec![], differing: 1 }, "not the completed, not the retired one");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn following_twice_adds_once(
            offsets in prop::collection::vec((-40_i32..90, 0_u32..9, 0_u32..9, any::<bool>()), 1..12),
        ) {
            let windows: Vec<Window> = (1..)
                .zip(&offsets)
                .map(|(number, (offset, before, after, _))| window(number, 1, *offset, *before, *after))
                .collect();
            let had = windows.iter().zip(&offsets).filter(|(_, (.., had))| *had);
            let mut facts = facts(had.map(|(window, _)| visit(window, VisitStatus::Pending)).collect());
            let first = follow_windows(&facts, &windows).expect("a plan");
            prop_assert!(first.create.iter().all(|visit| visit.window_end >= facts.today));
            for planned in &first.create {
                let window = windows.iter().find(|window| window.id == planned.window).expect("its window");
                facts.visits.push(visit(window, VisitStatus::Pending));
            }
            prop_assert_eq!(follow_windows(&facts, &windows), Ok(FollowPlan::default()));
        }
    }
}
