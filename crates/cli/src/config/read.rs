//! Reads the variables. Each reader notes its problem and goes on, so that an operator sees all of them at once.

mod edge;
mod secrets;
mod stores;

use std::path::PathBuf;

use metricis_core::breaker::BreakerSettings;
use metricis_core::environment::Environment;
use metricis_store::DatabaseUrl;
use secrets::fingerprint;

use super::{Absent, Problem, Settings};

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) struct Reader<'a> {
    lookup: Lookup<'a>,
    production: bool,
    data: PathBuf,
    absent: Absent,
    problems: Vec<Problem>,
}

/// `ENVIRONMENT`'s words: a closed list, so that a "prod" does not open what `production` closes.
const ENVIRONMENTS: [&str; 6] = ["production", "staging", "development", "demo", "training", "test"];

pub(super) fn environment(lookup: Lookup<'_>) -> Environment {
    let given = lookup("ENVIRONMENT").filter(|text| !text.trim().is_empty());
    Environment::new(&given.unwrap_or_else(|| "development".to_owned()))
}

pub(super) fn read(lookup: Lookup<'_>, data: PathBuf, absent: Absent) -> Result<Settings, Vec<Problem>> {
    let environment = environment(lookup);
    let mut reader = Reader { lookup, production: environment.is_production(), data, absent, problems: vec![] };
    reader.environment(&environment);
    let dev_mode = reader.forbidden_switch("DEV_MODE");
    let (database, migration_database) = reader.databases();
    let redis_url = reader.redis();
    let session_storage = reader.session_storage(redis_url.is_some());
    let secrets = reader.secrets();
    let allowed_origins = reader.origins();
    let sealer = reader.sealer(&secrets.encryption);
    let breaker = reader.breaker();
    let read = Settings {
        dev_mode,
        migration_database,
        redis_url,
        key_fingerprint: fingerprint(&secrets.encryption),
        jwt_secret: secrets.jwt,
        session_secret: secrets.session,
        session_storage,
        session_idle_minutes: reader.number("SESSION_IDLE_MINUTES", 30, 1),
        session_absolute_hours: reader.number("SESSION_ABSOLUTE_HOURS", 12, 1),
        trusted_proxies: reader.proxies(),
        allowed_origins,
        rate_limit_per_minute: reader.number("RATE_LIMIT_PER_MINUTE", 60, 1),
        auth_rate_limit_per_minute: reader.number("AUTH_RATE_LIMIT_PER_MINUTE", 10, 1),
        sign_in_lock_after: reader.number("SIGN_IN_LOCK_AFTER", 10, 3),
        sign_in_lock_minutes: reader.number("SIGN_IN_LOCK_MINUTES", 15, 1),
        det_rate_limit_per_minute: reader.number("REDCAP_DET_RATE_LIMIT_PER_MINUTE", 120, 1),
        det_test_rate_limit_per_minute: reader.number("REDCAP_DET_TEST_RATE_LIMIT_PER_MINUTE", 10, 1),
        det_idempotency_ttl_s: reader.number("REDCAP_DET_IDEMPOTENCY_TTL_SECONDS", 86_400, 1),
        breaker,
        outbound_per_minute: reader.outbound(),
        call_timeout_s: reader.number("REDCAP_CALL_TIMEOUT_SECONDS", 30, 1),
        reconcile_every_min: reader.number("REDCAP_RECONCILE_EVERY_MINUTES", 60, 0),
        metrics_token: reader.metrics_token(),
        public_url: reader.text("PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned()),
        server_url: reader.server_url(),
        data: reader.data.clone(),
        // Placeholders never leave this function: without a database or a sealer there is a problem.
        database: database.unwrap_or_else(|| DatabaseUrl::Sqlite(PathBuf::new())),
        sealer: match sealer {
            Some(sealer) if reader.problems.is_empty() => sealer,
            _ => return Err(reader.problems),
        },
        environment,
    };
    Ok(read)
}

impl Reader<'_> {
    pub(super) fn note(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.problems.push(Problem { variable, problem: problem.into() });
    }

    fn environment(&mut self, environment: &Environment) {
        if !ENVIRONMENTS.contains(&environment.as_str()) {
            let known = ENVIRONMENTS.join(", ");
            self.note("ENVIRONMENT", format!("{:?} is not an environment; it is one of {known}", environment.as_str()));
        }
    }

    /// The variable's text; blank counts as not set.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn number(&mut self, name: &'static str, default: u32, least: u32) -> u32 {
        let Some(text) = self.text(name) else { return default };
        match text.parse() {
            Ok(number) if number >= least => number,
            _ => {
                self.note(
                    name,
                    format!("{text:?} is not a whole number of at least {least}; the default is {default}"),
                );
                default
            }
        }
    }

    fn switch(&mut self, name: &'static str, default: bool) -> bool {
        let Some(text) = self.text(name) else { return default };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => true,
            "false" | "0" | "no" | "off" => false,
            _ => {
                self.note(name, format!("{text:?} is neither true nor false"));
                default
            }
        }
    }

    fn forbidden_switch(&mut self, name: &'static str) -> bool {
        let on = self.switch(name, false);
        if on && self.production {
            self.note(name, "is forbidden in production; unset it");
        }
        on
    }

    fn breaker(&mut self) -> BreakerSettings {
        BreakerSettings {
            enabled: self.switch("REDCAP_CIRCUIT_BREAKER_ENABLED", true),
            failure_threshold: self.number("REDCAP_CIRCUIT_BREAKER_FAILURE_THRESHOLD", 5, 1),
            cooldown_s: self.number("REDCAP_CIRCUIT_BREAKER_COOLDOWN_SECONDS", 60, 1),
            ..BreakerSettings::default()
        }
    }

    fn outbound(&mut self) -> u32 {
        let per_minute = self.number("REDCAP_OUTBOUND_PER_MINUTE", 300, 1);
        if per_minute > 400 {
            self.note(
                "REDCAP_OUTBOUND_PER_MINUTE",
                "REDCap bans an address above 600 calls a minute, and while Redis is lost half as much again may leave; write at \
                 most 400",
            );
        }
        per_minute
    }
}
