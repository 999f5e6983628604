//! What a server is told: every field with its unit; the command line reads them from the environment.

use metricis_core::breaker::BreakerSettings;
use metricis_core::environment::Environment;
use secrecy::SecretString;

/// `SESSION_STORAGE_BACKEND`: where the console's sessions are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionStorage {
    /// In the process.
    #[default]
    Memory,
    /// In the Redis of `REDIS_URL`, for all processes.
    Redis,
}

/// The settings of one server process.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// `ENVIRONMENT`.
    pub environment: Environment,
    /// `DEV_MODE`; opens nothing by itself.
    pub dev_mode: bool,
    /// `JWT_SECRET_KEY`: signs access tokens.
    pub jwt_secret: SecretString,
    /// `SESSION_SECRET_KEY`: signs the console's cookies and makes their CSRF tokens.
    pub session_secret: SecretString,
    /// `SESSION_STORAGE_BACKEND`. Memory by default.
    pub session_storage: SessionStorage,
    /// `SESSION_IDLE_MINUTES`: how long a console session lasts unused. Default 30.
    pub session_idle_minutes: u32,
    /// `SESSION_ABSOLUTE_HOURS`: how long a console session lasts at most. Default 12.
    pub session_absolute_hours: u32,
    /// First 16 hex digits of SHA-256 of `REDCAP_ENCRYPTION_KEY`: tells processes with different keys apart.
    pub key_fingerprint: String,
    /// `TRUSTED_PROXIES`: addresses whose `X-Forwarded-For` is believed. None by default.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// `ALLOWED_ORIGINS`: origins that browsers may call from.
    pub allowed_origins: Vec<String>,
    /// `RATE_LIMIT_PER_MINUTE`, per principal, or per address when anonymous. Default 60.
    pub rate_limit_per_minute: u32,
    /// `AUTH_RATE_LIMIT_PER_MINUTE`, sign-ins per address. Default 10.
    pub auth_rate_limit_per_minute: u32,
    /// `SIGN_IN_LOCK_AFTER`: wrong passwords in a row that lock an account's sign-in at one place. Default 10.
    pub sign_in_lock_after: u32,
    /// `SIGN_IN_LOCK_MINUTES`: how long. Default 15.
    pub sign_in_lock_minutes: u32,
    /// `REDCAP_DET_RATE_LIMIT_PER_MINUTE`, proven DETs per study. Default 120.
    pub det_rate_limit_per_minute: u32,
    /// `REDCAP_DET_TEST_RATE_LIMIT_PER_MINUTE`, per address. Default 10.
    pub det_test_rate_limit_per_minute: u32,
    /// `REDCAP_DET_IDEMPOTENCY_TTL_SECONDS`. Default 86400.
    pub idempotency_ttl_s: u32,
    /// `REDIS_URL`: shares the limits among processes.
    pub redis_url: Option<SecretString>,
    /// `REDCAP_CIRCUIT_BREAKER_*`, to be shown; a worker acts on them.
    pub breaker: BreakerSettings,
    /// The program's version.
    pub version: String,
    /// `PUBLIC_URL`, without a trailing slash: where participants and REDCap reach this server.
    pub public_url: String,
    /// `SERVER_URL`, without a trailing slash: where the go/no-go board reaches this one process. The address listened on by default.
    pub server_url: Option<String>,
    /// How long a participant's session lasts, in minutes. Default 60.
    pub participant_session_minutes: u32,
    /// How long a participant's one-time link can be used, in minutes. Default 1440.
    pub participant_link_minutes: u32,
    /// How long a staff access token lasts, in minutes. Default 60.
    pub access_token_minutes: u32,
    /// How long a request waits for the job whose answer it shows, in milliseconds. Default 25000.
    pub job_wait_ms: u64,
    /// How long a connection may take to send a request's head, and may idle between two requests, in milliseconds. Default 90000: a proxy
    /// that keeps idle connections for the usual 75 s never sends a DET into one that is being closed.
    pub head_within_ms: u64,
    /// Connections that are open at once; more wait to be accepted. Default 2000.
    pub max_connections: u32,
    /// How long a check of the go/no-go board may take, in milliseconds; after that no row is proven. Default 20000.
    pub board_within_ms: u64,
    /// The rhythm of the streams of changes.
    pub change_times: crate::ChangeTimes,
}

impl ServerSettings {
    /// The defaults of the checklist (§2.1, §2.3) around what has none.
    #[must_use]
    pub fn new(
        environment: Environment,
        jwt_secret: SecretString,
        session_secret: SecretString,
        key_fingerprint: String,
    ) -> Self {
        Self {
            environment,
            dev_mode: false,
            jwt_secret,
            session_secret,
            session_storage: SessionStorage::default(),
            session_idle_minutes: 30,
            session_absolute_hours: 12,
            key_fingerprint,
            trusted_proxies: vec![],
            allowed_origins: vec![],
            rate_limit_per_minute: 60,
            auth_rate_limit_per_minute: 10,
            sign_in_lock_after: 10,
            sign_in_lock_minutes: 15,
            det_rate_limit_per_minute: 120,
            det_test_rate_limit_per_minute: 10,
            idempotency_ttl_s: 86_400,
            redis_url: None,
            breaker: BreakerSettings::default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            public_url: String::new(),
            server_url: None,
            participant_session_minutes: 60,
            participant_link_minutes: 1_440,
            access_token_minutes: 60,
            job_wait_ms: 25_000,
            head_within_ms: 90_000,
            max_connections: 2_000,
            board_within_ms: 20_000,
            change_times: crate::ChangeTimes::default(),
        }
    }

    /// Whether cookies travel over TLS only: in production, and wherever the public address says https.
    pub(crate) fn cookies_are_secure(&self) -> bool {
        self.environment.is_production() || self.public_url.starts_with("https://")
    }
}
