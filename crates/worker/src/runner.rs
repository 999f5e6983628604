//! Who works on what: claims, heartbeats, the end.
//!
//! Invariant: a claim is committed before its work begins, and work that was claimed ends – also when this process is
//! told to stop, and also when the work panics.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use metricis_core::Clock;
use metricis_core::ids::{JobId, StudyId};
use metricis_store::{ClaimedJob, JobKind, Operational, Reread, Result, Share, StoreError, StoredEvent, Tx};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::connection::host_of;
use crate::held::{Hold, Piece};
use crate::jobs::{fetch_survey_links, perform};
use crate::turn::turn;
use crate::worker::Worker;

/// How often a process says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Events, jobs, re-reads.
const KINDS: std::ops::Range<usize> = 0..3;

/// One claimed piece of work. As text it is its kind and its ids: that is all of it that a log may hold.
#[derive(Clone)]
pub(crate) enum Work {
    Event(Box<StoredEvent>),
    Job(ClaimedJob),
    Reread(Reread),
}

impl Work {
    pub(crate) fn study(&self) -> StudyId {
        match self {
            Self::Event(event) => event.study,
            Self::Job(job) => job.study,
            Self::Reread(reread) => reread.study,
        }
    }

    /// What the process holds of it.
    fn piece(&self) -> Piece {
        match self {
            Self::Event(event) => Piece::Event(event.id),
            Self::Job(job) => Piece::Job(job.id),
            Self::Reread(Reread { study, record_id, generation }) => {
                Piece::Reread(*study, record_id.clone(), *generation)
            }
        }
    }

    /// Its span. A re-read has no id; its turn gets one.
    pub(crate) fn turn(&self, clock: &dyn Clock) -> tracing::Span {
        match self {
            Self::Event(event) => turn(event.id),
            Self::Job(job) => turn(job.id),
            Self::Reread(_) => turn(JobId::at(clock.now())),
        }
    }

    pub(crate) fn is_sync(&self) -> bool {
        matches!(self, Self::Job(ClaimedJob { kind: JobKind::SyncSession { .. }, .. }))
    }
}

impl std::fmt::Display for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event(event) => write!(f, "event {}", event.id),
            Self::Job(ClaimedJob { id, kind: JobKind::SyncSession { session }, .. }) => {
                write!(f, "sync_session {id} of session {session}")
            }
            Self::Job(job) => write!(f, "{} {}", job.kind.name(), job.id),
            Self::Reread(reread) => write!(f, "re-read {}", reread.generation),
        }
    }
}

