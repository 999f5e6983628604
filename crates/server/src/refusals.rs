//! Counts of refused requests: in memory during a minute, then one audit row per principal or address (system.md, *Audit*).
//!
//! Invariant: memory and rows stay bounded however many addresses ask; what exceeds the bound is counted under `others`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use metricis_core::Timestamp;
use metricis_core::action::{Action, Actor, Entry};
use metricis_store::{Entries, Store, StoreError};

/// Principals counted apart in one minute; the rest share a row.
const PRINCIPALS_PER_MINUTE: usize = 500;

/// What was refused. The word stands in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refused {
    /// A DET without a valid proof.
    DetProof,
    /// A sign-in with wrong credentials.
    SignIn,
    /// An operation without the role, or on somebody else's study.
    Access,
    /// A sign-in of an account that is locked after wrong passwords, or has become so.
    SignInLocked,
}

impl Refused {
    const fn word(self) -> &'static str {
        match self {
            Self::DetProof => "det_proof",
            Self::SignIn => "sign_in",
            Self::Access => "access",
            Self::SignInLocked => "sign_in_locked",
        }
    }
}

/// Minute (since 1970), kind and principal.
type Key = (i64, Refused, String);

/// The counts that are not written yet.
#[derive(Default)]
pub(crate) struct RefusalCounts(Mutex<BTreeMap<Key, u64>>);

impl RefusalCounts {
    /// Counts one refusal.
    pub(crate) fn count(&self, now: Timestamp, kind: Refused, principal: &str) {
        let minute = minute_of(now);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (minute, kind, principal.to_owned());
        let known = counts.contains_key(&key);
        let full = counts.range((minute, Refused::DetProof, String::new())..).count() >= PRINCIPALS_PER_MINUTE;
        let key = if known || !full { key } else { (minute, kind, "others".to_owned()) };
        *counts.entry(key).or_default() += 1;
    }

    /// Writes the minutes that are over.
    pub(crate) async fn flush_finished(&self, store: &Store, now: Timestamp) {
        self.flush(store, now, minute_of(now)).await;
    }

    /// Writes everything.
    pub(crate) async fn flush_all(&self, store: &Store, now: Timestamp) {
        self.flush(store, now, i64::MAX).await;
    }

    async fn flush(&self, store: &Store, now: Timestamp, before: i64) {
        let due = {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let later = counts.split_off(&(before, Refused::DetProof, String::new()));
            std::mem::replace(&mut *counts, later)
        };
        if due.is_empty() {
            return;
        }
        if let Err(error) = write(store, now, &due).await {
            tracing::error!(%error, rows = due.len(), "counts of refusals not written; kept for the next minute");
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, count) in due {
                *counts.entry(key).or_default() += count;
            }
        }
    }
}

async fn write(store: &Store, now: Timestamp, due: &BTreeMap<Key, u64>) -> Result<(), StoreError> {
    let mut entries = due.iter().map(|((_, kind, principal), count)| {
        let action = Action::Refuse { kind: kind.word().to_owned(), principal: principal.clone(), count: *count };
        Entry::system(Actor::System, action)
    });
    let Some(first) = entries.next() else { return Ok(()) };
    store.write(now).await?.commit(Entries::of(first, entries)).await
}

const fn minute_of(now: Timestamp) -> i64 {
    now.timestamp().div_euclid(60)
}
