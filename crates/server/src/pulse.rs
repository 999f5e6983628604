//! How this process stands: its database and Redis, asked at most once a second however many ask.
//!
//! Invariant: the answer comes within a second, whatever is down; a database that does not answer in time counts as down.

use std::time::Duration;

use metricis_core::Timestamp;
use metricis_core::budget::BudgetSettings;
use metricis_store::migration::MigrationStatus;
use tokio::sync::Mutex;

use crate::AppState;
use crate::limit::RedisState;

const DATABASE_WITHIN: Duration = Duration::from_millis(800);
const KEPT: chrono::Duration = chrono::Duration::seconds(1);

/// What was found at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// Where the database's schema stands, or why that is not known; never an address.
    pub(crate) database: Result<MigrationStatus, String>,
    pub(crate) redis: RedisState,
}

/// The last reading.
#[derive(Default)]
pub(crate) struct Pulse(Mutex<Option<(Timestamp, Reading)>>);

impl AppState {
    /// The pulse, at most a second old. Who asks while it is being taken waits for that one.
    pub(crate) async fn take_pulse(&self) -> Reading {
        let now = self.now();
        let mut kept = self.pulse.0.lock().await;
        if let Some((at, reading)) = &*kept
            && now - *at < KEPT
        {
            return reading.clone();
        }
        let (database, redis) = tokio::join!(read_database(self), self.limits.redis());
        let reading = Reading { database, redis };
        *kept = Some((now, reading.clone()));
        reading
    }

    /// Calls to one REDCap host that may leave in any 60 seconds now: while Redis is gone, the half that the database gives out.
    pub(crate) async fn outbound_budget(&self) -> u32 {
        let budget = BudgetSettings { per_minute: self.settings.outbound_per_minute, ..BudgetSettings::default() };
        match self.take_pulse().await.redis {
            RedisState::Unreachable => budget.halved().per_minute.max(1),
            RedisState::NotConfigured | RedisState::Connected => budget.per_minute,
        }
    }
}

async fn read_database(app: &AppState) -> Result<MigrationStatus, String> {
    let problem = match tokio::time::timeout(DATABASE_WITHIN, app.store.migration_status()).await {
        Ok(Ok(status)) => return Ok(status),
        Ok(Err(error)) => {
            tracing::error!(%error, "database unavailable");
            "the database does not answer".to_owned()
        }
        Err(_) => format!("the database does not answer within {DATABASE_WITHIN:?}"),
    };
    Err(problem)
}
