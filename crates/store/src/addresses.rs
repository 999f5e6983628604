//! Where servers are reached: what the go/no-go board asks.
//!
//! An address is believed only with its mark, which is made with a key that the database does not have: whoever can write to
//! the registry cannot send the board's probes elsewhere.

use metricis_core::ids::ProcessId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Snapshot, Tx, sql};

/// A server in the registry, and where it says that it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// The process.
    pub process: ProcessId,
    /// `http://host:port`; none when it has not said.
    pub address: Option<String>,
    /// The mark of (process, address).
    pub mark: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    address: Option<String>,
    address_mark: Option<String>,
}

impl Snapshot {
    /// The servers that live, oldest first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn server_addresses(&self) -> Result<Vec<ServerAddress>> {
        let text = "SELECT id, address, address_mark FROM processes \
                    WHERE role = 'server' AND stopped_at IS NULL AND seen_at >= $1 ORDER BY started_at, id";
        let rows = self.all::<Row>(text, sql::values![self.dead_before()]).await?;
        let address =
            |row: Row| ServerAddress { process: ProcessId(row.id), address: row.address, mark: row.address_mark };
        Ok(rows.into_iter().map(address).collect())
    }
}

impl Tx {
    /// Says where a registered process is reached.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn announce_address(&self, process: ProcessId, address: &str, mark: &str) -> Result<()> {
        let text = "UPDATE processes SET address = $2, address_mark = $3 WHERE id = $1";
        self.execute(text, sql::values![process.0, address, mark]).await?;
        Ok(())
    }
}
