//! What a coordinator sees first. Only stored facts.

use std::collections::BTreeMap;

use axum::Json;
use chrono::{DateTime, NaiveDate, Utc};
use metricis_core::sync::STALE_AFTER_MINUTES;
use metricis_store::Dashboard;
use utoipa::ToSchema;

use super::super::breaker::BreakerShown;
use crate::extract::{Call, StudyMember};
use crate::problem::{Answer, Refusals};
use crate::today::zone_of;

#[derive(serde::Serialize, ToSchema)]
pub(super) struct DashboardShown {
    /// The study's own date.
    today: NaiveDate,
    /// The "Failed Sync" tile: sessions whose sync failed.
    failed_syncs: u64,
    pending_over_15_min: u64,
    oldest_pending: Option<DateTime<Utc>>,
    /// Events that wait for a person's replay.
    failed_events: u64,
    /// Events that have been `processing` for over 15 minutes, or whose process is dead.
    stuck_events: u64,
    /// Events that wait for a worker.
    events_waiting: u64,
    /// Seconds for which the oldest of them waits.
    oldest_event_s: Option<i64>,
    /// That is over 15 minutes.
    events_late: bool,
    duplicates_24h: u64,
    /// Records that wait to be read again, or are being read.
    rereads_waiting: u64,
    /// Seconds for which the longest of them waits.
    oldest_reread_s: Option<i64>,
    /// Re-reads that failed or are stuck.
    troubled_rereads: u64,
    /// Proven DETs refused for their rate.
    refused_for_rate: u64,
    reconcile_wanted: bool,
    /// When the last reconcile ended that accounted for every record; none before the first.
    reconciled_at: Option<DateTime<Utc>>,
    /// What happened to records in REDCap and waits for a person's decision.
    open_flags: u64,
    breaker: BreakerShown,
    /// False is an operator's override of the breaker.
    breaker_enabled: bool,
    /// Workers seen in the last half minute; without one nothing is synced.
    live_workers: u64,
    jobs_queued: u64,
    /// Seconds.
    oldest_job_s: Option<i64>,
    /// That is over 15 minutes.
    jobs_late: bool,
    /// Participants by status.
    participants: BTreeMap<String, u64>,
    /// Participants whom a person should look at, such as one whose enrolment date differs in REDCap.
    participants_to_review: u64,
    /// Pending visits of the enrolled whose window holds today: the total of `due` in `…/today`. A visit is due while its window is open and
    /// it is not done, whatever its target date.
    visits_due_today: u64,
    /// Those whose window has passed: the total of `overdue` in `…/today`.
    visits_overdue: u64,
    /// Those whose window opens within the next seven days: the total of `upcoming` in `…/today`.
    visits_next_7_days: u64,
}

impl DashboardShown {
    fn of(seen: Dashboard, today: NaiveDate, breaker_enabled: bool) -> Self {
        Self {
            today,
            failed_syncs: seen.failed_syncs,
            pending_over_15_min: seen.pending_over_15_min,
            oldest_pending: seen.oldest_pending,
            failed_events: seen.failed_events,
            stuck_events: seen.stuck_events,
            events_waiting: seen.events_waiting,
            oldest_event_s: seen.oldest_event_s,
            events_late: is_late(seen.oldest_event_s),
            duplicates_24h: seen.duplicates_24h,
            rereads_waiting: seen.rereads_waiting,
            oldest_reread_s: seen.oldest_reread_s,
            troubled_rereads: seen.troubled_rereads,
            refused_for_rate: seen.refused_for_rate,
            reconcile_wanted: seen.reconcile_wanted,
            reconciled_at: seen.reconciled_at,
            open_flags: seen.open_flags,
            breaker: (&seen.breaker).into(),
            breaker_enabled,
            live_workers: seen.live_workers,
            jobs_queued: seen.jobs_queued,
            oldest_job_s: seen.oldest_job_s,
            jobs_late: is_late(seen.oldest_job_s),
            participants: seen.participants.into_iter().map(|(status, count)| (status.to_string(), count)).collect(),
            participants_to_review: seen.participants_to_review,
            visits_due_today: seen.visits_due_today,
            visits_overdue: seen.visits_overdue,
            visits_next_7_days: seen.visits_next_7_days,
        }
    }
}

/// Whether something has waited for longer than it should.
fn is_late(age_s: Option<i64>) -> bool {
    age_s.is_some_and(|seconds| seconds > STALE_AFTER_MINUTES * 60)
}

/// The state of a study at this moment.
#[utoipa::path(get, path = "/api/studies/{study_id}/dashboard", tag = "studies", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = DashboardShown), Refusals))]
pub(super) async fn get_dashboard(call: Call<StudyMember>) -> Answer<DashboardShown> {
    let study = call.study().await?;
    let today = call.app.today(&study, zone_of(&study), call.now());
    let seen = call.tx.dashboard(study.id, today).await?;
    Ok(Json(DashboardShown::of(seen, today, call.app.settings.breaker.enabled)))
}
