//! Event sync: REDCap's events become visit windows.
//!
//! Invariants (guarantee 21): idempotent – a second run creates nothing and updates all it matched; atomic – one bad
//! event refuses the whole plan; nothing is guessed – an event without offsets becomes a window that is not scheduled.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Window, WindowDraft, arm_of_event};
use crate::ids::WindowId;

/// Offsets beyond a hundred years are a mistake in REDCap, not a schedule.
const MAX_OFFSET_DAYS: u32 = 36_525;

/// An event as REDCap describes it, with its instruments from the event–instrument mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteEvent {
    /// Unique event name.
    pub event_name: String,
    /// The arm.
    pub arm_num: i64,
    /// The event's name for people.
    pub label: String,
    /// Days from the anchor; none when REDCap's scheduling module is off.
    pub day_offset: Option<i64>,
    /// Days before the target: `2` and `-2` mean the same.
    pub offset_min: Option<i64>,
    /// Days after the target.
    pub offset_max: Option<i64>,
    /// Instruments designated for the event.
    pub instruments: Vec<String>,
    /// Whether the event repeats.
    pub repeating: bool,
}

/// What an event sync will write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EventSyncPlan {
    /// New windows.
    pub create: Vec<WindowDraft>,
    /// Every window that REDCap still has, changed or not; all are set active.
    pub update: Vec<(WindowId, WindowDraft)>,
    /// Active windows that REDCap no longer has: they are set inactive and keep their visits.
    pub retire: Vec<WindowId>,
    /// Events without offsets: in the plan, and never scheduled until REDCap says when.
    pub unscheduled: Vec<String>,
}

/// Why events cannot be synced; nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventSyncRefusal {
    /// REDCap has no events at all.
    #[error("REDCap returned no events; is the project longitudinal, and may the token's user see its events?")]
    NoEvents,
    /// One event cannot be read.
    #[error("the event {event_name:?} (number {number}) {problem}; correct it in REDCap, nothing was changed")]
    BadEvent {
        /// The event.
        event_name: String,
        /// Its place in REDCap's answer, from 1.
        number: usize,
        /// What is wrong with it.
        problem: String,
    },
}

/// Compares REDCap's events with the study's windows, by unique event name.
///
/// # Errors
/// No event at all, or one that cannot be read.
pub fn plan_event_sync(remote: &[RemoteEvent], existing: &[Window]) -> Result<EventSyncPlan, EventSyncRefusal> {
    if remote.is_empty() {
        return Err(EventSyncRefusal::NoEvents);
    }
    let known: BTreeMap<&str, WindowId> =
        existing.iter().map(|window| (window.event_name.as_str(), window.id)).collect();
    let mut plan = EventSyncPlan::default();
    let mut seen = BTreeSet::new();
    for (index, event) in remote.iter().enumerate() {
        let bad =
            |problem| EventSyncRefusal::BadEvent { event_name: event.event_name.clone(), number: index + 1, problem };
        if !seen.insert(event.event_name.as_str()) {
            return Err(bad("appears twice".to_owned()));
        }
        let draft = draft_window(event, index).map_err(bad)?;
        if draft.day_offset.is_none() {
            plan.unscheduled.push(draft.event_name.clone());
        }
        match known.get(event.event_name.as_str()) {
            Some(id) => plan.update.push((*id, draft)),
            None => plan.create.push(draft),
        }
    }
    plan.retire = existing
        .iter()
        .filter(|window| window.active && !seen.contains(window.event_name.as_str()))
        .map(|window| window.id)
        .collect();
    Ok(plan)
}

fn draft_window(event: &RemoteEvent, index: usize) -> Result<WindowDraft, String> {
    if event.event_name.trim().is_empty() {
        return Err("has no unique event name".to_owned());
    }
    let Some(arm_num) = i32::try_from(event.arm_num).ok().filter(|arm| *arm > 0) else {
        return Err(format!("has the arm number {}", event.arm_num));
    };
    if let Some(arm) = arm_of_event(&event.event_name).filter(|arm| *arm != arm_num) {
        return Err(format!("is named for arm {arm} and listed in arm {arm_num}"));
    }
    let day_offset = match event.day_offset {
        Some(days) => Some(read_days("day_offset", days)?),
        None => None,
    };
    let label = if event.label.trim().is_empty() { &event.event_name } else { &event.label };
    Ok(WindowDraft {
        arm_num,
        event_name: event.event_name.clone(),
        label: label.trim().to_owned(),
        day_offset,
        days_before: read_range("offset_min", event.offset_min)?,
        days_after: read_range("offset_max", event.offset_max)?,
        position: i32::try_from(index).map_err(|_| "is one too many".to_owned())?,
        repeating: event.repeating,
        instruments: event.instruments.clone(),
    })
}

fn read_days(name: &str, days: i64) -> Result<i32, String> {
    let near = i32::try_from(days).ok().filter(|days| days.unsigned_abs() <= MAX_OFFSET_DAYS);
    near.ok_or_else(|| format!("has the {name} {days}, more than {MAX_OFFSET_DAYS} days"))
}

