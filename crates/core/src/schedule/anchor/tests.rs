//! Anchor moves by example, and any history of moves against what must never change.

use std::collections::BTreeMap;

use chrono::Duration;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::schedule::fixtures::{day, window};

const TODAY: &str = "2026-06-15";

fn version(number: i32) -> ScheduleVersionId {
    ScheduleVersionId(Uuid::from_u128(number.unsigned_abs().into()))
}

fn visit(number: u128, window: &Window, status: VisitStatus, date: &str) -> VisitFacts {
    VisitFacts {
        id: VisitId(Uuid::from_u128(number)),
        version: version(1),
        window: window.id,
        status,
        scheduled_date: day(date),
        original_target_date: None,
    }
}

fn facts(visits: Vec<VisitFacts>, windows: &[Window]) -> AnchorFacts {
    AnchorFacts {
        participant: ParticipantStatus::Enrolled,
        current: VersionFacts { id: version(1), version_number: 1, anchor: day("2026-06-01") },
        visits,
        windows: windows.to_vec(),
        arm_num: 1,
        gate_open: true,
        handling: CompletedVisitHandling::FlagForReview,
        today: day(TODAY),
    }
}

fn three_visits() -> AnchorFacts {
    let windows = [window(1, 1, 0, 0, 0), window(2, 1, 7, 1, 1), window(3, 1, 30, 3, 3), window(4, 2, 0, 0, 0)];
    let visits = vec![
        visit(1, &windows[0], VisitStatus::Completed, "2026-06-01"),
        visit(2, &windows[1], VisitStatus::Missed, "2026-06-08"),
        visit(3, &windows[2], VisitStatus::Pending, "2026-07-01"),
    ];
    facts(visits, &windows)
}

fn created(plan: &AnchorPlan) -> Vec<(WindowId, NaiveDate)> {
    plan.create.iter().map(|visit| (visit.window, visit.target)).collect()
}

#[test]
fn a_move_keeps_completed_flags_missed_and_replans_pending() {
    let facts = three_visits();
    let [completed, missed, pending] = [0, 1, 2].map(|index| facts.visits[index].id);
    let plan = move_anchor(&facts, day("2026-06-10")).expect("a plan");
    assert_eq!((plan.supersede, plan.next_version_number), (version(1), 2));
    assert_eq!(plan.reconcile, [(completed, day("2026-06-01"))]);
    assert_eq!(
        (&plan.review[..], &plan.flag_missed[..], &plan.cancel[..]),
        (&[completed][..], &[missed][..], &[pending][..])
    );
    let (second, third) = (facts.windows[1].id, facts.windows[2].id);
    assert_eq!(
        created(&plan),
        [(second, day("2026-06-17")), (third, day("2026-07-10"))],
        "the missed one can be kept now"
    );
    assert_eq!(plan.counts, AnchorCounts { reconciled: 1, cancelled: 1, flagged: 1, created: 2 });
}

#[test]
fn a_missed_window_that_would_be_over_stays_missed_and_is_named() {
    let facts = three_visits();
    // The second window is day 7 ± 1, so that with this anchor it ends on the day before today.
    let plan = move_anchor(&facts, day("2026-06-06")).expect("a plan");
    assert_eq!(plan.left_missed, [facts.windows[1].id]);
    assert_eq!(created(&plan), [(facts.windows[2].id, day("2026-07-06"))]);
    let last_day = move_anchor(&facts, day("2026-06-07")).expect("a plan");
    assert_eq!(last_day.left_missed, [], "a window that ends today can still be kept");
}

#[test]
fn the_policy_decides_about_completed_visits() {
    for (handling, reviewed, visits) in [
        (CompletedVisitHandling::FlagForReview, 1, 2),
        (CompletedVisitHandling::Preserve, 0, 2),
        (CompletedVisitHandling::ReWindow, 0, 3),
    ] {
        let plan = move_anchor(&AnchorFacts { handling, ..three_visits() }, day("2026-06-10")).expect("a plan");
        assert_eq!((plan.reconcile.len(), plan.review.len(), plan.create.len()), (1, reviewed, visits), "{handling}");
    }
}

#[test]
fn the_snapshot_is_written_once() {
    let mut facts = three_visits();
    facts.visits[0].original_target_date = Some(day("2026-05-20"));
    let plan = move_anchor(&facts, day("2026-06-10")).expect("a plan");
    assert_eq!(plan.reconcile[0].1, day("2026-05-20"));
}

#[test]
fn earlier_versions_are_history() {
    let mut facts = three_visits();
    let plan = move_anchor(&facts, day("2026-06-10")).expect("a plan");
    apply(&mut facts, &plan);
    let second = move_anchor(&facts, day("2026-06-12")).expect("a plan");
    let expected = AnchorCounts { reconciled: 0, cancelled: 2, flagged: 0, created: 2 };
    assert_eq!(second.counts, expected, "only the visits of version 2 are touched, and version 1 is still remembered");
}

