//! What a coordinator sees first: what failed, what waits, who works, and which visits are due. Only stored facts.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveDate};
use metricis_core::Timestamp;
use metricis_core::breaker::Breaker;
use metricis_core::ids::StudyId;
use metricis_core::words::ParticipantStatus;
use sea_orm::{FromQueryResult, Value};

use crate::events::stuck;
use crate::today::{ASKED, DUE, OVERDUE, UPCOMING, soon_after};
use crate::{ParticipantFilter, Result, Snapshot, StoreError, sql};

/// The state of a study at one moment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Dashboard {
    /// Sessions whose sync failed.
    pub failed_syncs: u64,
    /// Sessions that have been pending for over 15 minutes.
    pub pending_over_15_min: u64,
    /// Since when the longest pending session waits.
    pub oldest_pending: Option<Timestamp>,
    /// Events that wait for a person's replay.
    pub failed_events: u64,
    /// Events that have been `processing` for over 15 minutes, or whose process is dead.
    pub stuck_events: u64,
    /// Events that wait for a worker.
    pub events_waiting: u64,
    /// Seconds for which the oldest of them waits.
    pub oldest_event_s: Option<i64>,
    /// Duplicates of the last 24 hours.
    pub duplicates_24h: u64,
    /// Records that wait to be read again, or are being read.
    pub rereads_waiting: u64,
    /// Seconds for which the longest of them waits.
    pub oldest_reread_s: Option<i64>,
    /// Re-reads that failed or are stuck.
    pub troubled_rereads: u64,
    /// Proven DETs refused for their rate.
    pub refused_for_rate: u64,
    /// Such a refusal has not been made good by a reconcile.
    pub reconcile_wanted: bool,
    /// When the last reconcile ended that accounted for every record.
    pub reconciled_at: Option<Timestamp>,
    /// What happened to records in REDCap and waits for a person's decision.
    pub open_flags: u64,
    /// The circuit breaker.
    pub breaker: Breaker,
    /// Workers that live.
    pub live_workers: u64,
    /// Jobs that wait.
    pub jobs_queued: u64,
    /// Seconds for which the oldest of them waits.
    pub oldest_job_s: Option<i64>,
    /// Participants by status; every status is there.
    pub participants: BTreeMap<ParticipantStatus, u64>,
    /// Participants whom a person should look at (`extra_data.review`), the withdrawn left out.
    pub participants_to_review: u64,
    /// Pending visits of the enrolled whose window holds today: as many as [`crate::Today`] lists.
    pub visits_due_today: u64,
    /// Those whose window has closed.
    pub visits_overdue: u64,
    /// Those whose window opens in the seven days after today.
    pub visits_next_7_days: u64,
}

#[derive(FromQueryResult)]
struct Events {
    failed: i64,
    stuck: i64,
    received: i64,
    oldest: Option<Timestamp>,
}

#[derive(FromQueryResult)]
struct Waiting {
    queued: i64,
    oldest: Option<Timestamp>,
}

#[derive(FromQueryResult)]
struct Visits {
    today: i64,
    overdue: i64,
    soon: i64,
}

#[derive(FromQueryResult)]
struct Count {
    status: String,
    count: i64,
}