/// REDCap's default range is 0; a sign says only the direction, which the field's name says already.
fn read_range(name: &str, days: Option<i64>) -> Result<u32, String> {
    read_days(name, days.unwrap_or(0)).map(i32::unsigned_abs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn event(number: usize, day_offset: Option<i64>) -> RemoteEvent {
        RemoteEvent {
            event_name: format!("visit_{number}_arm_1"),
            arm_num: 1,
            label: format!("Visit {number}"),
            day_offset,
            offset_min: Some(-2),
            offset_max: Some(3),
            ..RemoteEvent::default()
        }
    }

    /// What the store does with a plan.
    fn apply(plan: &EventSyncPlan, windows: &mut Vec<Window>) {
        let build = |id, draft: &WindowDraft| Window {
            id,
            arm_num: draft.arm_num,
            event_name: draft.event_name.clone(),
            label: draft.label.clone(),
            day_offset: draft.day_offset,
            days_before: draft.days_before,
            days_after: draft.days_after,
            position: draft.position,
            repeating: draft.repeating,
            active: true,
        };
        for window in windows.iter_mut().filter(|window| plan.retire.contains(&window.id)) {
            window.active = false;
        }
        for (id, draft) in &plan.update {
            *windows.iter_mut().find(|window| window.id == *id).expect("a known window") = build(*id, draft);
        }
        for draft in &plan.create {
            let id = WindowId(Uuid::from_u128(windows.len() as u128));
            windows.push(build(id, draft));
        }
    }

    #[test]
    fn the_first_run_creates_and_later_runs_update_all() {
        let remote = [event(1, Some(0)), event(2, Some(30)), event(3, None)];
        let mut windows = Vec::new();
        let first = plan_event_sync(&remote, &windows).expect("a plan");
        assert_eq!((first.create.len(), first.update.len(), first.retire.len()), (3, 0, 0));
        assert_eq!(first.unscheduled, ["visit_3_arm_1"], "said, not guessed");
        assert_eq!((first.create[0].days_before, first.create[0].days_after), (2, 3));
        apply(&first, &mut windows);
        let second = plan_event_sync(&remote, &windows).expect("a plan");
        assert_eq!((second.create.len(), second.update.len(), second.retire.len()), (0, 3, 0));
    }

    #[test]
    fn an_event_gone_is_retired_and_comes_back_as_the_same_window() {
        let (both, one) = ([event(1, Some(0)), event(2, Some(7))], [event(1, Some(0))]);
        let mut windows = Vec::new();
        apply(&plan_event_sync(&both, &windows).expect("a plan"), &mut windows);
        let gone = plan_event_sync(&one, &windows).expect("a plan");
        assert_eq!(gone.retire, [windows[1].id]);
        apply(&gone, &mut windows);
        assert_eq!(plan_event_sync(&one, &windows).expect("a plan").retire, [], "retired once");
        let back = plan_event_sync(&both, &windows).expect("a plan");
        assert_eq!((back.create.len(), back.update.len()), (0, 2));
    }

    #[test]
    fn one_bad_event_refuses_all_and_is_named() {
        let spoil: [fn(&mut RemoteEvent); 7] = [
            |event| event.offset_min = Some(-40_000),
            |event| event.offset_max = Some(999_999_999_999),
            |event| event.day_offset = Some(i64::MIN),
            |event| event.arm_num = 0,
            |event| event.arm_num = 2,
            |event| event.event_name = "  ".to_owned(),
            |event| event.event_name = "visit_1_arm_1".to_owned(),
        ];
        for spoil in spoil {
            let mut remote = [event(1, Some(0)), event(2, Some(7))];
            spoil(&mut remote[1]);
            let name = remote[1].event_name.clone();
            match plan_event_sync(&remote, &[]) {
                Err(EventSyncRefusal::BadEvent { event_name, number: 2, .. }) => assert_eq!(event_name, name),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(plan_event_sync(&[], &[]), Err(EventSyncRefusal::NoEvents));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_history_of_syncs_ends_with_redcaps_events_active(
            history in prop::collection::vec(prop::collection::btree_set(1_usize..12, 1..10), 1..6),
        ) {
            let mut windows = Vec::new();
            for numbers in &history {
                let remote: Vec<_> = numbers.iter().map(|number| event(*number, Some(7))).collect();
                apply(&plan_event_sync(&remote, &windows).expect("a plan"), &mut windows);
                let again = plan_event_sync(&remote, &windows).expect("a plan");
                prop_assert_eq!((again.create.len(), again.update.len(), again.retire.len()), (0, remote.len(), 0));
                let active: BTreeSet<_> =
                    windows.iter().filter(|window| window.active).map(|window| window.event_name.clone()).collect();
                prop_assert_eq!(active, remote.into_iter().map(|event| event.event_name).collect::<BTreeSet<_>>());
            }
        }
    }
}