#[test]
fn a_closed_gate_makes_an_empty_version() {
    let plan = move_anchor(&AnchorFacts { gate_open: false, ..three_visits() }, day("2026-06-10")).expect("a plan");
    assert_eq!((plan.create.len(), plan.cancel.len(), plan.next_version_number), (0, 1, 2));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let refused = |facts: &AnchorFacts, to: &str| move_anchor(facts, day(to)).expect_err("refused").to_string();
    let facts = three_visits();
    assert_eq!(refused(&facts, "2026-06-01"), "the anchor date is already 2026-06-01; nothing to move");
    assert_eq!(
        refused(&facts, "2036-06-16"),
        "2036-06-16 is more than 10 years from today, 2026-06-15; check the year"
    );
    assert!(refused(&facts, "2016-06-14").contains("check the year"));
    for edge in ["2036-06-15", "2016-06-15"] {
        assert!(move_anchor(&facts, day(edge)).is_ok());
    }
    let withdrawn = AnchorFacts { participant: ParticipantStatus::Withdrawn, ..three_visits() };
    assert!(refused(&withdrawn, "2026-06-10").contains("withdrawn"));
    assert!(matches!(
        move_anchor(&AnchorFacts { arm_num: 9, ..three_visits() }, day("2026-06-10")),
        Err(AnchorRefusal::Schedule(ScheduleRefusal::UnknownArm { arm_num: 9 }))
    ));
}

/// What the store does with a plan: each visit may be named by one list at most.
fn apply(facts: &mut AnchorFacts, plan: &AnchorPlan) {
    let mut named = BTreeSet::new();
    let lists = plan.reconcile.iter().map(|(id, _)| *id).chain(plan.cancel.iter().copied());
    for id in lists.chain(plan.flag_missed.iter().copied()) {
        assert!(named.insert(id), "a visit in two states");
    }
    for visit in &mut facts.visits {
        if let Some((_, original)) = plan.reconcile.iter().find(|(id, _)| *id == visit.id) {
            visit.original_target_date = Some(*original);
        }
        if plan.cancel.contains(&visit.id) {
            visit.status = VisitStatus::Cancelled;
        }
    }
    let number = plan.next_version_number;
    facts.current = VersionFacts { id: version(number), version_number: number, anchor: plan.to };
    for planned in &plan.create {
        facts.visits.push(VisitFacts {
            id: VisitId(Uuid::from_u128(facts.visits.len() as u128)),
            version: version(number),
            window: planned.window,
            status: VisitStatus::Pending,
            scheduled_date: planned.target,
            original_target_date: None,
        });
    }
}

fn each_window_is_accounted_for(facts: &AnchorFacts, plan: &AnchorPlan) -> Result<(), TestCaseError> {
    for window in facts.windows.iter().filter(|window| window.active && window.arm_num == facts.arm_num) {
        let of_window = || facts.visits.iter().filter(|visit| visit.window == window.id);
        let completed = of_window().any(|visit| visit.status == VisitStatus::Completed);
        let fresh = of_window().filter(|visit| visit.version == facts.current.id).count();
        let left = plan.left_missed.contains(&window.id);
        let re_window = facts.handling == CompletedVisitHandling::ReWindow;
        prop_assert!(fresh <= 1);
        prop_assert_eq!(usize::from(completed && !re_window) + fresh + usize::from(left), 1, "window {}", window.label);
        prop_assert!(!left || of_window().any(|visit| visit.status == VisitStatus::Missed));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_number_of_moves_keeps_history(
        offsets in prop::collection::vec((-10_i32..200, 0_u32..10, 0_u32..10), 1..8),
        retired in 0_usize..8,
        handling in prop::sample::select(CompletedVisitHandling::ALL),
        moves in prop::collection::vec((-900_i64..900, 0_i64..120, any::<u32>()), 1..8),
    ) {
        let mut windows: Vec<_> =
            (1..).zip(&offsets).map(|(number, (offset, before, after))| window(number, 1, *offset, *before, *after)).collect();
        if let Some(window) = windows.get_mut(retired) {
            window.active = false;
        }
        let mut facts = AnchorFacts { handling, ..facts(Vec::new(), &windows) };
        let mut kept: BTreeMap<VisitId, VisitFacts> = BTreeMap::new();
        for (step, (shift, days, luck)) in moves.into_iter().enumerate() {
            let to = day("2028-02-29") + Duration::days(shift);
            if to == facts.current.anchor {
                prop_assert!(move_anchor(&facts, to).is_err());
                continue;
            }
            let before = facts.visits.clone();
            let plan = move_anchor(&facts, to).expect("a plan");
            prop_assert_eq!(plan.next_version_number, facts.current.version_number + 1);
            apply(&mut facts, &plan);
            each_window_is_accounted_for(&facts, &plan)?;
            for (was, is) in before.iter().zip(&facts.visits) {
                prop_assert_eq!((was.id, was.version, was.window, was.scheduled_date), (is.id, is.version, is.window, is.scheduled_date));
                let pending_before = was.status == VisitStatus::Pending;
                prop_assert_eq!(is.status, if pending_before { VisitStatus::Cancelled } else { was.status });
            }
            for visit in &facts.visits {
                if let Some(first) = kept.get(&visit.id) {
                    prop_assert_eq!(visit.original_target_date, Some(first.scheduled_date), "written once");
                }
                if visit.original_target_date.is_some() {
                    kept.entry(visit.id).or_insert(*visit);
                }
            }
            live(&mut facts, luck.rotate_left(u32::try_from(step).unwrap_or_default()), days);
        }
    }
}

/// Time passes: visits of the current version are completed or missed.
fn live(facts: &mut AnchorFacts, luck: u32, days: i64) {
    facts.today += Duration::days(days);
    let current = facts.current.id;
    for (index, visit) in facts.visits.iter_mut().filter(|visit| visit.version == current).enumerate() {
        visit.status = match (luck >> ((2 * index) % 32)) & 3 {
            0 => VisitStatus::Completed,
            1 => VisitStatus::Missed,
            _ => visit.status,
        };
    }
}
