//! The whole system in numbers, for its metrics: what waits, what failed, who lives. No study, no person.

use metricis_core::Timestamp;
use sea_orm::FromQueryResult;

use crate::events::stuck;
use crate::{Result, Snapshot, StoreError, sql};

/// The numbers at one moment, over all studies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Vitals {
    /// Sessions whose sync failed.
    pub sessions_failed: i64,
    /// Sessions whose sync is pending.
    pub sessions_pending: i64,
    /// Events that wait for a worker.
    pub events_received: i64,
    /// Since when the longest of them waits.
    pub events_since: Option<Timestamp>,
    /// Events that wait for a person's replay.
    pub events_failed: i64,
    /// Events that have been `processing` for too long, or whose process is dead.
    pub events_stuck: i64,
    /// Duplicates, ever.
    pub events_duplicate: i64,
    /// Jobs that wait for a worker.
    pub jobs_queued: i64,
    /// Since when the longest of them waits.
    pub jobs_since: Option<Timestamp>,
    /// Records that wait to be read again, or are being read.
    pub rereads_waiting: i64,
    /// Since when the longest of them waits.
    pub rereads_since: Option<Timestamp>,
    /// Studies whose circuit breaker is not closed.
    pub breakers_open: i64,
    /// Studies with DETs refused for their rate, to be made good by a reconcile.
    pub reconciles_wanted: i64,
    /// What happened to records in REDCap and waits for a person's decision.
    pub flags_open: i64,
    /// When the active study that waits longest was reconciled, or made when it never was.
    pub reconciled_since: Option<Timestamp>,
    /// Studies whose time simulation is not zero.
    pub simulated_studies: i64,
    /// Servers that are alive: seen within [`crate::LIVE_WITHIN_S`].
    pub servers_live: i64,
    /// Workers that are alive.
    pub workers_live: i64,
}

impl Snapshot {
    /// The numbers now.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn vitals(&self) -> Result<Vitals> {
        let live = "FROM processes WHERE stopped_at IS NULL AND seen_at >= $3 AND role =";
        let stuck = stuck("webhook_events", 2);
        let waiting = "FROM record_rereads WHERE (wanted > done OR claimed_by IS NOT NULL)";
        let text = format!(
            "SELECT \
             (SELECT count(*) FROM sessions WHERE sync_status = $1) AS sessions_failed, \
             (SELECT count(*) FROM sessions WHERE sync_status = 'pending') AS sessions_pending, \
             (SELECT count(*) FROM webhook_events WHERE status = 'received') AS events_received, \
             (SELECT min(received_at) FROM webhook_events WHERE status = 'received') AS events_since, \
             (SELECT count(*) FROM webhook_events WHERE status = 'failed') AS events_failed, \
             (SELECT count(*) FROM webhook_events WHERE {stuck}) AS events_stuck, \
             (SELECT count(*) FROM webhook_events WHERE status = 'duplicate') AS events_duplicate, \
             (SELECT count(*) FROM jobs WHERE state = 'queued') AS jobs_queued, \
             (SELECT min(created_at) FROM jobs WHERE state = 'queued') AS jobs_since, \
             (SELECT count(*) {waiting}) AS rereads_waiting, \
             (SELECT min(asked_at) {waiting}) AS rereads_since, \
             (SELECT count(*) FROM circuit_breakers WHERE state <> 'closed') AS breakers_open, \
             (SELECT count(*) FROM reconcile_marks WHERE refused > 0) AS reconciles_wanted, \
             (SELECT count(*) FROM record_flags WHERE resolved_at IS NULL) AS flags_open, \
             (SELECT min(coalesce(r.ran_at, s.created_at)) FROM studies s \
               LEFT JOIN reconcile_states r ON r.study_id = s.id WHERE s.status = 'active') AS reconciled_since, \
             (SELECT count(*) FROM studies WHERE coalesce(test_mode_config->>'time_simulation_offset_days', '0') <> '0') \
               AS simulated_studies, \
             (SELECT count(*) {live} 'server') AS servers_live, \
             (SELECT count(*) {live} 'worker') AS workers_live"
        );
        let args = sql::values!["failed", self.stuck_before(), self.dead_before()];
        self.one::<Vitals>(&text, args).await?.ok_or_else(|| StoreError::inconsistent("numbers without a row"))
    }
}
