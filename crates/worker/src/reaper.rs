//! Jobs and re-reads whose process died are ended here: a sync must not stay pending for ever, and nobody knows whether it
//! arrived; a re-read must not swallow the askings that come after it.
//!
//! Invariant: nothing is tried again, and events are left alone – one in `processing` is a person's to replay. A re-read runs
//! again only for what was asked after the dead process had begun.

use chrono::Duration;
use metricis_core::ids::SessionId;
use metricis_store::{ClaimedJob, Entries, JobKind, Operational, Result, StoreError};

use crate::alarm;
use crate::failure::Failure;
use crate::worker::Worker;

/// A process that was not seen for this many seconds is dead: six heartbeats.
const DEAD_AFTER_S: i64 = 30;

impl Worker {
    /// Fails the running jobs and re-reads of dead processes; how many.
    pub(crate) async fn reap(&self) -> Result<usize> {
        let tx = self.write().await?;
        let dead_before = tx.now() - Duration::seconds(DEAD_AFTER_S);
        let dead = tx.take_dead_jobs(dead_before).await?;
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
        let lost = Failure::exception("outcome unknown; ask again is safe: the worker died during the re-read");
        let rereads = tx.end_dead_rereads(dead_before, &lost.to_string()).await?;
        for reread in &rereads {
            tracing::warn!(study = %reread.study, generation = reread.generation, "the process of a re-read died");
        }
        let mut entries = entries.into_iter();
        match entries.next() {
            Some(first) => tx.commit(Entries::of(first, entries)).await?,
            None => tx.commit_operational(Operational::QueueClaim).await?,
        }
        alarms.iter().for_each(|(study, session, failure): &(_, SessionId, _)| alarm::raise(*study, *session, failure));
        Ok(dead.len() + rereads.len())
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
