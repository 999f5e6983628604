//! Jobs whose process died are ended here: a sync must not stay pending for ever, and nobody knows whether it arrived.
//!
//! Invariant: nothing is tried again, and events are left alone – one in `processing` is a person's to replay.

use chrono::Duration;
use metricis_core::ids::SessionId;
use metricis_store::{ClaimedJob, Entries, JobKind, Operational, Result, StoreError};

use crate::alarm;
use crate::failure::Failure;
use crate::worker::Worker;

/// A process that was not seen for this many seconds is dead: six heartbeats.
const DEAD_AFTER_S: i64 = 30;

impl Worker {
    /// Fails the running jobs of dead processes; how many.
    pub(crate) async fn reap(&self) -> Result<usize> {
        let tx = self.write().await?;
        let dead = tx.take_dead_jobs(tx.now() - Duration::seconds(DEAD_AFTER_S)).await?;
        let (mut entries, mut alarms) = (vec![], vec![]);
        for job in &dead {
            let failure = abandoned(job);
            tracing::warn!(job = %job.id, study = %job.study, kind = job.kind.name(), "the process of a job died");
            let JobKind::SyncSession { session } = &job.kind else {
                tx.fail_job(job.id, &failure.to_string()).await?;
                continue;
            };
            match alarm::mark_failed(&tx, job, *session, &failure).await {
                Ok(entry) => {
                    entries.push(entry);
                    alarms.push((job.study, *session, failure));
                }
                // The session is not pending: its sync ended otherwise, and only the job is left over.
                Err(StoreError::Conflict { .. }) => tx.fail_job(job.id, &failure.to_string()).await?,
                Err(error) => return Err(error),
            }
        }
        let mut entries = entries.into_iter();
        match entries.next() {
            Some(first) => tx.commit(Entries::of(first, entries)).await?,
            None => tx.commit_operational(Operational::QueueClaim).await?,
        }
        alarms.iter().for_each(|(study, session, failure): &(_, SessionId, _)| alarm::raise(*study, *session, failure));
        Ok(dead.len())
    }
}

fn abandoned(job: &ClaimedJob) -> Failure {
    Failure::exception(match job.kind {
        JobKind::SyncSession { .. } => "outcome unknown; re-sync is safe: the worker died during the sync",
        JobKind::SyncEvents | JobKind::TestConnection | JobKind::Reconcile => {
            "the worker died during the job; start it again"
        }
    })
}
