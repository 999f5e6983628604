//! Moving a participant's anchor date (checklist §9.4): the plan that is shown is the plan that is applied.
//!
//! ```text
//!   ada: facts ─► plan ─► apply: version 1 is still current ─► 200
//!   ben: facts ─► plan ─────────► apply: version 1 is current no more ─► 409
//! ```

use axum::Json;
use chrono::NaiveDate;
use metricis_core::action::Action;
use metricis_core::ids::ParticipantId;
use metricis_core::schedule::{AnchorPlan, move_anchor};
use metricis_store::{Entries, Snapshot, StoredStudy, Tx};
use utoipa::ToSchema;

use super::find_participant;
use super::plan::PlanShown;
use crate::extract::{At, Body, Call, StudyMember};
use crate::problem::{Answer, Problem, Refusals};
use crate::today::zone_of;

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnchorMove {
    /// The new anchor date.
    date: NaiveDate,
    /// Why; it stands in the audit log.
    reason: String,
    /// Only show the plan.
    #[serde(default)]
    dry_run: bool,
    /// The version that the plan was shown for; another one is a conflict.
    expected_version: Option<i32>,
}

#[derive(serde::Serialize, ToSchema)]
pub(super) struct AnchorMoved {
    /// False after a dry run.
    applied: bool,
    /// What the move does, or did.
    plan: PlanShown,
}

/// Moves the anchor date, or shows what that would do.
#[utoipa::path(post, path = "/api/studies/{study_id}/participants/{participant_id}/anchor", tag = "participants",
    params(("study_id" = Uuid, Path), ("participant_id" = Uuid, Path)), request_body = AnchorMove,
    security(("token" = [])), responses((status = 200, body = AnchorMoved), Refusals))]
pub(super) async fn move_participant_anchor(
    call: Call<StudyMember>,
    At(id): At<ParticipantId>,
    Body(order): Body<AnchorMove>,
) -> Answer<AnchorMoved> {
    let reason = order.reason.trim().to_owned();
    if reason.is_empty() || reason.len() > 500 {
        return Err(Problem::Invalid("reason says why the date moves, in 1 to 500 characters".to_owned()));
    }
    let plan = plan_move(&call, id, &order).await?;
    let shown = PlanShown::from(&plan);
    if !order.dry_run {
        apply_move(call.release().begin_write().await?, id, &order, &plan, reason).await?;
    }
    Ok(Json(AnchorMoved { applied: !order.dry_run, plan: shown }))
}

async fn plan_move(call: &Call<StudyMember>, id: ParticipantId, order: &AnchorMove) -> Result<AnchorPlan, Problem> {
    let study = call.study().await?;
    find_participant(&call.tx, study.id, id).await?;
    let policy = &study.config.enrollment_date_policy;
    if !policy.lets_move(call.who.role) {
        let roles: Vec<_> = policy.permissions.can_override.iter().map(|role| role.as_str()).collect();
        return Err(Problem::Forbidden(format!(
            "the study's policy lets only {} move an anchor date",
            roles.join(", ")
        )));
    }
    let today = call.app.today(&study, zone_of(&study), call.now());
    decide(&call.tx, &study, id, order, today).await
}

async fn decide(
    seen: &Snapshot,
    study: &StoredStudy,
    id: ParticipantId,
    order: &AnchorMove,
    today: NaiveDate,
) -> Result<AnchorPlan, Problem> {
    let facts = seen.anchor_facts(id, &study.config, today).await?;
    let facts = facts.ok_or_else(|| Problem::Conflict("the participant has no schedule yet".to_owned()))?;
    if order.expected_version.is_some_and(|expected| expected != facts.current.version_number) {
        return Err(Problem::Conflict("schedule moved by somebody else".to_owned()));
    }
    move_anchor(&facts, order.date).map_err(|refusal| Problem::Invalid(refusal.to_string()))
}

/// Writes the plan that was shown, unless the schedule, the consent or the participant changed since.
async fn apply_move(
    call: Call<StudyMember, Tx>,
    participant: ParticipantId,
    order: &AnchorMove,
    plan: &AnchorPlan,
    reason: String,
) -> Result<(), Problem> {
    call.tx.lock_participant(participant).await?.ok_or(Problem::NotFound)?;
    let study = call.study().await?;
    let today = call.app.today(&study, zone_of(&study), call.now());
    if decide(&call.tx, &study, participant, order, today).await.ok().as_ref() != Some(plan) {
        return Err(Problem::Conflict("schedule moved by somebody else; look at the plan again".to_owned()));
    }
    let version = call.tx.apply_anchor_plan(plan).await?;
    let review_cleared = call.tx.clear_anchor_review(participant, plan.to).await?;
    let moved = Action::MoveAnchor {
        participant,
        old_anchor_date: plan.from,
        new_anchor_date: plan.to,
        old_version: plan.next_version_number - 1,
        new_version: plan.next_version_number,
        reconciled: plan.counts.reconciled,
        cancelled: plan.counts.cancelled,
        flagged: plan.counts.flagged,
        created: plan.counts.created,
        review_cleared,
        reason,
    };
    let created = Action::CreateScheduleVersion {
        participant,
        version,
        version_number: plan.next_version_number,
        anchor_date: plan.to,
    };
    let entries = Entries::from(call.entry(moved)).and(call.entry(created));
    call.commit_all(entries).await.map(|_| ())
}
