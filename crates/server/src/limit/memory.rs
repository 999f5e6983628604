//! Limits of one process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use metricis_core::Timestamp;

use super::{Decision, Quota};

/// When this many keys are held, those that are back at rest are dropped.
const SWEEP_AT: usize = 20_000;

/// The moment of each key.
#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<String, i64>>);

impl Memory {
    pub(super) fn take(&self, key: String, quota: Quota, now: Timestamp) -> Decision {
        let mut moments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if moments.len() >= SWEEP_AT {
            moments.retain(|_, moment| *moment > now.timestamp_micros());
        }
        let (decision, next) = quota.decide(moments.get(&key).copied(), now);
        if let Some(next) = next {
            moments.insert(key, next);
        }
        decision
    }
}
