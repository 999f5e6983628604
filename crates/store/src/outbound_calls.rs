//! Counts of the calls to each REDCap host, over all processes: how they ended since the beginning, and how many left in the
//! last minute.
//!
//! ```text
//!   (host, answered)  began_at = the epoch      calls: all of them
//!   (host, slot_3)    began_at = 09:00:15       calls: those of these five seconds; a minute later the slot begins afresh
//! ```
//!
//! Invariant: a count of a slot's former minute never adds to its present one, whoever writes late.

use std::collections::BTreeMap;

use chrono::Duration;
use metricis_core::Timestamp;
use sea_orm::FromQueryResult;

use crate::{Result, Snapshot, Tx, sql};

const SLOT_S: i64 = 5;
const SLOTS: i64 = 60 / SLOT_S;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallEnd {
    /// REDCap answered.
    Answered,
    /// REDCap refused the data.
    Validation,
    /// REDCap could not be reached, failed, or refused us.
    ApiError,
}

impl CallEnd {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Validation => "validation",
            Self::ApiError => "api_error",
        }
    }
}

/// What a process has counted since it last wrote it down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallCounts(BTreeMap<(String, String), Count>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    began_at: Timestamp,
    calls: i64,
    longest_wait_ms: i64,
}

impl CallCounts {
    /// Counts a call that left at `start`, having waited for its turn.
    pub fn leave(&mut self, host: &str, start: Timestamp, waited: Duration) {
        let slot = start.timestamp().div_euclid(SLOT_S);
        let began_at = Timestamp::from_timestamp(slot * SLOT_S, 0).unwrap_or(start);
        let kind = format!("slot_{}", slot.rem_euclid(SLOTS));
        self.add((host.to_owned(), kind), Count { began_at, calls: 1, longest_wait_ms: waited.num_milliseconds() });
    }

    /// Counts how a call ended.
    pub fn end(&mut self, host: &str, end: CallEnd) {
        let count = Count { began_at: Timestamp::UNIX_EPOCH, calls: 1, longest_wait_ms: 0 };
        self.add((host.to_owned(), end.as_str().to_owned()), count);
    }

    /// Adds what could not be written down.
    pub fn put_back(&mut self, unwritten: Self) {
        unwritten.0.into_iter().for_each(|(key, count)| self.add(key, count));
    }

    fn add(&mut self, key: (String, String), count: Count) {
        let known = self.0.entry(key).or_insert(Count { calls: 0, ..count });
        if known.began_at < count.began_at {
            *known = count;
        } else if known.began_at == count.began_at {
            known.calls += count.calls;
            known.longest_wait_ms = known.longest_wait_ms.max(count.longest_wait_ms);
        }
    }
}

/// What left for one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCalls {
    /// The host.
    pub host: String,
    /// Calls that REDCap answered.
    pub answered: u64,
    /// Calls whose data REDCap refused.
    pub validation: u64,
    /// Calls that failed.
    pub api_error: u64,
    /// Calls that left in the last minute, to five seconds.
    pub last_minute: u64,
    /// The longest that one of these waited for its turn, in milliseconds.
    pub longest_wait_ms: u64,
}

#[derive(FromQueryResult)]
struct Row {
    host: String,
    answered: i64,
    validation: i64,
    api_error: i64,
    last_minute: i64,
    longest_wait_ms: i64,
}

impl Snapshot {
    /// What left for each host, by host.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn outbound_calls(&self) -> Result<Vec<HostCalls>> {
        // A sum over bigint is numeric on PostgreSQL.
        let sum = |what: &str| format!("CAST(coalesce(sum(calls) FILTER (WHERE {what}), 0) AS bigint)");
        let text = format!(
            "SELECT host, {} AS answered, {} AS validation, {} AS api_error, {} AS last_minute, \
             coalesce(max(longest_wait_ms) FILTER (WHERE began_at > $1), 0) AS longest_wait_ms \
             FROM outbound_calls GROUP BY host ORDER BY host",
            sum("kind = 'answered'"),
            sum("kind = 'validation'"),
            sum("kind = 'api_error'"),
            sum("began_at > $1"),
        );
        let rows = self.all::<Row>(&text, sql::values![self.now - Duration::minutes(1)]).await?;
        let calls = |row: Row| HostCalls {
            host: row.host,
            answered: row.answered.unsigned_abs(),
            validation: row.validation.unsigned_abs(),
            api_error: row.api_error.unsigned_abs(),
            last_minute: row.last_minute.unsigned_abs(),
            longest_wait_ms: row.longest_wait_ms.unsigned_abs(),
        };
        Ok(rows.into_iter().map(calls).collect())
    }
}

impl Tx {
    /// Adds what a process has counted. In the order of the keys, so that two processes cannot deadlock.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn add_outbound_calls(&self, counts: &CallCounts) -> Result<()> {
        if counts.0.is_empty() {
            return Ok(());
        }
        let text = format!(
            "INSERT INTO outbound_calls (host, kind, began_at, calls, longest_wait_ms) VALUES {} \
             ON CONFLICT (host, kind) DO UPDATE SET \
             calls = CASE WHEN outbound_calls.began_at = excluded.began_at \
               THEN outbound_calls.calls + excluded.calls ELSE excluded.calls END, \
             longest_wait_ms = CASE WHEN outbound_calls.began_at = excluded.began_at \
               AND outbound_calls.longest_wait_ms > excluded.longest_wait_ms \
               THEN outbound_calls.longest_wait_ms ELSE excluded.longest_wait_ms END, \
             began_at = excluded.began_at \
             WHERE outbound_calls.began_at <= excluded.began_at",
            sql::rows(counts.0.len(), 5, 1)
        );
        let values = counts.0.iter().flat_map(|((host, kind), count)| {
            sql::values![host.as_str(), kind.as_str(), count.began_at, count.calls, count.longest_wait_ms]
        });
        self.execute(&text, values.collect()).await?;
        Ok(())
    }
}
