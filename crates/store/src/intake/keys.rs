//! Natural keys: who is original and who repeats, decided by one conditional upsert.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::Duration;
use metricis_core::ids::EventId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::group::NewDet;
use crate::events::stuck;
use crate::sql::{self, Piece};
use crate::{Result, Tx};

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

pub(super) fn key_of(det: &NewDet) -> Key<'_> {
    (det.study.0, det.natural_key.as_str())
}

/// Takes the keys; returns the deliveries that got theirs.
pub(super) async fn take_keys(tx: &Tx, ttl: Duration, firsts: &Firsts<'_>) -> Result<HashSet<Uuid>> {
    let taking = taking(tx, ttl, firsts);
    let rows: Vec<Taken> = tx.all(&taking.text, taking.args).await?;
    Ok(rows.into_iter().map(|row| row.event_id).collect())
}

/// An original that is older than the window, has failed, or is stuck gives its key up.
pub(super) fn taking(tx: &Tx, ttl: Duration, firsts: &Firsts<'_>) -> Piece {
    let mut args = sql::values![tx.now() - ttl, tx.stuck_before(), tx.dead_before()];
    for ((study, key), event) in firsts {
        args.extend(sql::values![*study, *key, event.0, tx.now()]);
    }
    let text = format!(
        "INSERT INTO det_keys (study_id, natural_key, event_id, received_at) VALUES {} \
         ON CONFLICT (study_id, natural_key) DO UPDATE SET event_id = excluded.event_id, received_at = excluded.received_at \
         WHERE det_keys.received_at <= $1 OR EXISTS (SELECT 1 FROM webhook_events w WHERE w.id = det_keys.event_id \
           AND (w.status = 'failed' OR {})) \
         RETURNING event_id",
        sql::rows(firsts.len(), 4, 4),
        stuck("w", 2)
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
