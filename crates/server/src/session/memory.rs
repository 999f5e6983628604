//! Sessions of one process: they end with it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use metricis_core::Timestamp;

use super::record::{Record, SessionRules};

/// When this many are held, those that are over are dropped.
const SWEEP_AT: usize = 10_000;

#[derive(Default)]
pub(super) struct MemorySessions(Mutex<HashMap<String, Record>>);

impl MemorySessions {
    pub(super) fn insert(&self, key: String, record: Record, rules: SessionRules, now: Timestamp) {
        let mut records = self.lock();
        if records.len() >= SWEEP_AT {
            records.retain(|_, held| held.ends_at(rules) > now);
        }
        records.insert(key, record);
    }

    pub(super) fn get(&self, key: &str) -> Option<Record> {
        self.lock().get(key).copied()
    }

    /// Changes a record that is there; one that has been removed stays so.
    pub(super) fn replace(&self, key: &str, record: Record) {
        if let Some(held) = self.lock().get_mut(key) {
            *held = record;
        }
    }

    pub(super) fn remove(&self, key: &str) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
