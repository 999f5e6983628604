//! Moving an anchor: the facts that the core decides on, and its plan written as it was shown (guarantee 8).
//!
//! ```text
//!   ada: facts ─► plan ─► supersede version 1 ─► … ─► commit
//!   ben: facts ─► plan ───────► supersede version 1: it is no longer current ─► conflict
//! ```

use chrono::NaiveDate;
use metricis_core::ids::{ParticipantId, ScheduleVersionId, VisitId};
use metricis_core::schedule::{AnchorFacts, AnchorPlan, VersionFacts, VisitFacts, gate};
use metricis_core::study::StudyConfig;
use sea_orm::{FromQueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use super::{ANCHOR_MOVED, StoredVisit};
use crate::participants::{REDCAP_ANCHOR, REVIEW};
use crate::{Result, Snapshot, StoreError, Tx, sql, transition::conflict};

/// What each conflict of a plan says: it was decided on facts that are no longer true.
const OVERTAKEN: &str = "a visit changed since the plan was made; look at the plan again";

/// `extra_data.review` of a participant whose anchor is another date than REDCap's.
pub const ANCHOR_DIFFERS: &str = "anchor_differs";

#[derive(FromQueryResult)]
struct Superseded {
    participant_id: Uuid,
}

impl From<&StoredVisit> for VisitFacts {
    fn from(visit: &StoredVisit) -> Self {
        Self {
            id: visit.id,
            version: visit.version,
            window: visit.window,
            status: visit.status,
            scheduled_date: visit.scheduled_date,
            original_target_date: visit.original_target_date,
        }
    }
}

impl Snapshot {
    /// What moving a participant's anchor is decided on; none without a participant or a schedule. `today` is the study's.
    ///
    /// Read on a [`Tx`] after `lock_participant`, the facts stay true until it ends.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn anchor_facts(
        &self,
        participant: ParticipantId,
        config: &StudyConfig,
        today: NaiveDate,
    ) -> Result<Option<AnchorFacts>> {
        let Some(stored) = self.participant(participant).await? else { return Ok(None) };
        let Some(current) = self.current_version(participant).await? else { return Ok(None) };
        let consent = self.consent(participant).await?;
        Ok(Some(AnchorFacts {
            participant: stored.status,
            current: VersionFacts {
                id: current.id,
                version_number: current.version_number,
                anchor: current.anchor_date,
            },
            visits: self.visits(participant).await?.iter().map(Into::into).collect(),
            windows: self.windows(stored.study).await?,
            arm_num: stored.arm_num,
            gate_open: gate(&config.constraints, consent.map(Into::into)).is_open(),
            handling: config.enrollment_date_policy.re_anchoring.completed_visit_handling,
            today,
        }))
    }
}

impl Tx {
    /// Writes the plan of an anchor move, all of it; the new version's id.
    ///
    /// # Errors
    /// A conflict when somebody else moved the schedule, or when a visit is no longer what the plan took it for.
    pub async fn apply_anchor_plan(&self, plan: &AnchorPlan) -> Result<ScheduleVersionId> {
        let text = "UPDATE schedule_versions SET status = 'superseded', is_current = FALSE WHERE id = $1 AND is_current \
                    RETURNING participant_id";
        let superseded = self.one::<Superseded>(text, sql::values![plan.supersede.0]).await?;
        let superseded = superseded.ok_or_else(|| conflict("schedule moved by somebody else"))?;
        let participant = ParticipantId(superseded.participant_id);
        let version = self.insert_version(participant, plan.next_version_number, plan.to).await?;
        self.reconcile_visits(plan).await?;
        let flag = format!("review_flag = '{ANCHOR_MOVED}'");
        self.change_visits(plan.supersede, &plan.review, "completed", &flag).await?;
        self.change_visits(plan.supersede, &plan.flag_missed, "missed", &flag).await?;
        self.change_visits(plan.supersede, &plan.cancel, "pending", "status = 'cancelled'").await?;
        self.insert_visits(version, &plan.create).await?;
        Ok(version)
    }

    /// The participant's anchor is `anchor` now: when that is the date that REDCap has, nothing is left to review. Whether the
    /// mark was there and is cleared.
    ///
    /// # Errors
    /// Inconsistent when there is no such participant.
    pub async fn clear_anchor_review(&self, participant: ParticipantId, anchor: NaiveDate) -> Result<bool> {
        let present = self.lock_participant(participant).await?;
        let mut present = present.ok_or_else(|| StoreError::inconsistent("no such participant"))?;
        let agrees = present.extra_data.get(REDCAP_ANCHOR) == Some(&json!(anchor));
        if !agrees || present.review.as_deref() != Some(ANCHOR_DIFFERS) {
            return Ok(false);
        }
        if let Some(extra) = present.extra_data.as_object_mut() {
            extra.remove(REVIEW);
            extra.remove(REDCAP_ANCHOR);
        }
        let text = "UPDATE participants SET extra_data = $2, updated_at = $3 WHERE id = $1";
        self.execute(text, sql::values![participant.0, present.extra_data, self.now]).await?;
        Ok(true)
    }

    /// The snapshot of each completed visit is written once; nothing else of it changes.
    async fn reconcile_visits(&self, plan: &AnchorPlan) -> Result<()> {
        if plan.reconcile.is_empty() {
            return Ok(());
        }
        let text = format!(
            "UPDATE visits SET anchor_reconciled = TRUE, \
             original_target_date = coalesce(visits.original_target_date, snapshot.column2) \
             FROM (VALUES {}) snapshot \
             WHERE visits.id = snapshot.column1 AND visits.schedule_version_id = $1 AND visits.status = 'completed'",
            sql::rows(plan.reconcile.len(), 2, 2)
        );
        let mut args = sql::values![plan.supersede.0];
        for (visit, original_target) in &plan.reconcile {
            args.extend(sql::values![visit.0, *original_target]);
        }
        self.transition(plan.reconcile.len(), OVERTAKEN, &text, args).await
    }

    /// `assign`s to visits of a version that must all still be `from`.
    async fn change_visits(
        &self,
        version: ScheduleVersionId,
        visits: &[VisitId],
        from: &str,
        assign: &str,
    ) -> Result<()> {
        if visits.is_empty() {
            return Ok(());
        }
        // A completed visit is history: not even the moment of its row's last change moves.
        let touch = if from == "completed" { "" } else { ", updated_at = $3" };
        let text = format!(
            "UPDATE visits SET {assign}{touch} WHERE schedule_version_id = $1 AND status = $2 AND id IN (VALUES {})",
            sql::rows(visits.len(), 1, 4)
        );
        let mut args = sql::values![version.0, from, self.now];
        args.extend(visits.iter().map(|visit| Value::from(visit.0)));
        self.transition(visits.len(), OVERTAKEN, &text, args).await
    }
}
