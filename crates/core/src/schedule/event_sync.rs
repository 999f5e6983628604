//! Event sync: REDCap's events become visit windows.
//!
//! REDCap makes an event's unique name from its label, so that a new label is a new name; the event's id stays.
//!
//! ```text
//!   REDCap's event        the window that it is
//!   id known to us     ─► the window with that id, whatever either is called now: a rename
//!   id not known, or   ─► the window of that name, unless its own id is another event of this answer: learned now,
//!   none sent             or the event was deleted and made anew
//!   neither            ─► a new window
//! ```
//!
//! Invariants (guarantee 21): idempotent – a second run creates nothing and updates all it matched; atomic – one bad
//! event refuses the whole plan; nothing is guessed – an event without offsets becomes a window that is not scheduled, and a
//! window without an event never bears the name of another event: a result of its visits would be written there.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Window, WindowDraft, arm_of_event};
use crate::ids::WindowId;

/// Offsets beyond a hundred years are a mistake in REDCap, not a schedule.
const MAX_OFFSET_DAYS: u32 = 36_525;

/// How much of its name a window keeps beside its own id, within the column.
const NAME_CHARS: usize = 60;

/// An event as REDCap describes it, with its instruments from the event–instrument mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteEvent {
    /// REDCap's id of the event, which outlives its name; older servers send none.
    pub event_id: Option<i64>,
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
    /// Of these, the ones that repeat by themselves.
    pub repeating_instruments: Vec<String>,
    /// Whether the event repeats as a whole.
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
    /// Of the updated windows, those whose event has another unique name now.
    pub renamed: Vec<WindowId>,
    /// Of the updated windows, those whose event was deleted and made anew under its name: a survey link into it is dead.
    pub remade: Vec<WindowId>,
    /// Windows without an event whose name another event has now, each with the name that it bears from here on.
    pub set_aside: Vec<(WindowId, String)>,
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

/// Compares REDCap's events with the study's windows, by the event's id, then by its unique name.
///
/// # Errors
/// No event at all, or one that cannot be read.
pub fn plan_event_sync(remote: &[RemoteEvent], existing: &[Window]) -> Result<EventSyncPlan, EventSyncRefusal> {
    if remote.is_empty() {
        return Err(EventSyncRefusal::NoEvents);
    }
    let known = Known::of(remote, existing);
    let mut plan = EventSyncPlan::default();
    let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for (index, event) in remote.iter().enumerate() {
        let bad =
            |problem| EventSyncRefusal::BadEvent { event_name: event.event_name.clone(), number: index + 1, problem };
        if !names.insert(event.event_name.as_str()) {
            return Err(bad("appears twice".to_owned()));
        }
        if let Some(id) = event.event_id
            && !ids.insert(id)
        {
            return Err(bad(format!("has the event id {id} of another event")));
        }
        let draft = draft_window(event, index).map_err(bad)?;
        if draft.day_offset.is_none() {
            plan.unscheduled.push(draft.event_name.clone());
        }
        match known.window_of(event) {
            Some(window) => plan.follow(window, draft),
            None => plan.create.push(draft),
        }
    }
    plan.let_go(existing, &names);
    Ok(plan)
}

/// A project that has become classic has no events any more: every window is retired.
#[must_use]
pub fn plan_classic(existing: &[Window]) -> EventSyncPlan {
    let active = existing.iter().filter(|window| window.active);
    EventSyncPlan { retire: active.map(|window| window.id).collect(), ..EventSyncPlan::default() }
}

impl EventSyncPlan {
    fn follow(&mut self, window: &Window, draft: WindowDraft) {
        if window.event_name != draft.event_name {
            self.renamed.push(window.id);
        }
        if window.event_id.zip(draft.event_id).is_some_and(|(before, now)| before != now) {
            self.remade.push(window.id);
        }
        self.update.push((window.id, draft));
    }

    /// What becomes of the windows that no event is: `names` are those of REDCap's events.
    fn let_go(&mut self, existing: &[Window], names: &BTreeSet<&str>) {
        let kept: BTreeSet<WindowId> = self.update.iter().map(|(id, _)| *id).collect();
        for window in existing.iter().filter(|window| !kept.contains(&window.id)) {
            if window.active {
                self.retire.push(window.id);
            }
            if names.contains(window.event_name.as_str()) {
                self.set_aside.push((window.id, name_aside(window)));
            }
        }
    }
}

/// No unique event name of REDCap has a `#`.
fn name_aside(window: &Window) -> String {
    let name: String = window.event_name.chars().take(NAME_CHARS).collect();
    format!("{name}#{}", window.id)
}

/// The windows as REDCap's answer may name them.
struct Known<'a> {
    by_id: BTreeMap<i64, &'a Window>,
    /// Without those whose id is in the answer.
    by_name: BTreeMap<&'a str, &'a Window>,
}

impl<'a> Known<'a> {
    fn of(remote: &[RemoteEvent], existing: &'a [Window]) -> Self {
        let here: BTreeSet<i64> = remote.iter().filter_map(|event| event.event_id).collect();
        let unclaimed = existing.iter().filter(|window| window.event_id.is_none_or(|id| !here.contains(&id)));
        Self {
            by_id: existing.iter().filter_map(|window| Some((window.event_id?, window))).collect(),
            by_name: unclaimed.map(|window| (window.event_name.as_str(), window)).collect(),
        }
    }

    fn window_of(&self, event: &RemoteEvent) -> Option<&'a Window> {
        let by_id = event.event_id.and_then(|id| self.by_id.get(&id));
        by_id.or_else(|| self.by_name.get(event.event_name.as_str())).copied()
    }
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
        event_id: event.event_id,
        arm_num,
        event_name: event.event_name.clone(),
        label: label.trim().to_owned(),
        day_offset,
        days_before: read_range("offset_min", event.offset_min)?,
        days_after: read_range("offset_max", event.offset_max)?,
        position: i32::try_from(index).map_err(|_| "is one too many".to_owned())?,
        repeating: event.repeating,
        instruments: event.instruments.clone(),
        repeating_instruments: event.repeating_instruments.clone(),
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
mod tests;
