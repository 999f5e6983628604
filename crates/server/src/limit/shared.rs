//! Limits that all processes share: the same rule as a script in Redis.
//!
//! Takes that arrive while Redis is being asked share the next question: those of one key are one call with a count, which
//! lets through exactly as many as single calls would.
//!
//! Invariant: Redis is a counter and never a truth; when it does not answer at once, the caller falls back.

use std::collections::HashMap;
use std::time::Duration;

use metricis_core::Timestamp;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{ErrorKind, RedisResult, ServerErrorKind};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{mpsc, oneshot};

use super::{Decision, Quota};

const ANSWER_WITHIN: Duration = Duration::from_millis(100);
/// Whoever asks for the state can wait a little longer than a request.
const PING_WITHIN: Duration = Duration::from_millis(500);
/// After a failure Redis is left alone for this many microseconds, so that not every request waits for it.
const LEAVE_ALONE_US: i64 = 2_000_000;
/// How many callers may wait at once; more wait for their turn to wait.
const QUEUE: usize = 4_096;
/// How many share one question.
const GROUP: usize = 256;

/// Returns how far the key was ahead of now, in microseconds, and how many of those wanted it lets through.
const SCRIPT: &str = "
local now, interval, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local ahead = math.max((tonumber(redis.call('GET', KEYS[1])) or now) - now, 0)
local granted = math.max(math.min(wanted, math.floor((burst - ahead) / interval)), 0)
if granted > 0 then
  local next = ahead + granted * interval
  redis.call('SET', KEYS[1], string.format('%.0f', now + next), 'PX', math.ceil(next / 1000) + 1000)
end
return {ahead, granted}";

/// One caller's wish. No answer to it means: fall back.
struct Take {
    key: String,
    quota: Quota,
    now: Timestamp,
    answer: oneshot::Sender<Decision>,
}

/// Takes of one key under one quota.
struct Takes {
    now: Timestamp,
    answers: Vec<oneshot::Sender<Decision>>,
}

/// The handle of the task that asks Redis, and a connection of its own, with its own patience, for whoever asks after Redis itself.
pub(super) struct SharedLimits {
    takes: mpsc::Sender<Take>,
    state: ConnectionManager,
    ping_within: Duration,
}

/// How long Redis may take.
#[derive(Clone, Copy)]
struct Patience {
    answer: Duration,
    ping: Duration,
}

const PATIENCE: Patience = Patience { answer: ANSWER_WITHIN, ping: PING_WITHIN };

impl SharedLimits {
    /// Prepares the connections; each is made at its first use. None when the address cannot be one of Redis.
    pub(super) fn open(url: &SecretString) -> Option<Self> {
        Self::open_with(url, PATIENCE)
    }

    fn open_with(url: &SecretString, patience: Patience) -> Option<Self> {
        let connections = redis::Client::open(url.expose_secret())
            .and_then(|client| Ok((connection(&client, patience.answer)?, connection(&client, patience.ping)?)));
        match connections {
            Ok((connection, state)) => {
                let (sender, receiver) = mpsc::channel(QUEUE);
                let script = redis::Script::new(SCRIPT);
                let asker = Asker { connection, script, answer_within: patience.answer, alone_until_us: i64::MIN };
                tokio::spawn(asker.run(receiver));
                Some(Self { takes: sender, state, ping_within: patience.ping })
            }
            Err(error) => {
                // Only the kind: the message may hold the address with its password.
                tracing::error!(kind = ?error.kind(), "REDIS_URL is not usable; limits are local to this process");
                None
            }
        }
    }

    /// Whether Redis answers now.
    pub(super) async fn ping(&self) -> bool {
        // A clone is the same connection.
        let mut connection = self.state.clone();
        let command = redis::cmd("PING");
        let asked = tokio::time::timeout(self.ping_within, command.query_async::<String>(&mut connection)).await;
        matches!(asked, Ok(Ok(_)))
    }

    /// Takes one; none when Redis does not answer.
    pub(super) async fn take(&self, key: &str, quota: Quota, now: Timestamp) -> Option<Decision> {
        let (answer, wait) = oneshot::channel();
        self.takes.send(Take { key: key.to_owned(), quota, now, answer }).await.ok()?;
        wait.await.ok()
    }
}

/// A connection that is made, and made again, within `patience` and waits as long for an answer.
fn connection(client: &redis::Client, patience: Duration) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_connection_timeout(Some(patience))
        .set_response_timeout(Some(patience));
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

