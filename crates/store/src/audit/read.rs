//! The public read path of the audit log: what the auditor, the console and an operator's SQL see.

use futures::{Stream, StreamExt, TryStreamExt};
use metricis_core::Timestamp;
use metricis_core::action::Chain;
use metricis_core::audit::{AuditRow, Break, ChainVerifier, ID_STRIDE};
use metricis_core::ids::StudyId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::append::SYSTEM_CHAIN;
use crate::{Result, Snapshot, StoreError, sql};

/// Rows read at a time while verifying: memory stays flat whatever the chain's length.
const PAGE: i64 = 2_000;

const COLUMNS: &str = "id, chain, study_id, sequence, occurred_at, actor_kind, actor_id, action, object_kind, object_id, \
                       detail, previous_hash, hash, format";

const HEAD: &str = "chain, study_id, head_sequence, head_hash";

/// Which rows to list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only of this kind of object, such as `participant`.
    pub object_kind: Option<String>,
    /// Only of this object.
    pub object_id: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Only by the actor with this id.
    pub actor: Option<String>,
    /// Not earlier.
    pub from: Option<Timestamp>,
    /// Earlier than this.
    pub to: Option<Timestamp>,
}

/// The recorded end of a chain.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, serde::Serialize)]
pub struct ChainHead {
    /// Number of the chain.
    pub chain: i64,
    /// Its study; none for the system's.
    pub study_id: Option<Uuid>,
    /// Sequence of its last row.
    pub head_sequence: i64,
    /// Hash of its last row.
    pub head_hash: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    chain: i64,
    study_id: Option<Uuid>,
    sequence: i64,
    occurred_at: Timestamp,
    actor_kind: String,
    actor_id: String,
    action: String,
    object_kind: String,
    object_id: String,
    detail: String,
    previous_hash: String,
    hash: String,
    format: i32,
}

impl From<Row> for AuditRow {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            chain: row.chain,
            study_id: row.study_id,
            sequence: row.sequence,
            occurred_at: row.occurred_at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            action: row.action,
            object_kind: row.object_kind,
            object_id: row.object_id,
            detail: row.detail,
            previous_hash: row.previous_hash,
            hash: row.hash,
            format: row.format,
        }
    }
}

/// The first id of a chain, and the first of the next.
pub(crate) const fn id_range(chain: i64) -> (i64, i64) {
    (chain * ID_STRIDE, (chain + 1) * ID_STRIDE)
}

impl Snapshot {
    /// The heads of all chains, in order.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn audit_heads(&self) -> Result<Vec<ChainHead>> {
        self.all(&format!("SELECT {HEAD} FROM audit_chains ORDER BY chain"), vec![]).await
    }

    /// The head of this chain, when its owner has one. The system's is told by its number, whatever study it names.
    pub(crate) async fn head_of(&self, chain: Chain) -> Result<Option<ChainHead>> {
        match chain {
            Chain::System => {
                let text = format!("SELECT {HEAD} FROM audit_chains WHERE chain = $1");
                self.one(&text, sql::values![SYSTEM_CHAIN]).await
            }
            Chain::Study(study) => {
                let heads = self.study_heads(&[study]).await?;
                Ok(heads.into_iter().next())
            }
        }
    }

    /// The heads of these studies' chains, in order.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn study_heads(&self, studies: &[StudyId]) -> Result<Vec<ChainHead>> {
        if studies.is_empty() {
            return Ok(vec![]);
        }
        let text = format!(
            "SELECT {HEAD} FROM audit_chains WHERE chain <> $1 AND study_id IN (VALUES {}) ORDER BY chain",
            sql::rows(studies.len(), 1, 2)
        );
        let mut args = sql::values![SYSTEM_CHAIN];
        args.extend(studies.iter().map(|study| sea_orm::Value::from(study.0)));
        self.all(&text, args).await
    }

    /// The latest rows of a study's chain (of the system's without one), newest first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn audit_rows(&self, study: Option<StudyId>, before: Option<i64>, limit: i64) -> Result<Vec<AuditRow>> {
        self.audit_rows_where(study, &AuditFilter::default(), before, limit).await
    }

    /// As [`Self::audit_rows`], of those that the filter lets through.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn audit_rows_where(
        &self,
        study: Option<StudyId>,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditRow>> {
        let chain = study.map_or(Chain::System, Chain::Study);
        let head = self.head_of(chain).await?.ok_or_else(|| StoreError::chain_lost(chain))?;
        let (first, end) = id_range(head.chain);
        let text = format!(
            "SELECT {COLUMNS} FROM audit_logs WHERE id >= $1 AND id < $2 AND ($4 IS NULL OR object_kind = $4) \
             AND ($5 IS NULL OR object_id = $5) AND ($6 IS NULL OR action = $6) AND ($7 IS NULL OR actor_id = $7) \
             AND ($8 IS NULL OR occurred_at >= $8) AND ($9 IS NULL OR occurred_at < $9) ORDER BY id DESC LIMIT $3"
        );
        let args = sql::values![
            first,
            before.unwrap_or(end).min(end),
            limit,
            filter.object_kind.as_deref(),
            filter.object_id.as_deref(),
            filter.action.as_deref(),
            filter.actor.as_deref(),
            filter.from,
            filter.to,
        ];
        Ok(self.all::<Row>(&text, args).await?.into_iter().map(Into::into).collect())
    }

    /// The rows whose ids are of this chain, whatever their other columns say.
    fn chain_pages(&self, chain: i64) -> impl Stream<Item = Result<Vec<AuditRow>>> + '_ {
        let (first, end) = id_range(chain);
        futures::stream::try_unfold(first, move |from| async move {
            let text = format!("SELECT {COLUMNS} FROM audit_logs WHERE id >= $1 AND id < $2 ORDER BY id LIMIT {PAGE}");
            let rows: Vec<Row> = self.all(&text, sql::values![from, end]).await?;
            let rows: Vec<AuditRow> = rows.into_iter().map(Into::into).collect();
            let last = rows.last().map(|row| row.id);
            Ok(last.map(|last| (rows, last + 1)))
        })
    }

    /// Verifies one chain from its first row to its recorded head.
    ///
    /// # Errors
    /// Whatever the database says. A break is no error of the store: it is the answer.
    pub async fn verify_chain(&self, head: &ChainHead) -> Result<std::result::Result<i64, Break>> {
        let mut verifier = ChainVerifier::new(head.chain, head.study_id);
        let mut pages = std::pin::pin!(self.chain_pages(head.chain).into_stream());
        while let Some(page) = pages.next().await {
            for row in page? {
                if let Err(found) = verifier.push(&row) {
                    return Ok(Err(found));
                }
            }
        }
        Ok(verifier.finish(head.head_sequence, &head.head_hash))
    }
}
