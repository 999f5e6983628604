//! Telling workers in other processes that there is work for them: PostgreSQL's LISTEN and NOTIFY.
//!
//! Invariant: it says that somebody should look, and carries nothing. A signal that is lost costs one interval of the workers' own
//! looking. It is sent after the commit, alone: a NOTIFY inside a transaction makes commits wait for each other.

use sea_orm::ConnectionTrait;
use sea_orm::sqlx::postgres::PgListener;

use crate::dialect::Dialect;
use crate::{Result, Store, StoreError};

const CHANNEL: &str = "metricis_work";

/// A connection that hears of work.
#[derive(Debug)]
pub struct WorkSignals(PgListener);

impl Store {
    /// Tells every process that listens. On SQLite nobody can, and nothing happens.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn signal_work(&self) -> Result<()> {
        if self.dialect == Dialect::Postgres {
            self.db.execute_unprepared(&format!("NOTIFY {CHANNEL}")).await?;
        }
        Ok(())
    }

    /// Begins to listen, on a connection of its own that is never given back; `None` on SQLite.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn work_signals(&self) -> Result<Option<WorkSignals>> {
        if self.dialect != Dialect::Postgres {
            return Ok(None);
        }
        let mut listener =
            PgListener::connect_with(self.db.get_postgres_connection_pool()).await.map_err(unavailable)?;
        listener.listen(CHANNEL).await.map_err(unavailable)?;
        Ok(Some(WorkSignals(listener)))
    }
}

impl WorkSignals {
    /// Waits until work was signalled, or may have been: also after the connection was lost and made again.
    ///
    /// # Errors
    /// Unavailable; the next wait connects again.
    pub async fn heard(&mut self) -> Result<()> {
        self.0.try_recv().await.map(drop).map_err(unavailable)
    }
}

fn unavailable(error: sea_orm::sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
