//! Where what is kept is kept: the databases, Redis, the console's sign-ins.

use std::path::PathBuf;

use metricis_server::SessionStorage;
use metricis_store::DatabaseUrl;
use secrecy::SecretString;

use super::Reader;

impl Reader<'_> {
    pub(super) fn databases(&mut self) -> (Option<DatabaseUrl>, DatabaseUrl) {
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

    pub(super) fn redis(&mut self) -> Option<SecretString> {
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

    pub(super) fn session_storage(&mut self, has_redis: bool) -> SessionStorage {
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
}
