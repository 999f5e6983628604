//! Sessions that all processes share, in Redis.
//!
//! Invariant: nothing is guessed while Redis does not answer: the request is refused as unavailable, never let through.

use std::time::Duration;

use metricis_core::Timestamp;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Cmd, FromRedisValue};
use secrecy::{ExposeSecret, SecretString};

use super::StoreDown;
use super::record::{Record, SessionRules};

const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// The connection; none when the address cannot be one of Redis.
pub(super) struct SharedSessions(Option<ConnectionManager>);

impl SharedSessions {
    /// Prepares the connection; it is made at the first use.
    pub(super) fn open(url: Option<&SecretString>) -> Self {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(ANSWER_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN));
        let Some(url) = url else { return Self(None) };
        let connection = redis::Client::open(url.expose_secret())
            .and_then(|client| ConnectionManager::new_lazy_with_config(client, config));
        // Only the kind: the message may hold the address with its password.
        Self(connection.map_err(|error| tracing::error!(kind = ?error.kind(), "REDIS_URL is not usable")).ok())
    }

    pub(super) async fn insert(
        &self,
        key: &str,
        record: Record,
        rules: SessionRules,
        now: Timestamp,
    ) -> Result<(), StoreDown> {
        self.ask::<()>(&write(key, record, rules, now)?).await
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Record>, StoreDown> {
        let text: Option<String> = self.ask(redis::cmd("GET").arg(key)).await?;
        // A record of another version's shape is no session: its holder signs in again.
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Changes a record that is there; one that has been removed stays so.
    pub(super) async fn replace(
        &self,
        key: &str,
        record: Record,
        rules: SessionRules,
        now: Timestamp,
    ) -> Result<(), StoreDown> {
        self.ask::<()>(write(key, record, rules, now)?.arg("XX")).await
    }

    pub(super) async fn remove(&self, key: &str) -> Result<(), StoreDown> {
        self.ask::<()>(redis::cmd("DEL").arg(key)).await
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreDown> {
        let Some(connection) = &self.0 else { return Err(StoreDown) };
        let mut connection = connection.clone();
        let asked = tokio::time::timeout(ANSWER_WITHIN, command.query_async(&mut connection)).await;
        let problem = match asked {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => format!("{:?}", error.kind()),
            Err(_) => "no answer".to_owned(),
        };
        tracing::error!(problem, "Redis does not answer; sessions cannot be read");
        Err(StoreDown)
    }
}

/// `SET key record PX …`: Redis forgets a session when it is over.
fn write(key: &str, record: Record, rules: SessionRules, now: Timestamp) -> Result<Cmd, StoreDown> {
    let text = serde_json::to_string(&record).map_err(|_| StoreDown)?;
    let left_ms = (record.ends_at(rules) - now).num_milliseconds().max(1);
    let mut command = redis::cmd("SET");
    command.arg(key).arg(text).arg("PX").arg(left_ms);
    Ok(command)
}
