//! The plan of an anchor move as people read it before they apply it.
//!
//! Invariant: all that the move does is in it; a part of `core`'s plan without its place here does not compile.

use chrono::NaiveDate;
use metricis_core::ids::VisitId;
use metricis_core::schedule::{AnchorCounts, AnchorPlan, PlannedVisit};
use utoipa::ToSchema;
use uuid::Uuid;

/// What moving an anchor does.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct PlanShown {
    /// The version that becomes `superseded`.
    supersede: Uuid,
    /// The number of the new version.
    next_version_number: i32,
    /// The present anchor.
    from: NaiveDate,
    /// The new anchor.
    to: NaiveDate,
    /// Completed visits that are marked `anchor_reconciled`.
    reconcile: Vec<ReconciledShown>,
    /// Of these, the ones that a person is asked to look at.
    review: Vec<Uuid>,
    /// Pending visits that become `cancelled`.
    cancel: Vec<Uuid>,
    /// Missed visits that stay missed and are flagged.
    flag_missed: Vec<Uuid>,
    /// Visit windows that were missed and would again have ended before today: they get no new visit.
    left_missed: Vec<Uuid>,
    /// The visits of the new version.
    create: Vec<PlannedVisitShown>,
    counts: PlanCounts,
}

/// A completed visit, with the target date that stays written beside it.
#[derive(serde::Serialize, ToSchema)]
struct ReconciledShown {
    visit: Uuid,
    original_target_date: NaiveDate,
}

/// A visit to be made; all three are days in the participant's time zone.
#[derive(serde::Serialize, ToSchema)]
struct PlannedVisitShown {
    /// The visit window.
    window: Uuid,
    /// REDCap's unique event name.
    event_name: String,
    target: NaiveDate,
    window_start: NaiveDate,
    window_end: NaiveDate,
}

/// How many visits a move touches.
#[derive(serde::Serialize, ToSchema)]
struct PlanCounts {
    reconciled: usize,
    cancelled: usize,
    flagged: usize,
    created: usize,
}

impl From<&AnchorPlan> for PlanShown {
    fn from(plan: &AnchorPlan) -> Self {
        let AnchorPlan {
            supersede,
            next_version_number,
            from,
            to,
            reconcile,
            review,
            cancel,
            flag_missed,
            left_missed,
            create,
            counts,
        } = plan;
        Self {
            supersede: supersede.0,
            next_version_number: *next_version_number,
            from: *from,
            to: *to,
            reconcile: reconcile.iter().map(ReconciledShown::of).collect(),
            review: review.iter().map(|visit| visit.0).collect(),
            cancel: cancel.iter().map(|visit| visit.0).collect(),
            flag_missed: flag_missed.iter().map(|visit| visit.0).collect(),
            left_missed: left_missed.iter().map(|window| window.0).collect(),
            create: create.iter().map(Into::into).collect(),
            counts: counts.into(),
        }
    }
}

impl ReconciledShown {
    fn of(&(visit, original_target_date): &(VisitId, NaiveDate)) -> Self {
        Self { visit: visit.0, original_target_date }
    }
}

impl From<&PlannedVisit> for PlannedVisitShown {
    fn from(visit: &PlannedVisit) -> Self {
        let PlannedVisit { window, event_name, target, window_start, window_end } = visit.clone();
        Self { window: window.0, event_name, target, window_start, window_end }
    }
}

impl From<&AnchorCounts> for PlanCounts {
    fn from(&AnchorCounts { reconciled, cancelled, flagged, created }: &AnchorCounts) -> Self {
        Self { reconciled, cancelled, flagged, created }
    }
}