impl Snapshot {
    /// The state of a study; `today` is the study's own date.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn dashboard(&self, study: StudyId, today: NaiveDate) -> Result<Dashboard> {
        let sessions = self.unsynced_sessions(study).await?;
        let events = self.troubled_events(study).await?;
        let jobs = self.waiting_jobs(study).await?;
        let rereads = self.waiting_rereads(study).await?;
        let visits = self.due_visits(study, today).await?;
        let refused =
            self.number("SELECT refused FROM reconcile_marks WHERE study_id = $1", sql::values![study.0]).await?;
        Ok(Dashboard {
            failed_syncs: sessions.failed,
            pending_over_15_min: sessions.late,
            oldest_pending: sessions.oldest,
            failed_events: events.failed.unsigned_abs(),
            stuck_events: events.stuck.unsigned_abs(),
            events_waiting: events.received.unsigned_abs(),
            oldest_event_s: self.age_s(events.oldest),
            duplicates_24h: self.duplicates_since(study, self.now - Duration::hours(24)).await?,
            rereads_waiting: rereads.queued.unsigned_abs(),
            oldest_reread_s: self.age_s(rereads.oldest),
            troubled_rereads: self.troubled_rereads(study).await?.len() as u64,
            refused_for_rate: refused,
            reconcile_wanted: refused > 0,
            reconciled_at: self.reconcile_state(study).await?.ran_at,
            open_flags: self.open_flags(study).await?,
            breaker: self.breaker(study).await?,
            live_workers: self.live_workers().await?,
            jobs_queued: jobs.queued.unsigned_abs(),
            oldest_job_s: self.age_s(jobs.oldest),
            participants: self.participants_by_status(study).await?,
            participants_to_review: self.participants_to_review(study).await?,
            visits_due_today: visits.today.unsigned_abs(),
            visits_overdue: visits.overdue.unsigned_abs(),
            visits_next_7_days: visits.soon.unsigned_abs(),
        })
    }

    fn age_s(&self, since: Option<Timestamp>) -> Option<i64> {
        since.map(|at| self.now.signed_duration_since(at).num_seconds())
    }

    async fn troubled_events(&self, study: StudyId) -> Result<Events> {
        let text = format!(
            "SELECT count(*) FILTER (WHERE status = 'failed') AS failed, \
             count(*) FILTER (WHERE {}) AS stuck, \
             count(*) FILTER (WHERE status = 'received') AS received, \
             min(CASE WHEN status = 'received' THEN received_at END) AS oldest \
             FROM webhook_events WHERE study_id = $1 AND status IN ('received', 'processing', 'failed')",
            stuck("webhook_events", 2)
        );
        self.counted(&text, sql::values![study.0, self.stuck_before(), self.dead_before()]).await
    }

    async fn duplicates_since(&self, study: StudyId, since: Timestamp) -> Result<u64> {
        let text =
            "SELECT count(*) FROM webhook_events WHERE study_id = $1 AND status = 'duplicate' AND received_at >= $2";
        self.number(text, sql::values![study.0, since]).await
    }

    async fn waiting_rereads(&self, study: StudyId) -> Result<Waiting> {
        let text = "SELECT count(*) AS queued, min(asked_at) AS oldest FROM record_rereads \
                    WHERE study_id = $1 AND (wanted > done OR claimed_by IS NOT NULL)";
        self.counted(text, sql::values![study.0]).await
    }

    async fn waiting_jobs(&self, study: StudyId) -> Result<Waiting> {
        let text =
            "SELECT count(*) AS queued, min(created_at) AS oldest FROM jobs WHERE study_id = $1 AND state = 'queued'";
        self.counted(text, sql::values![study.0]).await
    }

    /// How many workers live.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn live_workers(&self) -> Result<u64> {
        let text = "SELECT count(*) FROM processes WHERE role = 'worker' AND stopped_at IS NULL AND seen_at >= $1";
        self.number(text, sql::values![self.dead_before()]).await
    }

    async fn participants_by_status(&self, study: StudyId) -> Result<BTreeMap<ParticipantStatus, u64>> {
        let text = "SELECT status, count(*) AS count FROM participants WHERE study_id = $1 GROUP BY status";
        let mut by_status: BTreeMap<_, _> = ParticipantStatus::ALL.iter().map(|status| (*status, 0)).collect();
        for row in self.all::<Count>(text, sql::values![study.0]).await? {
            by_status.insert(row.status.parse().map_err(StoreError::inconsistent)?, row.count.unsigned_abs());
        }
        Ok(by_status)
    }

    async fn participants_to_review(&self, study: StudyId) -> Result<u64> {
        // The list that the number leads to.
        self.participants_total(study, &ParticipantFilter { review: Some(true), ..ParticipantFilter::default() }).await
    }

    async fn due_visits(&self, study: StudyId, today: NaiveDate) -> Result<Visits> {
        let text = format!(
            "SELECT count(*) FILTER (WHERE {DUE}) AS today, count(*) FILTER (WHERE {OVERDUE}) AS overdue, \
             count(*) FILTER (WHERE {UPCOMING}) AS soon FROM {ASKED}"
        );
        self.counted(&text, sql::values![study.0, today, soon_after(today)]).await
    }

    async fn counted<R: FromQueryResult>(&self, text: &str, args: Vec<Value>) -> Result<R> {
        self.one::<R>(text, args).await?.ok_or_else(|| StoreError::inconsistent("a count without a row"))
    }

    async fn number(&self, text: &str, args: Vec<Value>) -> Result<u64> {
        Ok(self.count(text, args).await?.unsigned_abs())
    }
}
