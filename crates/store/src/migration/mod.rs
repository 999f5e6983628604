//! The schema, one reversible step per file; a step is never edited once merged. The names are the checklist's.

mod m10_process_addresses;
mod m11_participant_sign_ins;
mod m12_known_addresses;
mod m13_event_effect;
mod m14_outbound_calls;
mod m15_reconcile;
mod m16_followed_events;
mod m17_folded_records;
mod m1_studies_and_people;
mod m2_schedules_and_sessions;
mod m3_audit_and_operations;
mod m4_webhook_events;
mod m5_survey_task_fields;
mod m6_redcap_project_id_index;
mod m7_sign_in_state;
mod m8_result_salt;
mod m9_reread_age;
mod step;

use sea_orm::ConnectionTrait;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::{Result, Store, StoreError, dialect::Dialect, sql};

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        step::ALL.iter().map(|step| Box::new(*step) as Box<dyn MigrationTrait>).collect()
    }
}

/// Where a database stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MigrationStatus {
    /// The step that this program needs.
    pub required_head: String,
    /// The last step applied, if any.
    pub applied_head: Option<String>,
    /// Steps not yet applied, in order.
    pub pending: Vec<String>,
}

impl MigrationStatus {
    /// Whether a server may serve on this database.
    #[must_use]
    pub const fn is_at_head(&self) -> bool {
        self.pending.is_empty()
    }
}

/// The step that this program needs.
#[must_use]
pub fn required_head() -> String {
    Migrator::migrations().last().map(|step| step.name().to_owned()).unwrap_or_default()
}

/// All statements of all steps: what tells two schemas apart.
#[cfg(feature = "testing")]
pub(crate) fn fingerprint() -> String {
    step::ALL.iter().flat_map(|step| [step.up, step.up_postgres]).flatten().copied().collect()
}

/// A table that reverting a step would destroy, with its rows.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Destroyed {
    /// The table, or `table.column`.
    pub what: String,
    /// How many rows hold data there.
    pub rows: i64,
}

impl Store {
    /// Reads where the database stands; changes nothing.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn migration_status(&self) -> Result<MigrationStatus> {
        let applied: Vec<String> = if self.has_migrations_table().await? {
            Migrator::get_applied_migrations_read_only(&self.db)
                .await?
                .iter()
                .map(|step| step.name().to_owned())
                .collect()
        } else {
            vec![]
        };
        let all = Migrator::migrations();
        let pending = all.iter().map(|step| step.name().to_owned()).filter(|name| !applied.contains(name)).collect();
        Ok(MigrationStatus { required_head: required_head(), applied_head: applied.last().cloned(), pending })
    }

    async fn has_migrations_table(&self) -> Result<bool> {
        let text = match self.dialect {
            Dialect::Sqlite => "SELECT count(*) FROM sqlite_master WHERE name = 'seaql_migrations'",
            Dialect::Postgres => {
                "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'app' AND table_name = 'seaql_migrations'"
            }
        };
        Ok(sql::count(&self.db, self.dialect, text, vec![]).await? > 0)
    }

    /// Applies every pending step, and on PostgreSQL grants `runtime_role` what a server needs and no more.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn migrate_up(&self, runtime_role: Option<&str>) -> Result<MigrationStatus> {
        if self.dialect == Dialect::Postgres {
            self.db.execute_unprepared("CREATE SCHEMA IF NOT EXISTS app").await?;
        }
        Migrator::up(&self.db, None).await?;
        if let (Dialect::Postgres, Some(role)) = (self.dialect, runtime_role) {
            self.grant_runtime_role(role).await?;
        }
        self.migration_status().await
    }

    /// What reverting the last step would destroy.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn migration_down_plan(&self) -> Result<(Option<String>, Vec<Destroyed>)> {
        let status = self.migration_status().await?;
        let Some(name) = status.applied_head else { return Ok((None, vec![])) };
        let step = step::ALL.iter().find(|step| step.name == name);
        let step = step.ok_or_else(|| StoreError::Inconsistent(format!("unknown migration {name}")))?;
        let mut destroyed = vec![];
        for (what, count) in step.destroys {
            let rows = sql::count(&self.db, self.dialect, count, vec![]).await?;
            destroyed.push(Destroyed { what: (*what).to_owned(), rows });
        }
        Ok((Some(name), destroyed))
    }

    /// Reverts the last step.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn migrate_down(&self) -> Result<MigrationStatus> {
        Migrator::down(&self.db, Some(1)).await?;
        self.migration_status().await
    }
}
