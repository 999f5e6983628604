//! The budget that all processes share through Redis: the core's rule as a script.
//!
//! Invariant: Redis is a counter and never a truth; when it does not answer at once, the caller falls back. A turn whose
//! answer is lost on the way is lost, which only makes us slower.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use metricis_core::Timestamp;
use metricis_core::budget::{BudgetSettings, Slot, take};
use redis::RedisResult;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use secrecy::{ExposeSecret, SecretString};

const ANSWER_WITHIN: Duration = Duration::from_millis(250);
/// After a failure Redis is left alone for this many microseconds, so that not every call waits for it.
const LEAVE_ALONE_US: i64 = 2_000_000;

/// Returns the host's state as this turn finds it, and stores the state after it. The state outlives its use by a minute.
const SCRIPT: &str = "
local now, interval, seen = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tat = math.max(tonumber(redis.call('GET', KEYS[1])) or now, seen, now)
local after = tat + interval
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 60000)
return tat";

/// A connection and its script.
pub(super) struct SharedBudget {
    connection: ConnectionManager,
    script: redis::Script,
    alone_until_us: AtomicI64,
}

impl SharedBudget {
    /// Prepares the connection; it is made at the first use. None when the address cannot be one of Redis.
    pub(super) fn open(url: &SecretString) -> Option<Self> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(ANSWER_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN));
        let connection = redis::Client::open(url.expose_secret())
            .and_then(|client| ConnectionManager::new_lazy_with_config(client, config));
        match connection {
            Ok(connection) => {
                let script = redis::Script::new(SCRIPT);
                Some(Self { connection, script, alone_until_us: AtomicI64::new(i64::MIN) })
            }
            Err(error) => {
                // Only the kind: the message may hold the address with its password.
                tracing::error!(kind = ?error.kind(), "REDIS_URL is not usable; the database keeps the outbound budget");
                None
            }
        }
    }

    /// Takes the next turn; none when Redis does not answer.
    pub(super) async fn take(
        &self,
        host: &str,
        settings: &BudgetSettings,
        seen: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Slot> {
        if now.timestamp_micros() < self.alone_until_us.load(Ordering::Relaxed) {
            return None;
        }
        let problem = match tokio::time::timeout(ANSWER_WITHIN, self.ask(host, settings, seen, now)).await {
            Ok(Ok(tat_us)) => return Some(take(Timestamp::from_timestamp_micros(tat_us), now, settings)),
            Ok(Err(error)) => format!("{:?}", error.kind()),
            Err(_) => "no answer".to_owned(),
        };
        self.alone_until_us.store(now.timestamp_micros() + LEAVE_ALONE_US, Ordering::Relaxed);
        tracing::warn!(problem, "Redis does not answer; the database keeps the outbound budget, at half of it");
        None
    }

    async fn ask(
        &self,
        host: &str,
        settings: &BudgetSettings,
        seen: Option<Timestamp>,
        now: Timestamp,
    ) -> RedisResult<i64> {
        let now_us = now.timestamp_micros();
        let mut call = self.script.key(format!("metricis:outbound:{host}"));
        call.arg(now_us).arg(settings.interval_us()).arg(seen.map_or(now_us, |seen| seen.timestamp_micros()));
        call.invoke_async(&mut self.connection.clone()).await
    }
}
