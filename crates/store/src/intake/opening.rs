//! What opens a group's transaction: keys are taken, and the heads are locked when nothing else remains to be locked before them. On
//! PostgreSQL one statement, one trip.

use std::collections::{BTreeSet, HashSet};

use chrono::Duration;
use metricis_core::action::Chain;
use metricis_core::ids::StudyId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::keys::{Firsts, take_keys, taking};
use crate::audit::{Head, Heads, lock_heads};
use crate::sql::{self, Piece};
use crate::{Result, Tx};

/// What a group needs to know first.
pub(super) struct Opening<'a> {
    pub(super) ttl: Duration,
    pub(super) firsts: &'a Firsts<'a>,
    /// Whether the heads are to be locked when each delivery got its key.
    pub(super) wants_heads: bool,
}

/// What it learned.
pub(super) struct Opened {
    /// The deliveries that got their keys; unless the heads are locked, which says that all did.
    pub(super) won: HashSet<Uuid>,
    pub(super) heads: Option<Heads>,
}

/// A row of the joined statement: a key taken, or a head.
#[derive(FromQueryResult)]
struct Row {
    event_id: Option<Uuid>,
    chain: Option<i64>,
    study_id: Option<Uuid>,
    head_sequence: Option<i64>,
    head_hash: Option<String>,
}

const COLUMNS: &str = "CAST(NULL AS bigint) AS chain, CAST(NULL AS uuid) AS study_id, CAST(NULL AS bigint) AS head_sequence, \
     CAST(NULL AS text) AS head_hash";

impl Opening<'_> {
    pub(super) async fn run(&self, tx: &Tx) -> Result<Opened> {
        if self.firsts.is_empty() {
            return Ok(Opened { won: HashSet::new(), heads: None });
        }
        if tx.dialect.joins_statements() { self.run_joined(tx).await } else { self.run_singly(tx).await }
    }

    async fn run_singly(&self, tx: &Tx) -> Result<Opened> {
        let won = take_keys(tx, self.ttl, self.firsts).await?;
        let heads = if self.wants_heads && won.len() == self.firsts.len() {
            Some(tx.lock_heads(&self.chains()).await?)
        } else {
            None
        };
        Ok(Opened { won, heads })
    }

    /// The heads' condition counts the keys taken, so the keys are all taken before the first head is looked at.
    async fn run_joined(&self, tx: &Tx) -> Result<Opened> {
        let Piece { text: keys, mut args } = taking(tx, self.ttl, self.firsts);
        let all = format!("(SELECT count(*) FROM taken) = {}", self.firsts.len());
        let mut with = format!("WITH taken AS ({keys})");
        let mut rows = format!("SELECT event_id, {COLUMNS} FROM taken");
        if self.wants_heads {
            let lock = lock_heads(tx.dialect, &self.chains(), &format!("{all} AND "));
            with.push_str(&format!(", heads AS ({})", sql::renumber(&lock.text, args.len())));
            // When all were taken, the heads say so.
            rows.push_str(&format!(
                " WHERE NOT {all} UNION ALL SELECT NULL, chain, study_id, head_sequence, head_hash FROM heads"
            ));
            args.extend(lock.args);
        }
        let rows: Vec<Row> = tx.all(&format!("{with} {rows}"), args).await?;
        Ok(Opened::of(rows))
    }

    fn chains(&self) -> BTreeSet<Chain> {
        self.firsts.keys().map(|(study, _)| Chain::Study(StudyId(*study))).collect()
    }
}

impl Opened {
    fn of(rows: Vec<Row>) -> Self {
        let (mut won, mut heads) = (HashSet::new(), vec![]);
        for row in rows {
            if let Some(event) = row.event_id {
                won.insert(event);
            } else if let (Some(chain), Some(head_sequence), Some(head_hash)) =
                (row.chain, row.head_sequence, row.head_hash)
            {
                heads.push(Head { chain, study_id: row.study_id, head_sequence, head_hash });
            }
        }
        Self { won, heads: (!heads.is_empty()).then(|| Heads::locked(heads)) }
    }
}
