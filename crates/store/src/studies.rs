//! Studies: the row, and how it becomes the core's typed configuration.

use metricis_core::Timestamp;
use metricis_core::ids::{StudyId, UserId};
use metricis_core::study::{RedcapConfig, StudyConfig};
use metricis_core::words::{IntegrationMode, StudyStatus};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::{Result, Snapshot, StoreError, Tx, audit, sql};

const COLUMNS: &str = "id, code, name, status, integration_mode, redcap_enabled, config, test_mode_config, updated_at";

/// A study as stored.
#[derive(Clone, Debug)]
pub struct StoredStudy {
    /// Its id.
    pub id: StudyId,
    /// The sponsor's code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// draft → active ⇄ paused → completed.
    pub status: StudyStatus,
    /// Who holds the records.
    pub integration_mode: IntegrationMode,
    /// Agrees with `integration_mode`, by a constraint.
    pub redcap_enabled: bool,
    /// The configuration.
    pub config: StudyConfig,
    /// Days by which a test study's date is moved; 0 when absent.
    pub time_simulation_offset_days: i64,
    /// The row as last written: what a concurrent change is told apart by.
    pub updated_at: Timestamp,
}

/// A study to create.
#[derive(Clone, Debug)]
pub struct NewStudy {
    /// Its id.
    pub id: StudyId,
    /// The sponsor's code, unique.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its configuration.
    pub config: StudyConfig,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    code: String,
    name: String,
    status: String,
    integration_mode: String,
    redcap_enabled: bool,
    config: Value,
    test_mode_config: Value,
    updated_at: Timestamp,
}

#[derive(FromQueryResult)]
struct AddressRow {
    id: Uuid,
    address: String,
}

impl TryFrom<Row> for StoredStudy {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: StudyId(row.id),
            code: row.code,
            name: row.name,
            status: row.status.parse().map_err(StoreError::inconsistent)?,
            integration_mode: row.integration_mode.parse().map_err(StoreError::inconsistent)?,
            redcap_enabled: row.redcap_enabled,
            config: serde_json::from_value(row.config).map_err(StoreError::inconsistent)?,
            time_simulation_offset_days: simulated_days(&row.test_mode_config),
            updated_at: row.updated_at,
        })
    }
}

/// A number or its text, as people have written both; anything else counts as an offset that is not zero.
fn simulated_days(config: &Value) -> i64 {
    match config.get("time_simulation_offset_days") {
        None | Some(Value::Null) => 0,
        Some(Value::String(text)) => text.parse().unwrap_or(i64::MAX),
        Some(other) => other.as_i64().unwrap_or(i64::MAX),
    }
}

impl Snapshot {
    /// The study with this id.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn study(&self, id: StudyId) -> Result<Option<StoredStudy>> {
        let text = format!("SELECT {COLUMNS} FROM studies WHERE id = $1");
        self.one::<Row>(&text, sql::values![id.0]).await?.map(TryInto::try_into).transpose()
    }

    /// The study with this code.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn study_by_code(&self, code: &str) -> Result<Option<StoredStudy>> {
        let text = format!("SELECT {COLUMNS} FROM studies WHERE code = $1");
        self.one::<Row>(&text, sql::values![code]).await?.map(TryInto::try_into).transpose()
    }

    /// Every study, by code.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn studies(&self) -> Result<Vec<StoredStudy>> {
        let text = format!("SELECT {COLUMNS} FROM studies ORDER BY code");
        self.all::<Row>(&text, vec![]).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// Where the REDCap of each study is, for those that have one.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn redcap_addresses(&self) -> Result<Vec<(StudyId, String)>> {
        let text = "SELECT id, config->'redcap'->>'api_url' AS address FROM studies \
                    WHERE config->'redcap'->>'api_url' IS NOT NULL ORDER BY id";
        let rows = self.all::<AddressRow>(text, vec![]).await?;
        Ok(rows.into_iter().map(|row| (StudyId(row.id), row.address)).collect())
    }

    /// The studies on which `user` holds a role, by code.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn studies_of(&self, user: UserId) -> Result<Vec<StoredStudy>> {
        let text = format!(
            "SELECT {COLUMNS} FROM studies WHERE id IN (SELECT study_id FROM user_studies WHERE user_id = $1) ORDER BY code"
        );
        self.all::<Row>(&text, sql::values![user.0]).await?.into_iter().map(TryInto::try_into).collect()
    }
}

impl Tx {
    /// Creates a study in `draft` and opens its audit chain.
    ///
    /// # Errors
    /// A conflict when the code is taken.
    pub async fn insert_study(&self, study: &NewStudy) -> Result<()> {
        let config = serde_json::to_value(&study.config).map_err(StoreError::inconsistent)?;
        let text = "INSERT INTO studies (id, code, name, status, integration_mode, redcap_enabled, config, test_mode_config, \
                    created_at, updated_at) VALUES ($1, $2, $3, 'draft', 'redcap', $4, $5, $6, $7, $7)";
        let args = sql::values![
            study.id.0,
            study.code.as_str(),
            study.name.as_str(),
            true,
            config,
            serde_json::json!({}),
            self.now
        ];
        self.execute(text, args).await?;
        audit::open_chain(&self.inner, self.dialect, study.id).await
    }

    /// Reads a study and keeps others from changing it until this transaction ends.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn lock_study(&self, id: StudyId) -> Result<Option<StoredStudy>> {
        let text = format!("SELECT {COLUMNS} FROM studies WHERE id = $1{}", self.dialect.for_update());
        self.one::<Row>(&text, sql::values![id.0]).await?.map(TryInto::try_into).transpose()
    }

    /// Writes a study's configuration. Survey links into another project than the one that it names now are forgotten, whoever
    /// changes it.
    ///
    /// # Errors
    /// A conflict when another running study has the same origin and project.
    pub async fn set_study_config(&self, id: StudyId, config: &StudyConfig) -> Result<()> {
        let before = self.study(id).await?.map(|study| study.config.redcap);
        let is_same = |before: &RedcapConfig| {
            (&before.api_origin, &before.project_id) == (&config.redcap.api_origin, &config.redcap.project_id)
        };
        if !before.as_ref().is_none_or(is_same) {
            self.forget_survey_links(id).await?;
        }
        let json = serde_json::to_value(config).map_err(StoreError::inconsistent)?;
        let text = "UPDATE studies SET config = $2, updated_at = $3 WHERE id = $1";
        self.execute(text, sql::values![id.0, json, self.now]).await?;
        Ok(())
    }

    /// Writes a study's status. Whether it may change so is the core's decision.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn set_study_status(&self, id: StudyId, status: StudyStatus) -> Result<()> {
        let text = "UPDATE studies SET status = $2, updated_at = $3 WHERE id = $1";
        self.execute(text, sql::values![id.0, status.as_str(), self.now]).await?;
        Ok(())
    }
}
