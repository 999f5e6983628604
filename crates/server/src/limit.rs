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
    /// Openings of streams of changes.
    Stream,
}

impl Scope {
    const fn word(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Auth => "auth",
            Self::Det => "det",
            Self::DetTest => "det_test",
            Self::DetProof => "det_proof",
            Self::Stream => "stream",
        }
    }
}

/// Whether the limits are shared among processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RedisState {
    /// `REDIS_URL` is not set: limits are local.
    NotConfigured,
    /// Redis answers.
    Connected,
    /// `REDIS_URL` is set and nothing answers there: limits are local until it does.
    Unreachable,
}

/// The limits of this process.
pub(crate) struct Limits {
    memory: Memory,
    configured: bool,
    shared: Option<SharedLimits>,
}

impl Limits {
    pub(crate) fn new(redis_url: Option<&SecretString>) -> Self {
        let shared = redis_url.and_then(SharedLimits::open);
        Self { memory: Memory::default(), configured: redis_url.is_some(), shared }
    }

    /// Asks Redis.
    pub(crate) async fn redis(&self) -> RedisState {
        match &self.shared {
            Some(shared) if shared.ping().await => RedisState::Connected,
            None if !self.configured => RedisState::NotConfigured,
            _ => RedisState::Unreachable,
        }
    }

    /// Says at the start what this process does without Redis.
    pub(crate) async fn announce(&self) {
        if self.redis().await == RedisState::Unreachable {
            tracing::error!(
                "Redis (REDIS_URL) does not answer: until it does, every limit counts in each process alone – DETs, sync and \
                 requests go on, sign-in stays limited –, console sessions that are kept there get 503, and /api/health says degraded"
            );
        }
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
