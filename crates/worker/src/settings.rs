//! What a worker is told. It reads no environment: the command line does.

use metricis_core::breaker::BreakerSettings;
use metricis_core::budget::BudgetSettings;
use metricis_core::environment::Environment;
use metricis_redcap::RetryPolicy;
use secrecy::SecretString;

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// `REDCAP_CIRCUIT_BREAKER_*`.
    pub breaker: BreakerSettings,
    /// What may leave for one REDCap host, over all studies and processes.
    pub budget: BudgetSettings,
    /// `REDIS_URL`: where several processes share that budget; the database keeps it without.
    pub redis_url: Option<SecretString>,
    /// Deadline of one call to REDCap, in seconds. Default 30.
    pub call_timeout_s: u32,
    /// How often a read that fails for a moment is sent, and how far apart. Three times by default, up to 1 s and 4 s apart.
    pub retry: RetryPolicy,
    /// How often a worker that nobody wakes looks for work, in milliseconds. Default 250.
    pub poll_ms: u32,
    /// Minutes between two reconciles of a study; 0 leaves them to people. Default 60.
    pub reconcile_every_min: u32,
    /// Pieces of work under way at once. Default 4.
    pub concurrency: usize,
    /// Key of the digests that tell whether a record has changed.
    pub digest_key: SecretString,
    /// `ENVIRONMENT`, for the process registry.
    pub environment: Environment,
    /// Whether development conveniences are on, for the process registry.
    pub dev_mode: bool,
    /// The program's version, for the process registry.
    pub version: String,
    /// Tells two encryption keys apart without revealing either, for the process registry.
    pub key_fingerprint: String,
}

impl WorkerSettings {
    /// The defaults, with what has none.
    #[must_use]
    pub fn new(digest_key: SecretString, environment: Environment, version: &str, key_fingerprint: &str) -> Self {
        Self {
            breaker: BreakerSettings::default(),
            budget: BudgetSettings::default(),
            redis_url: None,
            call_timeout_s: 30,
            retry: RetryPolicy::default(),
            poll_ms: 250,
            reconcile_every_min: 60,
            concurrency: 4,
            digest_key,
            environment,
            dev_mode: false,
            version: version.to_owned(),
            key_fingerprint: key_fingerprint.to_owned(),
        }
    }
}
