//! When a participant is due: windows, visits, the consent gate, and what a moved anchor does to them.
//!
//! Invariant: [`plan_visits`] is the only place that makes visits; everything here is a function of its arguments, so
//! that the plan that a person is shown is the plan that is applied.

mod anchor;
mod dates;
mod event_sync;
mod follow;
mod gate;
mod plan;
mod state;
mod window;

#[cfg(test)]
mod fixtures;

pub use anchor::{
    AnchorCounts, AnchorFacts, AnchorPlan, AnchorRefusal, MAX_ANCHOR_DISTANCE_YEARS, VersionFacts, VisitFacts,
    move_anchor,
};
pub use dates::{closes_at, opens_at, study_date};
pub use event_sync::{EventSyncPlan, EventSyncRefusal, RemoteEvent, plan_classic, plan_event_sync};
pub use follow::{FollowFacts, FollowPlan, FollowedVisit, follow_windows};
pub use gate::{ConsentFact, Gate, GateNeed, GateReason, gate};
pub use plan::{PlannedVisit, ScheduleRefusal, plan_enrolment, plan_visits};
pub use state::visit_state;
pub use window::{Window, WindowDraft, arm_of_event};