/// The connection and its script.
struct Asker {
    connection: ConnectionManager,
    script: redis::Script,
    answer_within: Duration,
    alone_until_us: i64,
}

impl Asker {
    async fn run(mut self, mut receiver: mpsc::Receiver<Take>) {
        let mut waiting = Vec::new();
        while receiver.recv_many(&mut waiting, GROUP).await > 0 {
            let mut groups: HashMap<(String, Quota), Takes> = HashMap::new();
            for Take { key, quota, now, answer } in waiting.drain(..) {
                let takes = groups.entry((key, quota)).or_insert_with(|| Takes { now, answers: Vec::new() });
                takes.now = takes.now.max(now);
                takes.answers.push(answer);
            }
            self.answer(groups.into_iter().collect()).await;
        }
    }

    async fn answer(&mut self, groups: Vec<((String, Quota), Takes)>) {
        let Some(now_us) = groups.iter().map(|(_, takes)| takes.now.timestamp_micros()).max() else { return };
        if now_us < self.alone_until_us {
            return;
        }
        let problem = match tokio::time::timeout(self.answer_within, self.ask(&groups)).await {
            Ok(Ok(counts)) => {
                for (((_, quota), takes), (ahead, granted)) in groups.into_iter().zip(counts) {
                    answer_all(quota, takes, ahead, granted);
                }
                return;
            }
            Ok(Err(error)) => format!("{:?}", error.kind()),
            Err(_) => "no answer".to_owned(),
        };
        self.alone_until_us = now_us + LEAVE_ALONE_US;
        tracing::warn!(problem, "Redis does not answer; limits are local to this process");
    }

    /// One round trip for all; a second one when Redis has lost the script.
    async fn ask(&mut self, groups: &[((String, Quota), Takes)]) -> RedisResult<Vec<(i64, i64)>> {
        let mut question = redis::pipe();
        for ((key, quota), takes) in groups {
            let mut call = self.script.key(key);
            call.arg(takes.now.timestamp_micros()).arg(quota.interval_us).arg(quota.burst_us).arg(takes.answers.len());
            question.invoke_script(&call);
        }
        match question.query_async(&mut self.connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.script.load_async(&mut self.connection).await?;
                question.query_async(&mut self.connection).await
            }
            counts => counts,
        }
    }
}

fn answer_all(quota: Quota, takes: Takes, mut ahead: i64, granted: i64) {
    for (number, answer) in (0_i64..).zip(takes.answers) {
        let allowed = number < granted;
        ahead += if allowed { quota.interval_us } else { 0 };
        // A caller that has hung up wants no answer.
        let _ = answer.send(quota.decision(allowed, ahead));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use metricis_store::testing::monday;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Notify;

    use super::*;

    /// Answers what a client says of itself, a PING when it is told to, and nothing else.
    async fn talk(mut stream: TcpStream, asked: Arc<Notify>, answer: Arc<Notify>) -> std::io::Result<()> {
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        while let Some(line) = lines.next_line().await? {
            let words: usize = line.trim_start_matches('*').parse().expect("a command");
            let mut command = vec![];
            for _ in 0..words {
                lines.next_line().await?;
                command.extend(lines.next_line().await?);
            }
            match command[0].as_str() {
                "PING" => {
                    asked.notify_one();
                    answer.notified().await;
                    write.write_all(b"+PONG\r\n").await?;
                }
                "CLIENT" => write.write_all(b"+OK\r\n").await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// The listener answers the PING when a take has been given up: what asks for the state has more patience than that.
    #[tokio::test]
    async fn whoever_asks_after_redis_waits_longer_than_a_request() {
        let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("redis://{}", listener.local_addr().expect("an address"));
        let (heard, told) = (Arc::clone(&asked), Arc::clone(&answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&heard), Arc::clone(&told)));
            }
        });
        let patience = Patience { answer: Duration::from_millis(20), ping: Duration::from_secs(60) };
        let limits = Arc::new(SharedLimits::open_with(&url.into(), patience).expect("an address of Redis"));
        let ping = tokio::spawn({
            let limits = Arc::clone(&limits);
            async move { limits.ping().await }
        });
        asked.notified().await;
        assert!(limits.take("key", Quota::per_minute(1), monday()).await.is_none());
        answer.notify_one();
        assert!(ping.await.expect("no panic"), "Redis answers");
    }
}
