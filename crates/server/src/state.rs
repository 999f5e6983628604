//! What all requests of a process share.
//!
//! Invariant: after `shutdown` every delivery that was answered is durable and no count is left in memory.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metricis_core::ids::ProcessId;
use metricis_core::{Clock, Timestamp};
use metricis_store::intake::{DetWriter, StudyLookup, WriterSettings};
use metricis_store::{Sealer, Store};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::ServerSettings;
use crate::board::Boards;
use crate::changes::Changes;
use crate::limit::Limits;
use crate::opened::OpenedSecrets;
use crate::probe::ProbeKey;
use crate::problem::Problem;
use crate::pulse::Pulse;
use crate::refusals::RefusalCounts;
use crate::session::Sessions;
use crate::token::Tokens;

/// Deliveries in one transaction at most.
const DET_GROUP: usize = 128;
const FLUSH_EVERY_S: u64 = 60;

/// The shared state; clones are handles of the same one.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// The parts of [`AppState`].
pub struct Shared {
    pub(crate) store: Store,
    pub(crate) sealer: Sealer,
    pub(crate) opened: OpenedSecrets,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: ServerSettings,
    pub(crate) lookup: StudyLookup,
    pub(crate) limits: Limits,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Sessions,
    pub(crate) refusals: RefusalCounts,
    pub(crate) changes: Changes,
    pub(crate) boards: Boards,
    /// This process, as the registry names it once it serves.
    pub(crate) process: ProcessId,
    pub(crate) probe_key: ProbeKey,
    pub(crate) pulse: Pulse,
    wake: Arc<Notify>,
    writer: Mutex<Option<(DetWriter, JoinHandle<()>)>>,
    stop: CancellationToken,
}

impl Deref for AppState {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl AppState {
    /// Starts the DET writer, the study look-up and the minute's bookkeeping; needs a Tokio runtime.
    ///
    /// `wake` is told after each commit that gives a worker something to do.
    #[must_use]
    pub fn new(
        store: Store,
        sealer: Sealer,
        clock: Arc<dyn Clock>,
        settings: ServerSettings,
        wake: Arc<Notify>,
    ) -> Self {
        let writing = WriterSettings {
            idempotency_ttl_s: settings.idempotency_ttl_s,
            max_group: DET_GROUP,
            received: Arc::clone(&wake),
        };
        let writer = DetWriter::spawn(store.clone(), Arc::clone(&clock), writing);
        let state = Self(Arc::new(Shared {
            lookup: StudyLookup::spawn(store.clone()),
            limits: Limits::new(settings.redis_url.as_ref()),
            tokens: Tokens::new(&settings.jwt_secret),
            sessions: Sessions::open(&settings),
            refusals: RefusalCounts::default(),
            changes: Changes::new(settings.change_times),
            boards: Boards::new(),
            process: ProcessId::at(clock.now()),
            probe_key: ProbeKey::derive(&settings.jwt_secret),
            pulse: Pulse::default(),
            writer: Mutex::new(Some(writer)),
            stop: CancellationToken::new(),
            store,
            sealer,
            opened: OpenedSecrets::default(),
            clock,
            settings,
            wake,
        }));
        tokio::spawn(flush_each_minute(Arc::downgrade(&state.0), state.stop.clone()));
        state
    }

    /// The parts, for whoever must not keep them alive.
    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Tells a worker in this process that something was committed for it.
    pub(crate) fn wake_worker(&self) {
        // Both: whoever waits now, and one who is about to.
        self.wake.notify_waiters();
        self.wake.notify_one();
    }

    /// The writer of DETs.
    ///
    /// # Errors
    /// Unavailable once the server is stopping.
    pub(crate) fn det_writer(&self) -> Result<DetWriter, Problem> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let running = writer.as_ref().map(|(handle, _)| handle.clone());
        running.ok_or_else(|| Problem::Unavailable("the server is stopping; send it again".to_owned()))
    }

    /// Waits until everything received is written, then writes the counts of refusals.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.changes.end();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((handle, task)) = writer {
            drop(handle);
            if let Err(error) = task.await {
                tracing::error!(%error, "the DET writer ended badly");
            }
        }
        self.refusals.flush_all(&self.store, self.now()).await;
    }
}

async fn flush_each_minute(state: std::sync::Weak<Shared>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(FLUSH_EVERY_S)) => {}
        }
        let Some(shared) = state.upgrade() else { return };
        shared.refusals.flush_finished(&shared.store, shared.clock.now()).await;
    }
}
