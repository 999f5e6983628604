//! Moving an anchor date: what happens to every visit of a participant, decided before anything is written.
//!
//! ```text
//!   version n (active)            move_anchor             version n (superseded)      version n+1 (active)
//!   ├ completed ───────────────────────────────────────▶  ├ completed, reconciled     ├ –  (re_window: a new visit)
//!   ├ missed ──────────────────────────────────────────▶  ├ missed, flagged           ├ a new visit, unless its window
//!   │                                                     │                           │ would end before today
//!   └ pending ─────────────────────────────────────────▶  └ cancelled                 └ a new visit
//! ```
//!
//! Invariants (guarantee 8): no visit is deleted or re-dated; a completed visit gets at most its flag and its snapshot;
//! `original_target_date` is written once, whatever moves follow; a window completed in any version is not asked for
//! again, except under `re_window`; a window once missed comes back only while it can still be kept.

use std::collections::BTreeSet;

use chrono::{Months, NaiveDate};
use serde::Serialize;

use super::{PlannedVisit, ScheduleRefusal, Window, plan_visits};
use crate::ids::{ScheduleVersionId, VisitId, WindowId};
use crate::words::{CompletedVisitHandling, ParticipantStatus, VisitStatus};

/// An anchor further than this from today is a slip of the keyboard.
pub const MAX_ANCHOR_DISTANCE_YEARS: u32 = 10;

/// All that the decision looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorFacts {
    /// The participant's status.
    pub participant: ParticipantStatus,
    /// The current schedule version.
    pub current: VersionFacts,
    /// The visits of all versions.
    pub visits: Vec<VisitFacts>,
    /// The study's windows, retired ones included.
    pub windows: Vec<Window>,
    /// The participant's arm.
    pub arm_num: i32,
    /// Whether the consent gate is open; a version made while it is closed holds no visits.
    pub gate_open: bool,
    /// What the study's policy does with completed visits.
    pub handling: CompletedVisitHandling,
    /// The study's date, from [`super::study_date`].
    pub today: NaiveDate,
}

/// The current version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionFacts {
    /// Its id.
    pub id: ScheduleVersionId,
    /// 1, 2, 3, …
    pub version_number: i32,
    /// Its anchor date.
    pub anchor: NaiveDate,
}

/// A visit of any version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitFacts {
    /// Its id.
    pub id: VisitId,
    /// The version it belongs to.
    pub version: ScheduleVersionId,
    /// The window it belongs to.
    pub window: WindowId,
    /// What became of it.
    pub status: VisitStatus,
    /// Its target date.
    pub scheduled_date: NaiveDate,
    /// Its target date at the first move since it was completed.
    pub original_target_date: Option<NaiveDate>,
}

/// What moving the anchor will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnchorPlan {
    /// The version that becomes `superseded`.
    pub supersede: ScheduleVersionId,
    /// The number of the new version.
    pub next_version_number: i32,
    /// The present anchor.
    pub from: NaiveDate,
    /// The new anchor.
    pub to: NaiveDate,
    /// Completed visits to mark `anchor_reconciled`, each with its `original_target_date`.
    pub reconcile: Vec<(VisitId, NaiveDate)>,
    /// Of these, the ones a person is asked to look at (`flag_for_review`).
    pub review: Vec<VisitId>,
    /// Pending visits that become `cancelled`.
    pub cancel: Vec<VisitId>,
    /// Missed visits that stay missed and are flagged.
    pub flag_missed: Vec<VisitId>,
    /// Windows that were missed and would again have ended before today: they get no new visit.
    pub left_missed: Vec<WindowId>,
    /// The visits of the new version.
    pub create: Vec<PlannedVisit>,
    /// The lengths of the lists, for the audit row.
    pub counts: AnchorCounts,
}

/// How many visits a move touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnchorCounts {
    /// Completed visits reconciled.
    pub reconciled: usize,
    /// Pending visits cancelled.
    pub cancelled: usize,
    /// Missed visits flagged.
    pub flagged: usize,
    /// New visits.
    pub created: usize,
}

