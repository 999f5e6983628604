//! The registry of running processes: who serves, with which version and key, where, and when it was last seen.
//!
//! An address is believed only with its mark, which is made with a key that the database does not have: whoever can write to
//! the registry cannot send the board's probes elsewhere.

use chrono::Duration;
use metricis_core::Timestamp;
use metricis_core::ids::ProcessId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Snapshot, Tx, sql};

/// A process that has not been seen for this many seconds is dead: six heartbeats. One that has stopped is so at once. There is
/// no other measure of it: what it held is reaped or shown as stuck, and the board no longer asks it, from the same moment.
pub const LIVE_WITHIN_S: i64 = 30;

const COLUMNS: &str = "id, role, environment, dev_mode, version, migration_head, key_fingerprint, address, address_mark, \
                       started_at, seen_at";

/// A running process.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Process {
    /// Its id.
    pub id: ProcessId,
    /// `server` or `worker`.
    pub role: String,
    /// The environment that it was told it runs in.
    pub environment: String,
    /// Whether development conveniences are on.
    pub dev_mode: bool,
    /// The program's version.
    pub version: String,
    /// The migration that the program needs.
    pub migration_head: String,
    /// Tells two keys apart without revealing either.
    pub key_fingerprint: String,
    /// `http://host:port` of a server; none of a worker.
    pub address: Option<String>,
    /// The mark of (process, address).
    pub address_mark: Option<String>,
    /// When it started.
    pub started_at: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
}

/// A process to register.
#[derive(Clone, Debug)]
pub struct NewProcess {
    /// Its id.
    pub id: ProcessId,
    /// `server` or `worker`.
    pub role: String,
    /// The environment that it was told it runs in.
    pub environment: String,
    /// Whether development conveniences are on.
    pub dev_mode: bool,
    /// The program's version.
    pub version: String,
    /// The migration that the program needs.
    pub migration_head: String,
    /// Tells two keys apart without revealing either.
    pub key_fingerprint: String,
    /// `http://host:port` of a server; none of a worker.
    pub address: Option<String>,
    /// The mark of (process, address).
    pub address_mark: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    role: String,
    environment: String,
    dev_mode: bool,
    version: String,
    migration_head: String,
    key_fingerprint: String,
    address: Option<String>,
    address_mark: Option<String>,
    started_at: Timestamp,
    seen_at: Timestamp,
}

impl From<Row> for Process {
    fn from(row: Row) -> Self {
        Self {
            id: ProcessId(row.id),
            role: row.role,
            environment: row.environment,
            dev_mode: row.dev_mode,
            version: row.version,
            migration_head: row.migration_head,
            key_fingerprint: row.key_fingerprint,
            address: row.address,
            address_mark: row.address_mark,
            started_at: row.started_at,
            seen_at: row.seen_at,
        }
    }
}

impl Snapshot {
    /// A process last seen before this moment is dead.
    pub(crate) fn dead_before(&self) -> Timestamp {
        self.now - Duration::seconds(LIVE_WITHIN_S)
    }

    /// The processes that live, oldest first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn live_processes(&self) -> Result<Vec<Process>> {
        let text = format!(
            "SELECT {COLUMNS} FROM processes WHERE stopped_at IS NULL AND seen_at >= $1 ORDER BY started_at, id"
        );
        Ok(self.all::<Row>(&text, sql::values![self.dead_before()]).await?.into_iter().map(Into::into).collect())
    }
}

impl Tx {
    /// Enters a process into the registry, started and seen now.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn register_process(&self, process: &NewProcess) -> Result<()> {
        let text = "INSERT INTO processes (id, role, environment, dev_mode, version, migration_head, key_fingerprint, address, \
                    address_mark, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)";
        let args = sql::values![
            process.id.0,
            process.role.as_str(),
            process.environment.as_str(),
            process.dev_mode,
            process.version.as_str(),
            process.migration_head.as_str(),
            process.key_fingerprint.as_str(),
            process.address.as_deref(),
            process.address_mark.as_deref(),
            self.now,
        ];
        self.execute(text, args).await?;
        Ok(())
    }

    /// Notes that a process lives.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn see_process(&self, id: ProcessId) -> Result<()> {
        self.execute("UPDATE processes SET seen_at = $2 WHERE id = $1", sql::values![id.0, self.now]).await?;
        Ok(())
    }

    /// Notes that a process has ended on purpose.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn stop_process(&self, id: ProcessId) -> Result<()> {
        let text = "UPDATE processes SET seen_at = $2, stopped_at = $2 WHERE id = $1";
        self.execute(text, sql::values![id.0, self.now]).await?;
        Ok(())
    }
}
