//! How many requests a principal may make: one rule (GCRA), in memory or shared through Redis.
//!
//! Invariant: without Redis the local limits hold; nothing becomes unlimited because a cache is gone.

mod gcra;
mod layer;
mod memory;
mod shared;

use metricis_core::Timestamp;
use secrecy::SecretString;

pub(crate) use gcra::{Decision, Quota};
pub(crate) use layer::limit_requests;
use memory::Memory;
use shared::SharedLimits;

/// What is counted. Scopes do not touch each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// Requests of a principal, or of an address.
    General,
    /// Sign-ins of an address.
    Auth,
    /// Proven DETs of a study.
    Det,
    /// Calls of the DET test of an address.
    DetTest,
    /// Failed DET proofs of an address.
    DetProof,
}

impl Scope {
    const fn word(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Auth => "auth",
            Self::Det => "det",
            Self::DetTest => "det_test",
            Self::DetProof => "det_proof",
        }
    }
}

/// The limits of this process.
pub(crate) struct Limits {
    memory: Memory,
    shared: Option<SharedLimits>,
}

impl Limits {
    pub(crate) fn new(redis_url: Option<&SecretString>) -> Self {
        Self { memory: Memory::default(), shared: redis_url.and_then(SharedLimits::open) }
    }

    /// Takes one of `per_minute` from `who`.
    pub(crate) async fn take(&self, scope: Scope, who: &str, per_minute: u32, now: Timestamp) -> Decision {
        let quota = Quota::per_minute(per_minute);
        let key = format!("metricis:limit:{}:{who}", scope.word());
        if let Some(shared) = &self.shared
            && let Some(decision) = shared.take(&key, quota, now).await
        {
            return decision;
        }
        self.memory.take(key, quota, now)
    }
}
