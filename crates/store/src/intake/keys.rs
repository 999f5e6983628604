//! Natural keys: who is original and who repeats, decided by one conditional upsert.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::Duration;
use metricis_core::action::Chain;
use metricis_core::ids::{EventId, StudyId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::group::NewDet;
use crate::audit::{Head, Heads, lock_heads};
use crate::sql::{self, Piece};
use crate::{Result, STUCK_AFTER_MINUTES, Tx};

pub(super) type Key<'a> = (Uuid, &'a str);

/// The first delivery of each key in a group, in the order in which keys are taken.
pub(super) type Firsts<'a> = BTreeMap<Key<'a>, EventId>;

#[derive(FromQueryResult)]
struct Taken {
    event_id: Uuid,
}

#[derive(FromQueryResult)]
struct Holder {
    study_id: Uuid,
    natural_key: String,
    event_id: Uuid,
}

/// A row of the joined statement: a key taken, or else a head.
#[derive(FromQueryResult)]
struct TakenOrHead {
    event_id: Option<Uuid>,
    chain: Option<i64>,
    study_id: Option<Uuid>,
    head_sequence: Option<i64>,
    head_hash: Option<String>,
}

pub(super) fn key_of(det: &NewDet) -> Key<'_> {
    (det.study.0, det.natural_key.as_str())
}

/// Takes the keys; returns the deliveries that got theirs.
pub(super) async fn take_keys(tx: &Tx, ttl: Duration, firsts: &Firsts<'_>) -> Result<HashSet<Uuid>> {
    if firsts.is_empty() {
        return Ok(HashSet::new());
    }
    let taking = taking(tx, ttl, firsts);
    let rows: Vec<Taken> = tx.all(&taking.text, taking.args).await?;
    Ok(rows.into_iter().map(|row| row.event_id).collect())
}

/// As `take_keys`; and when each got its key, so that nothing else remains to be locked, the heads of the studies' chains
/// are locked along with it.
///
/// The heads' condition counts the keys taken, so the keys are all taken before the first head is looked at.
pub(super) async fn take_keys_and_heads(
    tx: &Tx,
    ttl: Duration,
    firsts: &Firsts<'_>,
) -> Result<(HashSet<Uuid>, Option<Heads>)> {
    let chains: BTreeSet<Chain> = firsts.keys().map(|(study, _)| Chain::Study(StudyId(*study))).collect();
    if !tx.dialect.joins_statements() {
        let won = take_keys(tx, ttl, firsts).await?;
        if won.len() < firsts.len() {
            return Ok((won, None));
        }
        let lock = lock_heads(tx.dialect, &chains, "");
        let heads: Vec<Head> = tx.all(&lock.text, lock.args).await?;
        return Ok((won, Some(Heads::locked(heads))));
    }
    let Piece { text: keys, mut args } = taking(tx, ttl, firsts);
    let condition = format!("(SELECT count(*) FROM taken) = {} AND ", firsts.len());
    let lock = lock_heads(tx.dialect, &chains, &condition);
    let text = format!(
        "WITH taken AS ({keys}), heads AS ({}) \
         SELECT event_id, CAST(NULL AS bigint) AS chain, CAST(NULL AS uuid) AS study_id, CAST(NULL AS bigint) AS head_sequence, \
         CAST(NULL AS text) AS head_hash FROM taken \
         UNION ALL SELECT NULL, chain, study_id, head_sequence, head_hash FROM heads",
        sql::renumber(&lock.text, args.len())
    );
    args.extend(lock.args);
    let rows: Vec<TakenOrHead> = tx.all(&text, args).await?;
    let won: HashSet<Uuid> = rows.iter().filter_map(|row| row.event_id).collect();
    let heads = (won.len() == firsts.len()).then(|| Heads::locked(rows.into_iter().filter_map(head_of)));
    Ok((won, heads))
}

fn head_of(row: TakenOrHead) -> Option<Head> {
    let (chain, head_sequence, head_hash) = (row.chain?, row.head_sequence?, row.head_hash?);
    Some(Head { chain, study_id: row.study_id, head_sequence, head_hash })
}

/// An original that is older than the window, has failed, or is stuck gives its key up.
fn taking(tx: &Tx, ttl: Duration, firsts: &Firsts<'_>) -> Piece {
    let mut args = sql::values![tx.now() - ttl, tx.now() - Duration::minutes(STUCK_AFTER_MINUTES)];
    for ((study, key), event) in firsts {
        args.extend(sql::values![*study, *key, event.0, tx.now()]);
    }
    let text = format!(
        "INSERT INTO det_keys (study_id, natural_key, event_id, received_at) VALUES {} \
         ON CONFLICT (study_id, natural_key) DO UPDATE SET event_id = excluded.event_id, received_at = excluded.received_at \
         WHERE det_keys.received_at <= $1 OR EXISTS (SELECT 1 FROM webhook_events w WHERE w.id = det_keys.event_id \
           AND (w.status = 'failed' OR (w.status = 'processing' AND w.claimed_at <= $2))) \
         RETURNING event_id",
        sql::rows(firsts.len(), 4, 3)
    );
    Piece { text, args }
}

/// Whose the keys are that were not given up.
pub(super) async fn key_holders(tx: &Tx, lost: &[Key<'_>]) -> Result<HashMap<(Uuid, String), EventId>> {
    if lost.is_empty() {
        return Ok(HashMap::new());
    }
    let text = format!(
        "SELECT study_id, natural_key, event_id FROM det_keys WHERE (study_id, natural_key) IN (VALUES {})",
        sql::rows(lost.len(), 2, 1)
    );
    let args = lost.iter().flat_map(|(study, key)| sql::values![*study, *key]).collect();
    let rows: Vec<Holder> = tx.all(&text, args).await?;
    Ok(rows.into_iter().map(|row| ((row.study_id, row.natural_key), EventId(row.event_id))).collect())
}
