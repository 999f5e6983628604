//! The outbound budget of each REDCap host: whose turn it is to call, over all studies and processes.
//!
//! ```text
//!   a turn ─► Redis, when there is one ─┬─ answers ─► its moment
//!                                       └─ silent ──► the database's row, at half of the budget
//!             no Redis ─────────────────────────────► the database's row
//! ```
//!
//! While Redis is silent for one process it may answer another, so that two counts run side by side: the whole budget in
//! Redis and half of it in the database, together still well below what REDCap bans. Each process carries the latest moment
//! that it has seen from one to the other, so that nothing begins afresh when Redis goes or comes back.
//!
//! Invariants: no transaction is held while a turn is waited for; a host whose next turn is far away leaves the work of its
//! studies in the queue, where it takes no slot from the others.

mod pause;
mod shared;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Duration;
use metricis_core::budget::{BudgetSettings, Slot};
use metricis_core::{Clock, Timestamp};
use metricis_store::{CallCounts, Operational, Result, Store};
use secrecy::SecretString;

pub use pause::Pause;
use shared::SharedBudget;

/// Work whose host has its next turn later than this stays in the queue.
const PATIENCE: Duration = Duration::seconds(1);

/// The budgets as one process knows them.
pub(crate) struct Outbound {
    store: Store,
    clock: Arc<dyn Clock>,
    settings: BudgetSettings,
    shared: Option<SharedBudget>,
    pub(crate) pause: Pause,
    hosts: Mutex<HashMap<String, Host>>,
    counts: Mutex<CallCounts>,
}

/// What this process knows of one host.
#[derive(Clone, Copy)]
struct Host {
    /// The latest state seen, wherever it is kept.
    tat: Timestamp,
    /// Until when its studies' work stays in the queue.
    crowded_until: Timestamp,
}

impl Outbound {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        settings: BudgetSettings,
        redis: Option<&SecretString>,
    ) -> Self {
        let shared = redis.and_then(SharedBudget::open);
        Self {
            store,
            clock,
            settings,
            shared,
            pause: Pause::default(),
            hosts: Mutex::default(),
            counts: Mutex::default(),
        }
    }

    /// Takes the next turn of `host`, and waits for it.
    ///
    /// # Errors
    /// The database is away.
    pub(crate) async fn wait_for_turn(&self, host: &str) -> Result<()> {
        let now = self.clock.now();
        let slot = self.reserve(host, now).await?;
        self.remember(host, slot);
        self.counts().leave(host, slot.start_at, slot.start_at - now);
        self.pause.until(slot.start_at, now).await;
        Ok(())
    }

    /// What was counted since it was last written down.
    pub(crate) fn counts(&self) -> MutexGuard<'_, CallCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hosts whose next turn is so far away that work for them had better wait in the queue.
    pub(crate) fn crowded_hosts(&self) -> BTreeSet<String> {
        let now = self.clock.now();
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.iter().filter(|(_, known)| now < known.crowded_until).map(|(host, _)| host.clone()).collect()
    }

    async fn reserve(&self, host: &str, now: Timestamp) -> Result<Slot> {
        let seen = self.hosts.lock().unwrap_or_else(PoisonError::into_inner).get(host).map(|host| host.tat);
        let settings = match &self.shared {
            Some(shared) => match shared.take(host, &self.settings, seen, now).await {
                Some(slot) => return Ok(slot),
                None => self.settings.halved(),
            },
            None => self.settings,
        };
        let tx = self.store.write(now).await?;
        let slot = tx.take_budget(host, &settings, seen).await?;
        tx.commit_operational(Operational::OutboundBudget).await?;
        Ok(slot)
    }

    fn remember(&self, host: &str, slot: Slot) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = Host { tat: slot.new_tat, crowded_until: slot.start_at - PATIENCE };
        let known = hosts.entry(host.to_owned()).or_insert(fresh);
        known.tat = known.tat.max(fresh.tat);
        known.crowded_until = known.crowded_until.max(fresh.crowded_until);
    }
}
