//! The writer of the chain: locks the heads in order, numbers the rows, hashes them, moves the heads.
//!
//! These are the last statements before a commit, so that a head is held for as short as can be; several heads are
//! locked in the order of their numbers, so that two transactions over the same studies cannot deadlock.

use std::collections::{BTreeMap, BTreeSet};

use metricis_core::Timestamp;
use metricis_core::action::{Chain, Entry, Object};
use metricis_core::audit::ID_STRIDE;
use metricis_core::ids::StudyId;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::sql::{self, Piece};
use crate::{Result, StoreError, dialect::Dialect};

/// Number of the system's chain.
pub(super) const SYSTEM_CHAIN: i64 = 1;
const COLUMNS: usize = 14;

#[derive(FromQueryResult)]
pub(crate) struct Head {
    pub(crate) chain: i64,
    pub(crate) study_id: Option<Uuid>,
    pub(crate) head_sequence: i64,
    pub(crate) head_hash: String,
}

/// A row about to be written: every column but its hash.
struct Row {
    id: i64,
    chain: i64,
    study: Option<Uuid>,
    sequence: i64,
    now: Timestamp,
    actor: &'static str,
    actor_id: String,
    action: String,
    object: Object,
    detail: String,
    previous_hash: String,
}

/// The heads of some chains, locked by the transaction that read them.
pub(crate) struct Heads(BTreeMap<Option<Uuid>, Head>);

impl Heads {
    pub(crate) fn locked(heads: impl IntoIterator<Item = Head>) -> Self {
        Self(heads.into_iter().map(|head| (head.study_id, head)).collect())
    }
}

/// Appends `entries`, each to its chain, in their order.
pub(crate) async fn append<C: ConnectionTrait>(
    conn: &C,
    dialect: Dialect,
    now: Timestamp,
    entries: &[Entry],
) -> Result<()> {
    let chains: BTreeSet<Chain> = entries.iter().map(|entry| entry.chain).collect();
    let lock = lock_heads(dialect, &chains, "");
    let heads: Vec<Head> = sql::all(conn, dialect, &lock.text, lock.args).await?;
    for piece in extend(Heads::locked(heads), now, entries)? {
        sql::execute(conn, dialect, &piece.text, piece.args).await?;
    }
    Ok(())
}

/// What appends `entries` to the chains whose heads are locked: their rows, then the heads' moves.
pub(crate) fn extend(heads: Heads, now: Timestamp, entries: &[Entry]) -> Result<Vec<Piece>> {
    if entries.is_empty() {
        return Err(StoreError::Inconsistent("a commit without an action".to_owned()));
    }
    let Heads(mut heads) = heads;
    let mut args: Vec<Value> = Vec::with_capacity(entries.len() * COLUMNS);
    for entry in entries {
        let study = study_of(entry.chain);
        let head = heads.get_mut(&study).ok_or_else(|| StoreError::chain_lost(entry.chain))?;
        let row = Row::after(head, entry, now)?;
        head.head_sequence = row.sequence;
        head.head_hash = row.hash();
        row.push_to(&mut args, head.head_hash.clone());
    }
    let text = format!(
        "INSERT INTO audit_logs (id, chain, study_id, sequence, occurred_at, actor_kind, actor_id, action, object_kind, \
         object_id, detail, previous_hash, hash, format) VALUES {}",
        sql::rows(entries.len(), COLUMNS, 1)
    );
    let moves = heads.into_values().map(|head| {
        let text = "UPDATE audit_chains SET head_sequence = $2, head_hash = $3 WHERE chain = $1".to_owned();
        Piece { text, args: sql::values![head.chain, head.head_sequence, head.head_hash] }
    });
    Ok(std::iter::once(Piece { text, args }).chain(moves).collect())
}

/// Opens the chain of a new study.
pub(crate) async fn open_chain<C: ConnectionTrait>(conn: &C, dialect: Dialect, study: StudyId) -> Result<()> {
    let text = "INSERT INTO audit_chains (chain, study_id, head_sequence, head_hash) \
                SELECT max(chain) + 1, $1, 0, $2 FROM audit_chains";
    sql::execute(conn, dialect, text, sql::values![study.0, "0".repeat(64)]).await?;
    Ok(())
}

const fn study_of(chain: Chain) -> Option<Uuid> {
    match chain {
        Chain::System => None,
        Chain::Study(study) => Some(study.0),
    }
}

/// Reads and locks the heads of `chains`, in the order of their numbers; of none unless `condition` (`… AND`) holds.
pub(crate) fn lock_heads(dialect: Dialect, chains: &BTreeSet<Chain>, condition: &str) -> Piece {
    // The placeholder of the system's chain is 0, which no chain has, when it is not wanted.
    let mut args = sql::values![if chains.contains(&Chain::System) { SYSTEM_CHAIN } else { 0 }];
    args.extend(chains.iter().filter_map(|chain| study_of(*chain)).map(Value::from));
    let list = (2..=args.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(",");
    let of_studies = if args.len() == 1 { String::new() } else { format!(" OR study_id IN ({list})") };
    let text = format!(
        "SELECT chain, study_id, head_sequence, head_hash FROM audit_chains \
         WHERE {condition}(chain = $1{of_studies}) ORDER BY chain{}",
        dialect.for_update()
    );
    Piece { text, args }
}

impl Row {
    fn after(head: &Head, entry: &Entry, now: Timestamp) -> Result<Self> {
        let sequence = head.head_sequence + 1;
        let json = serde_json::to_value(&entry.action).map_err(StoreError::inconsistent)?;
        Ok(Self {
            id: head.chain * ID_STRIDE + sequence,
            chain: head.chain,
            study: head.study_id,
            sequence,
            now,
            actor: entry.actor.kind(),
            actor_id: entry.actor.id(),
            action: json["action"].as_str().unwrap_or_default().to_owned(),
            object: entry.action.object(),
            detail: json["detail"].to_string(),
            previous_hash: head.head_hash.clone(),
        })
    }

    /// Format 1, described in `docs/AUDIT.md`.
    fn hash(&self) -> String {
        let mut bytes = Vec::with_capacity(512 + self.detail.len());
        bytes.extend_from_slice(b"metricis-audit-1\n");
        let mut field = |text: &str| {
            bytes.extend_from_slice(text.len().to_string().as_bytes());
            bytes.push(b':');
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(b'\n');
        };
        field(&self.id.to_string());
        field(&self.chain.to_string());
        field(&self.study.map_or_else(String::new, |study| study.to_string()));
        field(&self.sequence.to_string());
        field(&self.now.format("%FT%T%.6fZ").to_string());
        field(self.actor);
        field(&self.actor_id);
        field(&self.action);
        field(self.object.kind);
        field(&self.object.id);
        field(&self.detail);
        field(&self.previous_hash);
        hex::encode(Sha256::digest(&bytes))
    }

    fn push_to(self, args: &mut Vec<Value>, hash: String) {
        args.extend(sql::values![
            self.id,
            self.chain,
            self.study,
            self.sequence,
            self.now,
            self.actor,
            self.actor_id,
            self.action,
            self.object.kind,
            self.object.id,
            self.detail,
            self.previous_hash,
            hash,
            1_i32,
        ]);
    }
}