impl Worker {
    /// Works until `shutdown`; then claims nothing more, lets what is under way end, and signs off.
    ///
    /// # Errors
    /// The database, while the process is entered into the registry. Later absences are logged and waited out.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<()> {
        self.register().await?;
        let ended = CancellationToken::new();
        let heart = tokio::spawn(beat(self.clone(), ended.clone()));
        let ears = tokio::spawn(listen(self.clone(), ended.clone()));
        let poll = Duration::from_millis(self.settings.poll_ms.max(1).into());
        let mut running = JoinSet::new();
        while !shutdown.is_cancelled() {
            // Listening begins before looking: work that arrives in between wakes the wait below.
            let woken = self.wake.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            self.fill(&mut running, &shutdown).await;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = woken => {}
                Some(_) = running.join_next() => {}
                () = tokio::time::sleep(poll) => {}
            }
        }
        while running.join_next().await.is_some() {}
        ended.cancel();
        let _ = heart.await;
        let _ = ears.await;
        self.sign_off().await
    }

    /// Claims and runs everything that is due, without waiting for more; how many pieces of work.
    pub async fn run_until_idle(&self) -> usize {
        let mut total = 0;
        loop {
            match self.tick().await {
                0 => return total,
                count => total += count,
            }
        }
    }

    /// One round: shows that this process lives, ends the jobs of dead ones, claims as much as may run at once, and waits
    /// until that has ended. How many pieces of work. A database that is away is logged and leaves the round empty.
    pub async fn tick(&self) -> usize {
        if let Err(error) = self.look_around().await {
            tracing::error!(%error, "no work was looked for");
            return 0;
        }
        let mut running = JoinSet::new();
        self.fill(&mut running, &CancellationToken::new()).await;
        running.join_all().await.len()
    }

    /// What a round does before it claims; reconciles are queued by the heartbeat only.
    async fn look_around(&self) -> Result<()> {
        self.show_and_reap().await?;
        fetch_survey_links::due(self).await
    }

    async fn show_and_reap(&self) -> Result<()> {
        self.register().await?;
        self.see().await?;
        self.reap().await.map(|_| ())
    }

    async fn fill(&self, running: &mut JoinSet<()>, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            let free = self.settings.concurrency.max(1).saturating_sub(running.len());
            match self.claim_around(free).await {
                Some(claimed) if !claimed.is_empty() => {
                    for (work, hold) in claimed {
                        running.spawn(perform(self.clone(), work, hold));
                    }
                }
                _ => return,
            }
        }
    }

    /// Claims, and when a row cannot be read, each kind once as the first: such a row keeps back its own kind only.
    async fn claim_around(&self, free: usize) -> Option<Vec<(Work, Hold)>> {
        let mut claimed = self.claim(free).await;
        for _ in KINDS {
            match &claimed {
                Ok(_) | Err(StoreError::Unavailable(_)) => break,
                Err(_) => claimed = self.claim(1).await,
            }
        }
        claimed.inspect_err(|error| tracing::error!(%error, "no work could be claimed")).ok()
    }

    /// Takes as much as there is, up to `free` pieces of work, in one commit. The kinds take turns at being asked first, so that a
    /// flood of one does not starve the others; one study has at most half of the slots, so that its slow REDCap does not hold up the
    /// others; studies of a host whose next turn is far away get none.
    ///
    /// Claims whose commit fails are let go of: if they were committed nevertheless, the reaper finds them.
    async fn claim(&self, free: usize) -> Result<Vec<(Work, Hold)>> {
        let mut claimed = vec![];
        if free == 0 {
            return Ok(claimed);
        }
        let tx = self.write().await?;
        let without = studies_at(&tx, &self.gate.outbound.crowded_hosts()).await?;
        let share = Share { per_study: (self.settings.concurrency / 2).max(1), without: &without };
        while claimed.len() < free
            && let Some(work) = self.claim_one(&tx, share).await?
        {
            let hold = self.held.hold(work.piece());
            claimed.push((work, hold));
        }
        if claimed.is_empty() {
            tx.roll_back().await?;
        } else {
            tx.commit_operational(Operational::QueueClaim).await?;
        }
        Ok(claimed)
    }

    async fn claim_one(&self, tx: &Tx, share: Share<'_>) -> Result<Option<Work>> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for kind in KINDS {
            let work = match (first.wrapping_add(kind)) % KINDS.len() {
                0 => tx.claim_event(self.process, share).await?.map(|event| Work::Event(Box::new(event))),
                1 => tx.claim_job(self.process, share).await?.map(Work::Job),
                _ => tx.claim_reread(self.process, share).await?.map(Work::Reread),
            };
            if work.is_some() {
                return Ok(work);
            }
        }
        Ok(None)
    }
}

/// The studies whose REDCap is one of these hosts.
async fn studies_at(tx: &Tx, hosts: &BTreeSet<String>) -> Result<BTreeSet<StudyId>> {
    if hosts.is_empty() {
        return Ok(BTreeSet::new());
    }
    let addresses = tx.redcap_addresses().await?;
    let there = |address: &str| host_of(address).is_some_and(|host| hosts.contains(&host));
    Ok(addresses.into_iter().filter(|(_, address)| there(address)).map(|(study, _)| study).collect())
}

async fn beat(worker: Worker, ended: CancellationToken) {
    let mut every = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            () = ended.cancelled() => return,
            _ = every.tick() => {
                if let Err(error) = worker.show_and_reap().await {
                    tracing::error!(%error, "the heartbeat did not reach the database");
                } else if let Err(error) = worker.queue_due().await {
                    tracing::error!(%error, "what is due could not be queued");
                }
            }
        }
    }
}

/// Wakes this worker when a process without one has committed work for it. While nobody can be heard it looks as often as ever.
async fn listen(worker: Worker, ended: CancellationToken) {
    let hear = async {
        loop {
            let heard = async {
                let Some(mut signals) = worker.store.work_signals().await? else { return Ok(()) };
                loop {
                    // Also at first: what was signalled before is not heard any more.
                    worker.wake.notify_one();
                    signals.heard().await?;
                }
            };
            let heard: Result<()> = heard.await;
            let Err(error) = heard else { return };
            tracing::warn!(%error, "signals of work are not heard; it is looked for by the clock");
            tokio::time::sleep(HEARTBEAT).await;
        }
    };
    tokio::select! {
        () = ended.cancelled() => {}
        () = hear => {}
    }
}
