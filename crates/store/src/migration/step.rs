//! A migration as data: its name, its statements for both engines, and what reverting it destroys.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::dialect::Dialect;

/// One reversible step.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) up: &'static [&'static str],
    /// Statements of one engine only: triggers, mostly.
    pub(super) up_sqlite: &'static [&'static str],
    pub(super) up_postgres: &'static [&'static str],
    pub(super) down: &'static [&'static str],
    pub(super) down_postgres: &'static [&'static str],
    /// (table or column, the query that counts its rows).
    pub(super) destroys: &'static [(&'static str, &'static str)],
}

/// Every step, in order.
pub(super) const ALL: &[Step] = &[
    super::m1_studies_and_people::STEP,
    super::m2_schedules_and_sessions::STEP,
    super::m3_audit_and_operations::STEP,
    super::m4_webhook_events::STEP,
    super::m5_survey_task_fields::STEP,
    super::m6_redcap_project_id_index::STEP,
    super::m7_sign_in_state::STEP,
    super::m8_result_salt::STEP,
    super::m9_reread_age::STEP,
    super::m10_process_addresses::STEP,
    super::m11_participant_sign_ins::STEP,
    super::m12_known_addresses::STEP,
    super::m13_event_effect::STEP,
    super::m14_outbound_calls::STEP,
    super::m15_reconcile::STEP,
    super::m16_followed_events::STEP,
    super::m17_folded_records::STEP,
];

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    /// On SQLite too, where the library's default is none: a step that is killed halfway leaves neither tables nor its row,
    /// and the next run starts it afresh.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let conn = manager.get_connection();
        let (dialect, own) = match conn.get_database_backend() {
            DbBackend::Postgres => (Dialect::Postgres, self.up_postgres),
            _ => (Dialect::Sqlite, self.up_sqlite),
        };
        for statement in self.up.iter().chain(own) {
            conn.execute_unprepared(&dialect.ddl(statement)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let conn = manager.get_connection();
        let own = if conn.get_database_backend() == DbBackend::Postgres { self.down_postgres } else { &[] };
        for statement in self.down.iter().chain(own) {
            conn.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
