//! The whole verification: every owner's chain from its first row to its head, the heads themselves, and the stored results
//! against their digests.
//!
//! Invariant: every study and every row of `audit_logs` is looked at, whatever `audit_chains` says: what a head does not
//! name any more is a finding, never an empty success.

use std::collections::BTreeSet;

use metricis_core::action::Chain;
use metricis_core::audit::{Break, HeadFault, ID_STRIDE};
use metricis_core::ids::StudyId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::ChainHead;
use super::append::SYSTEM_CHAIN;
use super::read::id_range;
use crate::{Result, ResultsReport, Snapshot, sql};

/// What verification found of one owner's account.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ChainVerdict {
    /// `the system` or `study <id>`.
    pub of: String,
    /// Number of the chain, if there is one.
    pub chain: Option<i64>,
    /// Sequence of its last row, when every row fits.
    pub valid_through: Option<i64>,
    /// The first row that does not fit.
    pub broken: Option<Break>,
    /// What is wrong with its head.
    pub head: Option<HeadFault>,
    /// A study's results against the digests in its chain.
    pub results: Option<ResultsReport>,
}

impl ChainVerdict {
    fn of(owner: Chain) -> Self {
        Self { of: owner.to_string(), chain: None, valid_through: None, broken: None, head: None, results: None }
    }

    fn fault(of: String, chain: i64, head: HeadFault) -> Self {
        Self { of, chain: Some(chain), valid_through: None, broken: None, head: Some(head), results: None }
    }

    /// Everything that is wrong, in words; empty when nothing is.
    #[must_use]
    pub fn flaws(&self) -> Vec<String> {
        [self.chain_flaws(), self.result_flaws()].concat()
    }

    /// What is wrong with the chain itself.
    #[must_use]
    pub fn chain_flaws(&self) -> Vec<String> {
        let head = self.head.iter().map(ToString::to_string);
        head.chain(self.broken.iter().map(ToString::to_string)).collect()
    }

    /// The results that are not what was submitted, by session.
    #[must_use]
    pub fn result_flaws(&self) -> Vec<String> {
        let altered = self.results.iter().flat_map(|results| &results.altered);
        altered.map(|result| format!("session {}: {}", result.session, result.fault)).collect()
    }
}

#[derive(FromQueryResult)]
struct Id {
    id: Uuid,
}

#[derive(FromQueryResult)]
struct Owner {
    study_id: Option<Uuid>,
}

impl Snapshot {
    /// Verifies one owner's account, or all of them.
    ///
    /// # Errors
    /// Whatever the database says. A finding is no error of the store: it is the answer.
    pub async fn verify_audit(&self, only: Option<Chain>) -> Result<Vec<ChainVerdict>> {
        let heads = self.audit_heads().await?;
        let studies: Vec<Id> = self.all("SELECT id FROM studies ORDER BY id", vec![]).await?;
        let studies: BTreeSet<Uuid> = studies.into_iter().map(|row| row.id).collect();
        let owners = std::iter::once(Chain::System).chain(studies.iter().map(|id| Chain::Study(StudyId(*id))));
        let mut verdicts = vec![];
        for owner in owners.filter(|owner| only.is_none_or(|only| only == *owner)) {
            verdicts.push(self.verify_owner(&heads, owner).await?);
        }
        if only == Some(Chain::System) {
            return Ok(verdicts);
        }
        for (chain, rows_of, fault) in self.stray_chains(&heads, &studies).await? {
            if only.is_none_or(|only| rows_of.is_some_and(|study| only == Chain::Study(StudyId(study)))) {
                verdicts.push(ChainVerdict::fault(format!("chain {chain}"), chain, fault));
            }
        }
        Ok(verdicts)
    }

    async fn verify_owner(&self, heads: &[ChainHead], owner: Chain) -> Result<ChainVerdict> {
        let mut verdict = ChainVerdict::of(owner);
        let head = match owner {
            Chain::System => heads.iter().find(|head| head.chain == SYSTEM_CHAIN),
            Chain::Study(id) => heads.iter().find(|head| head.study_id == Some(id.0) && head.chain != SYSTEM_CHAIN),
        };
        match head {
            None => {
                verdict.head = Some(HeadFault::Missing { owner: owner.to_string() });
            }
            Some(head) => {
                verdict.chain = Some(head.chain);
                // The system's chain is told by its number: whatever its head says, its rows name no study.
                let expected = if owner == Chain::System { None } else { head.study_id };
                let verified = self.verify_chain(&ChainHead { study_id: expected, ..head.clone() }).await?;
                verdict.head =
                    head.study_id.filter(|id| Some(*id) != expected).map(|study| HeadFault::SystemOwned { study });
                verdict.valid_through = verified.as_ref().ok().copied();
                verdict.broken = verified.err();
            }
        }
        if let Chain::Study(study) = owner {
            verdict.results = Some(self.verify_results(study).await?);
        }
        Ok(verdict)
    }

    /// Heads of nobody, and rows without a head: the chain, and the study that its first row names.
    async fn stray_chains(
        &self,
        heads: &[ChainHead],
        studies: &BTreeSet<Uuid>,
    ) -> Result<Vec<(i64, Option<Uuid>, HeadFault)>> {
        let mut strays = vec![];
        for head in heads.iter().filter(|head| head.chain != SYSTEM_CHAIN) {
            if !head.study_id.is_some_and(|study| studies.contains(&study)) {
                let rows_of = self.study_of_rows(head.chain).await?;
                strays.push((head.chain, rows_of, HeadFault::Ownerless { chain: head.chain, rows_of }));
            }
        }
        for chain in self.chains_with_rows().await? {
            if heads.iter().all(|head| head.chain != chain) {
                strays.push((chain, self.study_of_rows(chain).await?, HeadFault::Headless { chain }));
            }
        }
        Ok(strays)
    }

    async fn study_of_rows(&self, chain: i64) -> Result<Option<Uuid>> {
        let text = "SELECT study_id FROM audit_logs WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 1";
        let (first, end) = id_range(chain);
        let first: Option<Owner> = self.one(text, sql::values![first, end]).await?;
        Ok(first.and_then(|row| row.study_id))
    }

    /// The chains that the ids of `audit_logs` give: one look at the index for each.
    async fn chains_with_rows(&self) -> Result<Vec<i64>> {
        let (mut chains, mut from) = (vec![], i64::MIN);
        loop {
            let text = "SELECT count(*) FROM (SELECT id FROM audit_logs WHERE id >= $1 LIMIT 1) AS found";
            if self.count(text, sql::values![from]).await? == 0 {
                return Ok(chains);
            }
            let next = self.count("SELECT min(id) FROM audit_logs WHERE id >= $1", sql::values![from]).await?;
            let chain = next.div_euclid(ID_STRIDE);
            chains.push(chain);
            from = id_range(chain).1;
        }
    }
}