/// Why an anchor is not moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnchorRefusal {
    /// It is there already.
    #[error("the anchor date is already {0}; nothing to move")]
    Unmoved(NaiveDate),
    /// The participant has left.
    #[error("the participant is withdrawn; the schedule of a withdrawn participant is not moved")]
    Withdrawn,
    /// Too far from today.
    #[error("{to} is more than {MAX_ANCHOR_DISTANCE_YEARS} years from today, {today}; check the year")]
    Absurd {
        /// The date asked for.
        to: NaiveDate,
        /// The study's date.
        today: NaiveDate,
    },
    /// The new visits cannot be planned.
    #[error(transparent)]
    Schedule(#[from] ScheduleRefusal),
}

/// Decides what moving the anchor to `to` does (system.md, *Moving an anchor*). The dry run prints the plan, the
/// store applies it: both get it from here.
///
/// # Errors
/// The same date, a withdrawn participant, a date over ten years away, or visits that cannot be planned.
pub fn move_anchor(facts: &AnchorFacts, to: NaiveDate) -> Result<AnchorPlan, AnchorRefusal> {
    refuse_move(facts, to)?;
    let current = facts.current;
    let of_current =
        |status| facts.visits.iter().filter(move |visit| visit.version == current.id && visit.status == status);
    let reconcile: Vec<_> = of_current(VisitStatus::Completed)
        .map(|visit| (visit.id, visit.original_target_date.unwrap_or(visit.scheduled_date)))
        .collect();
    let review = match facts.handling {
        CompletedVisitHandling::FlagForReview => reconcile.iter().map(|(id, _)| *id).collect(),
        CompletedVisitHandling::ReWindow | CompletedVisitHandling::Preserve => Vec::new(),
    };
    let cancel: Vec<_> = of_current(VisitStatus::Pending).map(|visit| visit.id).collect();
    let flag_missed: Vec<_> = of_current(VisitStatus::Missed).map(|visit| visit.id).collect();
    let (create, left_missed) = if facts.gate_open { plan_next(facts, to)? } else { (Vec::new(), Vec::new()) };
    let counts = AnchorCounts {
        reconciled: reconcile.len(),
        cancelled: cancel.len(),
        flagged: flag_missed.len(),
        created: create.len(),
    };
    Ok(AnchorPlan {
        supersede: current.id,
        next_version_number: current.version_number.saturating_add(1),
        from: current.anchor,
        to,
        reconcile,
        review,
        cancel,
        flag_missed,
        left_missed,
        create,
        counts,
    })
}

fn refuse_move(facts: &AnchorFacts, to: NaiveDate) -> Result<(), AnchorRefusal> {
    if facts.participant == ParticipantStatus::Withdrawn {
        return Err(AnchorRefusal::Withdrawn);
    }
    if to == facts.current.anchor {
        return Err(AnchorRefusal::Unmoved(to));
    }
    let span = Months::new(12 * MAX_ANCHOR_DISTANCE_YEARS);
    let first = facts.today.checked_sub_months(span).unwrap_or(NaiveDate::MIN);
    let last = facts.today.checked_add_months(span).unwrap_or(NaiveDate::MAX);
    if !(first..=last).contains(&to) {
        return Err(AnchorRefusal::Absurd { to, today: facts.today });
    }
    Ok(())
}

/// The visits of the new version, and the windows that stay missed.
fn plan_next(facts: &AnchorFacts, to: NaiveDate) -> Result<(Vec<PlannedVisit>, Vec<WindowId>), ScheduleRefusal> {
    let windows_with = |status| -> BTreeSet<WindowId> {
        facts.visits.iter().filter(|visit| visit.status == status).map(|visit| visit.window).collect()
    };
    let missed = windows_with(VisitStatus::Missed);
    let skip = match facts.handling {
        CompletedVisitHandling::ReWindow => BTreeSet::new(),
        CompletedVisitHandling::FlagForReview | CompletedVisitHandling::Preserve => {
            windows_with(VisitStatus::Completed)
        }
    };
    let planned = plan_visits(&facts.windows, facts.arm_num, to, &skip)?;
    let (lost, create): (Vec<_>, Vec<_>) =
        planned.into_iter().partition(|visit| missed.contains(&visit.window) && visit.window_end < facts.today);
    Ok((create, lost.into_iter().map(|visit| visit.window).collect()))
}

#[cfg(test)]
mod tests;
