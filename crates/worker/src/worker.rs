//! The worker: what its jobs share, and its entry in the process registry.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use metricis_core::ids::ProcessId;
use metricis_core::{Clock, Timestamp};
use metricis_store::{NewProcess, Operational, Result, Sealer, Snapshot, Store, Tx, migration};
use tokio::sync::{Notify, OnceCell};

use crate::WorkerSettings;
use crate::gate::Gate;
use crate::held::Held;
use crate::outbound::{Outbound, Pause};

/// A worker of this process. Clones are handles on the same one.
#[derive(Clone)]
pub struct Worker {
    pub(crate) store: Store,
    pub(crate) sealer: Sealer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) http: reqwest::Client,
    pub(crate) settings: Arc<WorkerSettings>,
    pub(crate) wake: Arc<Notify>,
    pub(crate) process: ProcessId,
    pub(crate) gate: Gate,
    pub(crate) held: Held,
    /// Which kind of work is asked for first.
    pub(crate) turn: Arc<AtomicUsize>,
    /// When this process last looked for surveys without a link.
    pub(crate) looked_for_links: Arc<Mutex<Option<Timestamp>>>,
    registered: Arc<OnceCell<()>>,
}

impl Worker {
    /// `http` comes from `metricis_redcap::http_client`; `wake` is told when there is new work in this process.
    ///
    /// A probe's lease is made longer than a call can last, whatever the settings say: otherwise a slow REDCap would see two.
    #[must_use]
    pub fn new(
        store: Store,
        sealer: Sealer,
        clock: Arc<dyn Clock>,
        http: reqwest::Client,
        mut settings: WorkerSettings,
        wake: Arc<Notify>,
    ) -> Self {
        settings.breaker.probe_lease_s =
            settings.breaker.probe_lease_s.max(settings.call_timeout_s.saturating_mul(2)).max(10);
        let process = ProcessId::at(clock.now());
        let redis = settings.redis_url.as_ref();
        let outbound = Outbound::new(store.clone(), Arc::clone(&clock), settings.budget, redis);
        let gate = Gate {
            store: store.clone(),
            clock: Arc::clone(&clock),
            breaker: settings.breaker,
            outbound: Arc::new(outbound),
            retry: settings.retry,
            caller: process.0,
            chances: Arc::default(),
        };
        let settings = Arc::new(settings);
        Self {
            store,
            sealer,
            clock,
            http,
            settings,
            wake,
            process,
            gate,
            held: Held::default(),
            turn: Arc::default(),
            looked_for_links: Arc::default(),
            registered: Arc::default(),
        }
    }

    /// Waits for its turns by `pause` instead of the system's timer. To be called before the worker works.
    #[must_use]
    pub fn pausing_by(mut self, pause: Pause) -> Self {
        let settings = &self.settings;
        let mut outbound =
            Outbound::new(self.store.clone(), Arc::clone(&self.clock), settings.budget, settings.redis_url.as_ref());
        outbound.pause = pause;
        self.gate.outbound = Arc::new(outbound);
        self
    }

    pub(crate) async fn read(&self) -> Result<Snapshot> {
        self.store.read(self.clock.now()).await
    }

    pub(crate) async fn write(&self) -> Result<Tx> {
        self.store.write(self.clock.now()).await
    }

    /// Enters this process into the registry, once: the jobs of a process that is not there count as abandoned.
    pub(crate) async fn register(&self) -> Result<()> {
        let register = || async {
            let tx = self.write().await?;
            tx.register_process(&NewProcess {
                id: self.process,
                role: "worker".to_owned(),
                environment: self.settings.environment.as_str().to_owned(),
                dev_mode: self.settings.dev_mode,
                version: self.settings.version.clone(),
                migration_head: migration::required_head(),
                key_fingerprint: self.settings.key_fingerprint.clone(),
                address: None,
                address_mark: None,
            })
            .await?;
            tx.commit_operational(Operational::ProcessRegistry).await
        };
        self.registered.get_or_try_init(register).await?;
        Ok(())
    }

    /// Notes that this process lives, and what it has counted.
    pub(crate) async fn see(&self) -> Result<()> {
        let counted = std::mem::take(&mut *self.gate.outbound.counts());
        let seen = async {
            let tx = self.write().await?;
            tx.see_process(self.process).await?;
            tx.add_outbound_calls(&counted).await?;
            tx.commit_operational(Operational::ProcessRegistry).await
        };
        let seen = seen.await;
        if seen.is_err() {
            self.gate.outbound.counts().put_back(counted);
        }
        seen
    }

    /// Notes that this process has ended on purpose.
    pub(crate) async fn sign_off(&self) -> Result<()> {
        self.see().await?;
        let tx = self.write().await?;
        tx.stop_process(self.process).await?;
        tx.commit_operational(Operational::ProcessRegistry).await
    }
}
