//! What finished jobs have brought to light of a study's REDCap.

use metricis_core::ids::StudyId;
use sea_orm::FromQueryResult;
use serde_json::Value;

use super::JobKind;
use crate::{Result, Snapshot, sql};

#[derive(FromQueryResult)]
struct Row {
    result: Value,
}

impl Snapshot {
    /// The version that the study's REDCap told at the last test of the connection; none before.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn redcap_version(&self, study: StudyId) -> Result<Option<String>> {
        let text = "SELECT result FROM jobs WHERE study_id = $1 AND kind = $2 AND state = 'done' AND result IS NOT NULL \
                    ORDER BY finished_at DESC, id DESC LIMIT 1";
        let row = self.one::<Row>(text, sql::values![study.0, JobKind::TestConnection.name()]).await?;
        Ok(row.and_then(|row| row.result["version"].as_str().map(str::to_owned)))
    }
}
