//! What has been done to a chain since a row of it: names of actions, never their details.

use metricis_core::action::Chain;
use metricis_core::ids::StudyId;
use sea_orm::FromQueryResult;

use super::read::id_range;
use crate::{Result, Snapshot, StoreError, sql};

#[derive(FromQueryResult)]
struct Name {
    action: String,
}

impl Snapshot {
    /// The number of a study's chain and the sequence of its last row.
    ///
    /// # Errors
    /// A lost chain; whatever the database says.
    pub async fn chain_end(&self, study: StudyId) -> Result<(i64, i64)> {
        let chain = Chain::Study(study);
        let head = self.head_of(chain).await?.ok_or_else(|| StoreError::chain_lost(chain))?;
        Ok((head.chain, head.head_sequence))
    }

    /// The stored names, each once, of the actions after sequence `after` and up to `through`.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn actions_between(&self, chain: i64, after: i64, through: i64) -> Result<Vec<String>> {
        let (first, _) = id_range(chain);
        let text = "SELECT DISTINCT action FROM audit_logs WHERE id > $1 AND id <= $2 ORDER BY action";
        let found: Vec<Name> = self.all(text, sql::values![first + after, first + through]).await?;
        Ok(found.into_iter().map(|name| name.action).collect())
    }
}
