//! The circuit breaker's row of each study; what its columns mean is the core's.

use metricis_core::Timestamp;
use metricis_core::breaker::{Breaker, BreakerColumns};
use metricis_core::ids::StudyId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Snapshot, StoreError, Tx, sql};

const COLUMNS: &str = "state, consecutive_failures, opened_at, generation, probe_lease_until, probe_holder";

#[derive(FromQueryResult)]
struct Row {
    state: String,
    consecutive_failures: i32,
    opened_at: Option<Timestamp>,
    generation: i64,
    probe_lease_until: Option<Timestamp>,
    probe_holder: Option<Uuid>,
}

impl TryFrom<Row> for Breaker {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        let columns = BreakerColumns {
            state: row.state.parse().map_err(StoreError::inconsistent)?,
            consecutive_failures: row.consecutive_failures,
            opened_at: row.opened_at,
            generation: row.generation,
            probe_lease_until: row.probe_lease_until,
            probe_holder: row.probe_holder,
        };
        Self::from_columns(columns).map_err(StoreError::inconsistent)
    }
}

impl Snapshot {
    /// A study's breaker; closed when nothing was ever counted.
    ///
    /// # Errors
    /// Columns that no state writes.
    pub async fn breaker(&self, study: StudyId) -> Result<Breaker> {
        let text = format!("SELECT {COLUMNS} FROM circuit_breakers WHERE study_id = $1");
        let row = self.one::<Row>(&text, sql::values![study.0]).await?;
        row.map_or_else(|| Ok(Breaker::default()), TryInto::try_into)
    }
}

impl Tx {
    /// A study's breaker, kept from others until this transaction ends.
    ///
    /// # Errors
    /// Columns that no state writes.
    pub async fn lock_breaker(&self, study: StudyId) -> Result<Breaker> {
        let text = "INSERT INTO circuit_breakers (study_id, state, consecutive_failures, generation) \
                    VALUES ($1, 'closed', 0, 0) ON CONFLICT (study_id) DO NOTHING";
        self.execute(text, sql::values![study.0]).await?;
        let text = format!("SELECT {COLUMNS} FROM circuit_breakers WHERE study_id = $1{}", self.dialect.for_update());
        let row = self.one::<Row>(&text, sql::values![study.0]).await?;
        row.ok_or_else(|| StoreError::inconsistent("the breaker's row vanished"))?.try_into()
    }

    /// Writes a study's breaker, which [`Tx::lock_breaker`] has locked.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn save_breaker(&self, study: StudyId, breaker: &Breaker) -> Result<()> {
        let columns = breaker.columns();
        let text = "UPDATE circuit_breakers SET state = $2, consecutive_failures = $3, opened_at = $4, generation = $5, \
                    probe_lease_until = $6, probe_holder = $7 WHERE study_id = $1";
        let args = sql::values![
            study.0,
            columns.state.as_str(),
            columns.consecutive_failures,
            columns.opened_at,
            columns.generation,
            columns.probe_lease_until,
            columns.probe_holder,
        ];
        self.execute(text, args).await?;
        Ok(())
    }
}
