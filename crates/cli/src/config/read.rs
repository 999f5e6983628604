//! Reads the variables. Each reader notes its problem and goes on, so that an operator sees all of them at once.

use std::path::PathBuf;

use metricis_core::breaker::BreakerSettings;
use metricis_core::environment::Environment;
use metricis_server::SessionStorage;
use metricis_store::{DatabaseUrl, Sealer};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::development::development_secret;
use super::{Absent, Problem, Settings};

type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

struct Reader<'a> {
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
        det_rate_limit_per_minute: reader.number("REDCAP_DET_RATE_LIMIT_PER_MINUTE", 120, 1),
        det_test_rate_limit_per_minute: reader.number("REDCAP_DET_TEST_RATE_LIMIT_PER_MINUTE", 10, 1),
        det_idempotency_ttl_s: reader.number("REDCAP_DET_IDEMPOTENCY_TTL_SECONDS", 86_400, 1),
        breaker,
        outbound_per_minute: reader.outbound(),
        call_timeout_s: reader.number("REDCAP_CALL_TIMEOUT_SECONDS", 30, 1),
        public_url: reader.text("PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned()),
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

struct Secrets {
    jwt: SecretString,
    session: SecretString,
    encryption: SecretString,
}

fn fingerprint(key: &SecretString) -> String {
    Sha256::digest(key.expose_secret().as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Reader<'_> {
    fn note(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.problems.push(Problem { variable, problem: problem.into() });
    }

    fn environment(&mut self, environment: &Environment) {
        if !ENVIRONMENTS.contains(&environment.as_str()) {
            let known = ENVIRONMENTS.join(", ");
            self.note("ENVIRONMENT", format!("{:?} is not an environment; it is one of {known}", environment.as_str()));
        }
    }

    /// The variable's text; blank counts as not set.
    fn text(&self, name: &str) -> Option<String> {
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

    fn databases(&mut self) -> (Option<DatabaseUrl>, DatabaseUrl) {
        let database = match self.text("DATABASE_URL") {
            Some(text) => self.database("DATABASE_URL", &text),
            None => {
                if self.production {
                    self.note("DATABASE_URL", "is not set; production needs PostgreSQL (postgresql+asyncpg://…)");
                }
                Some(DatabaseUrl::Sqlite(self.data.join("metricis.db")))
            }
        };
        let owner = self.text("MIGRATION_DATABASE_URL").and_then(|text| self.database("MIGRATION_DATABASE_URL", &text));
        let fallback = database.clone().unwrap_or_else(|| DatabaseUrl::Sqlite(PathBuf::new()));
        (database, owner.unwrap_or(fallback))
    }

    fn database(&mut self, name: &'static str, text: &str) -> Option<DatabaseUrl> {
        match DatabaseUrl::parse(text) {
            Ok(url) if self.production && !url.is_postgres() => {
                self.note(name, "production needs PostgreSQL (postgresql+asyncpg://…)");
                None
            }
            Ok(url) => Some(url),
            Err(refusal) => {
                self.note(name, refusal.to_string());
                None
            }
        }
    }

    fn redis(&mut self) -> Option<SecretString> {
        let url = self.text("REDIS_URL");
        match &url {
            None if self.production => self.note("REDIS_URL", "is not set; production needs Redis (redis://…)"),
            Some(text) if !text.starts_with("redis://") && !text.starts_with("rediss://") => {
                self.note("REDIS_URL", "is not an address of Redis; write redis://HOST:PORT or rediss://…");
            }
            _ => {}
        }
        url.map(Into::into)
    }

    fn session_storage(&mut self, has_redis: bool) -> SessionStorage {
        let name = "SESSION_STORAGE_BACKEND";
        let word = self.text(name).unwrap_or_else(|| "memory".to_owned());
        match word.as_str() {
            "redis" if !has_redis => self.note(name, "is redis, but REDIS_URL is not set"),
            "redis" => {}
            "memory" if self.production => {
                self.note(name, "must be redis in production; memory is for development only")
            }
            "memory" => {}
            other => self.note(name, format!("{other:?} is neither memory nor redis")),
        }
        if word == "redis" { SessionStorage::Redis } else { SessionStorage::Memory }
    }

    fn secrets(&mut self) -> Secrets {
        let names = ["JWT_SECRET_KEY", "SESSION_SECRET_KEY", "REDCAP_ENCRYPTION_KEY"];
        let [jwt, session, encryption] = names.map(|name| self.secret(name));
        let mut seen: Vec<(&'static str, String)> = vec![];
        let previous = self.text("REDCAP_ENCRYPTION_KEY_PREVIOUS").unwrap_or_default();
        let all = [
            ("JWT_SECRET_KEY", jwt.clone()),
            ("SESSION_SECRET_KEY", session.clone()),
            ("REDCAP_ENCRYPTION_KEY", encryption.clone()),
            ("REDCAP_ENCRYPTION_KEY_PREVIOUS", previous),
        ];
        for (name, value) in all {
            if let Some((other, _)) = seen.iter().find(|(_, known)| !value.is_empty() && *known == value) {
                let problem =
                    format!("is the same as {other}; each secret must be its own (`metricis secrets generate`)");
                self.note(name, problem);
            }
            seen.push((name, value));
        }
        Secrets { jwt: jwt.into(), session: session.into(), encryption: encryption.into() }
    }

    fn secret(&mut self, name: &'static str) -> String {
        match self.text(name) {
            Some(text) if text.chars().count() < 32 => {
                let problem = format!(
                    "has {} characters; it needs 32 or more (`metricis secrets generate`)",
                    text.chars().count()
                );
                self.note(name, problem);
                text
            }
            Some(text) => text,
            None if self.production => {
                self.note(name, "is not set (`metricis secrets generate` makes one)");
                String::new()
            }
            None => development_secret(&self.data, name, self.absent).unwrap_or_else(|error| {
                let problem = format!("is not set, and the data directory does not have it: {error}");
                self.note(name, problem);
                String::new()
            }),
        }
    }

    fn origins(&mut self) -> Vec<String> {
        let origins: Vec<String> = self
            .text("ALLOWED_ORIGINS")
            .map(|text| text.split(',').map(|origin| origin.trim().trim_end_matches('/').to_owned()).collect())
            .unwrap_or_default();
        if self.production && origins.is_empty() {
            self.note("ALLOWED_ORIGINS", "is not set; list the https origins that browsers use");
        }
        for origin in &origins {
            let plain = metricis_core::intake::origin_of(origin).as_deref() != Some(origin.to_lowercase().as_str());
            if plain || (self.production && !origin.starts_with("https://")) {
                self.note(
                    "ALLOWED_ORIGINS",
                    format!("{origin:?} is not an https origin such as https://app.example.org"),
                );
            }
        }
        origins
    }

    fn proxies(&mut self) -> Vec<std::net::IpAddr> {
        let text = self.text("TRUSTED_PROXIES").unwrap_or_default();
        let mut proxies = vec![];
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.parse::<std::net::IpAddr>() {
                Ok(address) => proxies.push(address.to_canonical()),
                Err(_) => self.note("TRUSTED_PROXIES", format!("{part:?} is not an IP address such as 10.0.0.1")),
            }
        }
        proxies
    }

    fn sealer(&mut self, key: &SecretString) -> Option<Sealer> {
        let allow_plaintext = self.forbidden_switch("REDCAP_ENCRYPTION_ALLOW_PLAINTEXT_READS");
        let previous = self.text("REDCAP_ENCRYPTION_KEY_PREVIOUS").map(SecretString::from);
        if let Some(short) =
            previous.as_ref().map(|key| key.expose_secret().chars().count()).filter(|length| *length < 32)
        {
            self.note("REDCAP_ENCRYPTION_KEY_PREVIOUS", format!("has {short} characters; it needs 32 or more"));
            return None;
        }
        // A key that is missing or short has been noted already.
        Sealer::new(key, previous.as_ref(), allow_plaintext).ok()
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
        if per_minute > 550 {
            self.note(
                "REDCAP_OUTBOUND_PER_MINUTE",
                "REDCap bans an address above 600 calls a minute; write at most 550",
            );
        }
        per_minute
    }
}
