//! Sites of a study, each at most one data access group in REDCap.

use metricis_core::ids::{SiteId, StudyId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Snapshot, Tx, sql};

/// A site as stored.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// The sponsor's code, unique in the study.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Unique group name in REDCap, unique in the study.
    pub redcap_dag: Option<String>,
}

/// A site to create.
#[derive(Clone, Debug)]
pub struct NewSite {
    /// Its id.
    pub id: SiteId,
    /// Its study.
    pub study: StudyId,
    /// The sponsor's code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Unique group name in REDCap.
    pub redcap_dag: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    code: String,
    name: String,
    redcap_dag: Option<String>,
}

impl From<Row> for Site {
    fn from(row: Row) -> Self {
        Self { id: SiteId(row.id), code: row.code, name: row.name, redcap_dag: row.redcap_dag }
    }
}

impl Snapshot {
    /// The sites of a study, by code.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn sites(&self, study: StudyId) -> Result<Vec<Site>> {
        let text = "SELECT id, code, name, redcap_dag FROM sites WHERE study_id = $1 ORDER BY code, id";
        Ok(self.all::<Row>(text, sql::values![study.0]).await?.into_iter().map(Into::into).collect())
    }
}

impl Tx {
    /// Creates a site.
    ///
    /// # Errors
    /// A conflict when the study has its code or its group already.
    pub async fn insert_site(&self, site: &NewSite) -> Result<()> {
        let text =
            "INSERT INTO sites (id, study_id, code, name, redcap_dag, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let NewSite { id, study, code, name, redcap_dag } = site;
        let args = sql::values![id.0, study.0, code.as_str(), name.as_str(), redcap_dag.as_deref(), self.now];
        self.execute(text, args).await?;
        Ok(())
    }
}
