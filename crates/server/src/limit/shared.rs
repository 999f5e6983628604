//! Limits that all processes share: the same rule as a script in Redis.
//!
//! Invariant: Redis is a counter and never a truth; when it does not answer at once, the caller falls back.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use metricis_core::Timestamp;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use secrecy::{ExposeSecret, SecretString};

use super::{Decision, Quota};

const ANSWER_WITHIN: Duration = Duration::from_millis(100);
/// After a failure Redis is left alone for this many microseconds, so that not every request waits for it.
const LEAVE_ALONE_US: i64 = 2_000_000;

/// Returns how far the key is ahead of now, in microseconds, negative when refused (ahead is then -(value + 1)).
const SCRIPT: &str = "
local now, interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ahead = math.max((tonumber(redis.call('GET', KEYS[1])) or now) - now, 0)
local next = ahead + interval
if next > burst then return -ahead - 1 end
redis.call('SET', KEYS[1], string.format('%.0f', now + next), 'PX', math.ceil(next / 1000) + 1000)
return next";

/// The connection and its script.
pub(super) struct SharedLimits {
    connection: ConnectionManager,
    script: redis::Script,
    alone_until_us: AtomicI64,
}

impl SharedLimits {
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
                Some(Self { connection, script: redis::Script::new(SCRIPT), alone_until_us: AtomicI64::new(i64::MIN) })
            }
            Err(error) => {
                // Only the kind: the message may hold the address with its password.
                tracing::error!(kind = ?error.kind(), "REDIS_URL is not usable; limits are local to this process");
                None
            }
        }
    }

    /// Takes one; none when Redis does not answer.
    pub(super) async fn take(&self, key: &str, quota: Quota, now: Timestamp) -> Option<Decision> {
        let now_us = now.timestamp_micros();
        if now_us < self.alone_until_us.load(Ordering::Relaxed) {
            return None;
        }
        let mut connection = self.connection.clone();
        let mut invocation = self.script.key(key);
        invocation.arg(now_us).arg(quota.interval_us).arg(quota.burst_us);
        let asked = tokio::time::timeout(ANSWER_WITHIN, invocation.invoke_async::<i64>(&mut connection)).await;
        let problem = match asked {
            Ok(Ok(ahead @ 0..)) => return Some(quota.decision(true, ahead)),
            Ok(Ok(refused)) => return Some(quota.decision(false, -(refused + 1))),
            Ok(Err(error)) => format!("{:?}", error.kind()),
            Err(_) => "no answer".to_owned(),
        };
        self.alone_until_us.store(now_us + LEAVE_ALONE_US, Ordering::Relaxed);
        tracing::warn!(problem, "Redis does not answer; limits are local to this process");
        None
    }
}
