//! The door to the database: one pool, one way to begin a transaction per engine.

use std::sync::Arc;
use std::time::Duration;

use metricis_core::Timestamp;
use sea_orm::{
    AccessMode, ConnectOptions, Database, DatabaseConnection, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use crate::{DatabaseUrl, Result, Snapshot, StoreError, Tx, dialect::Dialect};

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Connections held at most. Default 16.
    pub max_connections: u32,
    /// How long a caller waits for a free connection, in seconds. Default 10.
    pub acquire_timeout_s: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { max_connections: 16, acquire_timeout_s: 10 }
    }
}

/// An open database.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: DatabaseConnection,
    pub(crate) dialect: Dialect,
    /// SQLite has one writer. Waiting for it here is fair; its own busy handler polls and lets latecomers pass.
    writer: Option<Arc<Mutex<()>>>,
}

impl Store {
    /// Opens the database and makes sure that it answers. Does not look at its schema.
    ///
    /// # Errors
    /// Unavailable, with the engine's reason and without the address.
    pub async fn open(url: &DatabaseUrl, options: &StoreOptions) -> Result<Self> {
        match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path, options).await,
            DatabaseUrl::Postgres(address) => open_postgres(address.expose_secret(), options).await,
        }
    }

    /// Begins a transaction that only reads, all of it as of one moment.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn read(&self, now: Timestamp) -> Result<Snapshot> {
        let options = match self.dialect {
            // A reader never upgrades, so SQLite's DEFERRED is what it wants; its first read fixes the moment.
            Dialect::Sqlite => TransactionOptions::default(),
            // PostgreSQL's default would show each statement another moment: a chain could outgrow its head in between.
            Dialect::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
        };
        let inner = self.db.begin_with_options(options).await?;
        Ok(Snapshot::new(inner, self.dialect, now))
    }

    /// Begins a transaction that writes. Dropping it rolls back.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn write(&self, now: Timestamp) -> Result<Tx> {
        let turn = match &self.writer {
            Some(writer) => Some(Arc::clone(writer).lock_owned().await),
            None => None,
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = self.db.begin_with_options(options).await?;
        Ok(Tx::new(Snapshot::new(inner, self.dialect, now), turn))
    }

    /// Whether this is PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Closes every connection; what is not committed is rolled back.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn close(self) -> Result<()> {
        Ok(self.db.close().await?)
    }
}

async fn open_sqlite(path: &std::path::Path, options: &StoreOptions) -> Result<Store> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)
            .map_err(|error| StoreError::Unavailable(format!("cannot create {}: {error}", parent.display())))?;
    }
    let mut connect = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
    connect.map_sqlx_sqlite_opts(|sqlite| {
        use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            // FULL, not NORMAL: an acknowledged DET survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(15))
            .statement_cache_capacity(512)
    });
    let db = connect_with(connect, options).await?;
    Ok(Store { db, dialect: Dialect::Sqlite, writer: Some(Arc::default()) })
}

async fn open_postgres(address: &str, options: &StoreOptions) -> Result<Store> {
    let mut connect = ConnectOptions::new(address.to_owned());
    connect.set_schema_search_path("app");
    connect.set_application_name("metricis");
    // A process that freezes in mid-transaction must not hold everybody: its locks go after a while, and who waits is told.
    let bounds = [("lock_timeout", "3s"), ("idle_in_transaction_session_timeout", "15s")];
    connect.map_sqlx_postgres_opts(move |postgres| postgres.statement_cache_capacity(1024).options(bounds));
    let db = connect_with(connect, options).await?;
    Ok(Store { db, dialect: Dialect::Postgres, writer: None })
}

async fn connect_with(mut connect: ConnectOptions, options: &StoreOptions) -> Result<DatabaseConnection> {
    connect
        .max_connections(options.max_connections)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(options.acquire_timeout_s))
        .test_before_acquire(false)
        // After a restart of PostgreSQL the pool is full of dead connections; each would cost one request its answer.
        .test_before_acquire_if_idle_for(Duration::from_millis(500))
        .sqlx_logging(false);
    Database::connect(connect).await.map_err(|error| StoreError::Unavailable(error.to_string()))
}
