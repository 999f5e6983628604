//! Jobs and re-reads that nobody works on any more are ended here: a sync must not stay pending for ever, and nobody knows
//! whether it arrived; a re-read must not swallow the askings that come after it. Their process died, or it is this one and it
//! does not know of them (see `held`).
//!
//! Invariant: nothing is tried again, and events are left alone – one in `processing` is a person's to replay. A re-read runs
//! again only for what was asked after its claim.

use metricis_core::action::Entry;
use metricis_core::ids::{JobId, SessionId};
use metricis_store::{ClaimedJob, Entries, JobKind, Operational, Reread, Result, StoreError, Tx};

use crate::alarm;
use crate::failure::Failure;
use crate::held::Piece;
use crate::jobs::failed_operation;
use crate::turn::turn;
use crate::worker::Worker;

/// A sync that has failed here: its alarm sounds after the commit.
type Alarm = (ClaimedJob, SessionId, Failure);

impl Worker {
    /// Fails the running jobs and re-reads that nobody works on; how many.
    pub(crate) async fn reap(&self) -> Result<usize> {
        let tx = self.write().await?;
        let abandoned = tx.take_dead_jobs(&self.unknown_jobs(&tx).await?).await?;
        let (mut entries, mut alarms) = (vec![], vec![]);
        for job in &abandoned {
            turn(job.id).in_scope(|| {
                tracing::warn!(job = %job.id, study = %job.study, kind = job.kind.name(), "nobody works on a running job any more");
            });
            if let Some((entry, alarm)) = fail(&tx, job).await? {
                entries.push(entry);
                alarms.extend(alarm);
            }
        }
        let rereads = self.end_rereads(&tx).await?;
        let mut entries = entries.into_iter();
        match entries.next() {
            Some(first) => tx.commit(Entries::of(first, entries)).await?,
            None => tx.commit_operational(Operational::QueueClaim).await?,
        }
        alarms.iter().for_each(|(job, session, failure)| alarm::raise(job, *session, failure));
        Ok(abandoned.len() + rereads)
    }

    /// The jobs that run in this process's name and that it does not know.
    async fn unknown_jobs(&self, tx: &Tx) -> Result<Vec<JobId>> {
        let running = tx.running_jobs(self.process).await?;
        Ok(running.into_iter().filter(|id| !self.held.has(&Piece::Job(*id))).collect())
    }

    async fn end_rereads(&self, tx: &Tx) -> Result<usize> {
        let lost = Failure::exception(
            "outcome unknown; ask again is safe: the worker died during the re-read, or lost hold of it",
        )
        .to_string();
        let mut ended = vec![];
        // In the order of all who take several; the dead ones' come after it, because they wait for nobody.
        for reread in tx.claimed_rereads(self.process).await? {
            let Reread { study, record_id, generation } = &reread;
            if self.held.has(&Piece::Reread(*study, record_id.clone(), *generation)) {
                continue;
            }
            match tx.fail_reread(*study, record_id, *generation, self.process, &lost).await {
                Ok(()) => ended.push(reread),
                // It ended meanwhile.
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        ended.extend(tx.end_dead_rereads(&lost).await?);
        for reread in &ended {
            tracing::warn!(study = %reread.study, generation = reread.generation, "nobody works on a claimed re-read any more");
        }
        Ok(ended.len())
    }
}

/// Fails a job, and the sync that it was; an operation that was ordered leaves its account.
async fn fail(tx: &Tx, job: &ClaimedJob) -> Result<Option<(Entry, Option<Alarm>)>> {
    let failure = abandoned(job);
    let JobKind::SyncSession { session } = job.kind else {
        tx.fail_job(job.id, &failure.to_string()).await?;
        return Ok(failed_operation(job, &failure).map(|entry| (entry, None)));
    };
    match alarm::mark_failed(tx, job, session, &failure).await {
        Ok(entry) => Ok(Some((entry, Some((job.clone(), session, failure))))),
        // The session is not pending: its sync ended otherwise, and only the job is left over.
        Err(StoreError::Conflict { .. }) => tx.fail_job(job.id, &failure.to_string()).await.map(|()| None),
        Err(error) => Err(error),
    }
}

fn abandoned(job: &ClaimedJob) -> Failure {
    Failure::exception(match job.kind {
        #[cfg(feature = "bench")]
        JobKind::Idle => "the worker died during the job",
        JobKind::SyncSession { .. } => {
            "outcome unknown; re-sync is safe: the worker died during the sync, or lost hold of it"
        }
        JobKind::PushDictionary { .. }
        | JobKind::InitProject { .. }
        | JobKind::DeleteForm { .. }
        | JobKind::ImportParticipants { .. } => {
            "outcome unknown; look at the preview again: the worker died during the operation, or lost hold of it"
        }
        JobKind::SyncEvents
        | JobKind::TestConnection
        | JobKind::Reconcile { .. }
        | JobKind::FetchSurveyLinks { .. } => "the worker died during the job, or lost hold of it; start it again",
    })
}
