//! The configuration: read from the environment once, every problem reported at once.
//!
//! Outside production everything has a default that needs no service; in production nothing that matters has one.

mod development;
mod problems;
mod read;
mod server_url;
mod variables;

pub use development::generate_secret;
pub use problems::Problem;
pub use variables::VARIABLES;

use std::path::PathBuf;

use metricis_core::breaker::BreakerSettings;
use metricis_core::environment::Environment;
use metricis_server::SessionStorage;
use metricis_store::{DatabaseUrl, Sealer};
use secrecy::SecretString;

/// What becomes of a development secret that neither the environment nor the data directory has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It is made and kept: a new data directory begins.
    Made,
    /// It is a problem: the command works on what is there.
    Refused,
    /// Any value does, nothing is kept: the settings are looked at, and used for nothing.
    Imagined,
}

/// Everything that the environment says. Secrets print as `[REDACTED]`.
#[derive(Clone)]
pub struct Settings {
    /// `ENVIRONMENT`.
    pub environment: Environment,
    /// `DEV_MODE`.
    pub dev_mode: bool,
    /// `DATABASE_URL`.
    pub database: DatabaseUrl,
    /// `MIGRATION_DATABASE_URL`, else `DATABASE_URL`.
    pub migration_database: DatabaseUrl,
    /// `REDIS_URL`.
    pub redis_url: Option<SecretString>,
    /// `JWT_SECRET_KEY`.
    pub jwt_secret: SecretString,
    /// `SESSION_SECRET_KEY`.
    pub session_secret: SecretString,
    /// `SESSION_STORAGE_BACKEND`.
    pub session_storage: SessionStorage,
    /// `SESSION_IDLE_MINUTES`.
    pub session_idle_minutes: u32,
    /// `SESSION_ABSOLUTE_HOURS`.
    pub session_absolute_hours: u32,
    /// `REDCAP_ENCRYPTION_KEY` with `_PREVIOUS` and `_ALLOW_PLAINTEXT_READS`.
    pub sealer: Sealer,
    /// First 16 hex digits of SHA-256 of the key: tells processes with different keys apart, and nothing else.
    pub key_fingerprint: String,
    /// `TRUSTED_PROXIES`.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// `ALLOWED_ORIGINS`.
    pub allowed_origins: Vec<String>,
    /// `RATE_LIMIT_PER_MINUTE`.
    pub rate_limit_per_minute: u32,
    /// `AUTH_RATE_LIMIT_PER_MINUTE`.
    pub auth_rate_limit_per_minute: u32,
    /// `SIGN_IN_LOCK_AFTER`.
    pub sign_in_lock_after: u32,
    /// `SIGN_IN_LOCK_MINUTES`.
    pub sign_in_lock_minutes: u32,
    /// `REDCAP_DET_RATE_LIMIT_PER_MINUTE`.
    pub det_rate_limit_per_minute: u32,
    /// `REDCAP_DET_TEST_RATE_LIMIT_PER_MINUTE`.
    pub det_test_rate_limit_per_minute: u32,
    /// `REDCAP_DET_IDEMPOTENCY_TTL_SECONDS`.
    pub det_idempotency_ttl_s: u32,
    /// `REDCAP_CIRCUIT_BREAKER_*`.
    pub breaker: BreakerSettings,
    /// `REDCAP_OUTBOUND_PER_MINUTE`.
    pub outbound_per_minute: u32,
    /// `REDCAP_CALL_TIMEOUT_SECONDS`.
    pub call_timeout_s: u32,
    /// `REDCAP_RECONCILE_EVERY_MINUTES`.
    pub reconcile_every_min: u32,
    /// `METRICS_TOKEN`.
    pub metrics_token: Option<SecretString>,
    /// `PUBLIC_URL`, without a trailing slash.
    pub public_url: Option<String>,
    /// `SERVER_URL`, without a trailing slash.
    pub server_url: Option<String>,
    /// Where the embedded engine and development secrets live.
    pub data: PathBuf,
}

impl Settings {
    /// Reads the process's environment (and `.env` beside it, when there is one).
    ///
    /// # Errors
    /// Every problem there is, not only the first.
    pub fn from_environment(data: PathBuf, absent: Absent) -> Result<Self, Vec<Problem>> {
        load_file();
        read::read(&variable, data, absent)
    }

    /// `ENVIRONMENT` alone, valid or not: how the program logs must be known before the rest is read, so that its problems
    /// are logged in that form.
    pub fn environment() -> Environment {
        load_file();
        read::environment(&variable)
    }

    /// As [`Self::from_environment`], absent secrets made, with other defaults for what the environment leaves open.
    ///
    /// # Errors
    /// Every problem there is, not only the first.
    pub fn with_defaults(data: PathBuf, defaults: &[(&str, &str)]) -> Result<Self, Vec<Problem>> {
        let fallback =
            |name: &str| defaults.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        read::read(&|name| std::env::var(name).ok().or_else(|| fallback(name)), data, Absent::Made)
    }
}

fn load_file() {
    // A missing .env is the normal case.
    let _ = dotenvy::dotenv();
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests;
