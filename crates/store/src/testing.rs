//! Fresh databases for tests, on both engines: a file for SQLite, a copy of a migrated template for PostgreSQL.
//!
//! PostgreSQL is not optional: without `TEST_DATABASE_URL` a test that asks for it fails and says what to run.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use metricis_core::Timestamp;
use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;

use crate::{DatabaseUrl, Store, StoreOptions, Tx, migration, sql};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The engine that a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// The PostgreSQL of `scripts/services`.
    Postgres,
}

/// A fresh, migrated database.
pub struct TestDb {
    /// Opened as a server would: with the runtime role on PostgreSQL.
    pub store: Store,
    /// The address `store` was opened with.
    pub url: DatabaseUrl,
    /// The address of the tables' owner; the same as `url` on SQLite.
    pub owner_url: DatabaseUrl,
    folder: Option<PathBuf>,
}

/// A transaction that holds what others want, on PostgreSQL, until it is released: how a test makes a race happen.
pub struct Gate {
    tx: Tx,
    store: Store,
}

impl Gate {
    /// Waits until exactly `n` transactions of this database wait for a lock.
    ///
    /// # Panics
    /// When they never do.
    pub async fn until_waiting(&self, n: i64) {
        let text = "SELECT count(DISTINCT waiting.pid) FROM pg_locks waiting JOIN pg_locks here ON here.pid = waiting.pid \
                    WHERE NOT waiting.granted AND here.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        for _ in 0..20_000 {
            if self.tx.count(text, vec![]).await.expect("pg_locks") == n {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{n} transactions never waited at once");
    }

    /// Lets them go.
    ///
    /// # Panics
    /// When PostgreSQL has gone.
    pub async fn release(self) {
        self.tx.roll_back().await.expect("released");
        self.store.close().await.expect("closed");
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // What cannot be removed is left to the system's temporary folder.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl TestDb {
    /// Makes one.
    ///
    /// # Panics
    /// When the engine cannot be had: a test must not pass without it.
    pub async fn fresh(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => fresh_sqlite().await,
            Engine::Postgres => fresh_postgres().await,
        }
    }

    /// Runs statements as the tables' owner, past every rule of the store: how a test plants a fault.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn tamper(&self, statements: &str) -> crate::Result<()> {
        let store = Store::open(&self.owner_url, &one_connection()).await?;
        store.db.execute_unprepared(statements).await?;
        store.close().await
    }

    /// Runs a statement that takes a lock, as the tables' owner, and keeps the lock.
    ///
    /// # Panics
    /// When it cannot be had.
    pub async fn hold(&self, statement: &str) -> Gate {
        let store = Store::open(&self.owner_url, &one_connection()).await.expect("the owner");
        let tx = store.write(monday()).await.expect("a transaction");
        tx.execute(statement, vec![]).await.expect(statement);
        Gate { tx, store }
    }

    /// Runs statements with the role that a server has.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn as_server(&self, statements: &str) -> crate::Result<()> {
        self.store.db.execute_unprepared(statements).await?;
        Ok(())
    }

    /// The number that a query gives.
    ///
    /// # Panics
    /// When the query fails.
    pub async fn count(&self, query: &str) -> i64 {
        sql::count(&self.store.db, self.store.dialect, query, vec![]).await.expect(query)
    }
}

/// A moment for tests: 2026-03-02 09:00 UTC, a Monday.
#[must_use]
pub fn monday() -> Timestamp {
    Timestamp::from_timestamp(1_772_442_000, 0).unwrap_or_default()
}

fn one_connection() -> StoreOptions {
    StoreOptions { max_connections: 1, ..StoreOptions::default() }
}

fn unique_name() -> String {
    format!("t{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

async fn fresh_sqlite() -> TestDb {
    let folder = std::env::temp_dir().join(format!("metricis-{}", unique_name()));
    let _ = std::fs::remove_dir_all(&folder);
    let url = DatabaseUrl::Sqlite(folder.join("test.db"));
    let store = Store::open(&url, &StoreOptions::default()).await.expect("open SQLite");
    store.migrate_up(None).await.expect("migrate SQLite");
    TestDb { store, owner_url: url.clone(), url, folder: Some(folder) }
}

async fn fresh_postgres() -> TestDb {
    let (owner, runtime) = (address("TEST_DATABASE_URL"), address("TEST_RUNTIME_DATABASE_URL"));
    let role = runtime.role().expect("TEST_RUNTIME_DATABASE_URL names a role");
    let template = template_name();
    let name = unique_name();
    let admin = Store::open(&owner, &one_connection()).await.expect("open PostgreSQL");
    let run = async |text: String| admin.db.execute_unprepared(&text).await.expect("PostgreSQL makes a database");
    // Many tests wait here for the first of them to make the template.
    run("SET lock_timeout = 0".to_owned()).await;
    run("SELECT pg_advisory_lock(4242)".to_owned()).await;
    let exists = format!("SELECT count(*) FROM pg_database WHERE datname = '{template}'");
    if sql::count(&admin.db, admin.dialect, &exists, vec![]).await.expect("pg_database") == 0 {
        run(format!("CREATE DATABASE {template}")).await;
        let store = Store::open(&with_database(&owner, &template), &one_connection()).await.expect("open the template");
        store.migrate_up(Some(&role)).await.expect("migrate the template");
        store.close().await.expect("close the template");
    }
    run(format!("DROP DATABASE IF EXISTS {name}")).await;
    run(format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    run("SELECT pg_advisory_unlock(4242)".to_owned()).await;
    admin.close().await.expect("close PostgreSQL");
    let url = with_database(&runtime, &name);
    let store = Store::open(&url, &StoreOptions::default()).await.expect("open the copy");
    TestDb { store, url, owner_url: with_database(&owner, &name), folder: None }
}

/// Another set of statements is another template.
fn template_name() -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(migration::fingerprint().as_bytes());
    format!("tpl_{}", &hex::encode(digest)[..16])
}

fn address(variable: &str) -> DatabaseUrl {
    let text =
        std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run the suite with `make test`"));
    DatabaseUrl::parse(&text).expect(variable)
}

fn with_database(url: &DatabaseUrl, name: &str) -> DatabaseUrl {
    let DatabaseUrl::Postgres(address) = url else { panic!("not PostgreSQL") };
    let mut url = url::Url::parse(address.expose_secret()).expect("a parsed address");
    url.set_path(name);
    DatabaseUrl::Postgres(String::from(url).into())
}
