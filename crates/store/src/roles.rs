//! Owner and runtime role apart on PostgreSQL: what a server may touch, and what it refuses to run as.

use sea_orm::ConnectionTrait;

use crate::{Result, Store, StoreError, sql};

/// Why a role must not serve in production.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleProblem {
    /// Any rule of the database is void for it.
    #[error("the database role {0} is a superuser; use the runtime role that `metricis migrate up` granted")]
    Superuser(String),
    /// It could drop the triggers that keep the audit log.
    #[error(
        "the database role {0} owns the tables of schema app; use the runtime role that `metricis migrate up` granted"
    )]
    Owner(String),
    /// It could become one of the former.
    #[error("the database role {0} can become a superuser or the tables' owner; revoke that membership")]
    CanBecome(String),
}

/// Tables whose rows may go: they hold no state of a study. A survey's link is REDCap's, which gives it again.
const DELETABLE: &[&str] = &["processes", "participant_links", "survey_links"];

impl Store {
    /// Grants `role` what a server needs: rows of every table, INSERT and SELECT only on `audit_logs`, nothing on the schema.
    pub(crate) async fn grant_runtime_role(&self, role: &str) -> Result<()> {
        if role.is_empty() || !role.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            return Err(StoreError::Refused {
                reason: format!("{role:?} is not a role name (letters, digits, _ and -)"),
            });
        }
        let mut grants = format!(
            "GRANT USAGE ON SCHEMA app TO \"{role}\";
             GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA app TO \"{role}\";
             REVOKE UPDATE, DELETE, TRUNCATE ON app.audit_logs FROM \"{role}\";
             REVOKE INSERT, UPDATE, DELETE ON app.seaql_migrations FROM \"{role}\";"
        );
        for table in DELETABLE {
            grants.push_str(&format!("GRANT DELETE ON app.{table} TO \"{role}\";"));
        }
        self.db.execute_unprepared(&grants).await?;
        Ok(())
    }

    /// What speaks against serving as the connected role; none on the embedded engine.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn role_problem(&self) -> Result<Option<RoleProblem>> {
        if !self.is_postgres() {
            return Ok(None);
        }
        let yes = |text: &'static str| async move {
            Ok::<bool, StoreError>(sql::count(&self.db, self.dialect, text, vec![]).await? > 0)
        };
        let name = self.current_role().await?;
        if yes("SELECT count(*) FROM pg_roles WHERE rolname = current_user AND rolsuper").await? {
            return Ok(Some(RoleProblem::Superuser(name)));
        }
        const OWNERS: &str = "SELECT relowner FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'";
        let owns = format!(
            "SELECT count(*) FROM ({OWNERS}) o WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
        );
        if sql::count(&self.db, self.dialect, &owns, vec![]).await? > 0 {
            return Ok(Some(RoleProblem::Owner(name)));
        }
        let becomes = format!(
            "SELECT count(*) FROM pg_roles r WHERE (r.rolsuper OR r.oid IN ({OWNERS})) \
             AND pg_has_role(current_user, r.oid, 'MEMBER')"
        );
        let can = sql::count(&self.db, self.dialect, &becomes, vec![]).await? > 0;
        Ok(can.then_some(RoleProblem::CanBecome(name)))
    }

    async fn current_role(&self) -> Result<String> {
        let row = self.db.query_one_raw(sql::statement(self.dialect, "SELECT current_user::text", vec![])).await?;
        row.map(|row| row.try_get_by_index(0)).transpose()?.ok_or_else(|| StoreError::inconsistent("no current_user"))
    }
}
