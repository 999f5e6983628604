//! One transaction for many deliveries.
//!
//! ```text
//!   keys      one conditional upsert decides, in the database, who is original and who is duplicate
//!   events    one INSERT for all rows
//!   re-reads  one upsert: each duplicate asks for its record to be read again
//!   marks     studies whose DETs were refused for their rate
//!   audit     the chain heads last, in order; then COMMIT
//! ```
//! Keys, re-reads and heads are each taken in one order, so two servers cannot deadlock.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::Duration;
use metricis_core::Timestamp;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::ids::{EventId, StudyId};
use metricis_core::intake::DetForm;
use metricis_core::words::EventStatus;
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use crate::{Entries, Result, STUCK_AFTER_MINUTES, Store, StoreError, Tx, sql};

/// A proven DET, ready to be stored.
#[derive(Clone, Debug)]
pub struct NewDet {
    /// The study that the proof belongs to.
    pub study: StudyId,
    /// The form.
    pub form: DetForm,
    /// Its natural key.
    pub natural_key: String,
    /// The request that brought it: what the writer logs of it is found under that id.
    pub request: Option<Uuid>,
}

/// What became of a delivery, once it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its row in `webhook_events`.
    pub event: EventId,
    /// The original that it repeats, if it does.
    pub duplicate_of: Option<EventId>,
}

#[derive(FromQueryResult)]
struct KeyRow {
    study_id: Uuid,
    natural_key: String,
    event_id: Uuid,
}

type Key<'a> = (Uuid, &'a str);

fn key_of(det: &NewDet) -> Key<'_> {
    (det.study.0, det.natural_key.as_str())
}

/// Stores `dets` and `marks` (refused deliveries per study) in one transaction.
///
/// # Errors
/// Any row that the database refuses refuses all; the caller divides.
pub(super) async fn write_group(
    store: &Store,
    now: Timestamp,
    ttl: Duration,
    dets: &[&NewDet],
    marks: &BTreeMap<StudyId, u64>,
) -> Result<Vec<Receipt>> {
    let tx = store.write(now).await?;
    let receipts = insert_dets(&tx, ttl, dets).await?;
    insert_marks(&tx, marks).await?;
    let received = dets.iter().zip(&receipts).map(|(det, receipt)| receive_entry(det, receipt));
    let marked = marks.iter().map(|(study, refused)| {
        Entry::study(*study, Actor::Redcap, Action::MarkReconcile { study: *study, refused: *refused })
    });
    tx.commit(Entries(received.chain(marked).collect())).await?;
    Ok(receipts)
}

/// Writes keys, events and re-reads of `dets`; what the writer commits and the probe rolls back.
pub(super) async fn insert_dets(tx: &Tx, ttl: Duration, dets: &[&NewDet]) -> Result<Vec<Receipt>> {
    let receipts = decide_originals(tx, ttl, dets).await?;
    insert_events(tx, dets, &receipts).await?;
    ask_rereads(tx, dets, &receipts).await?;
    Ok(receipts)
}

fn receive_entry(det: &NewDet, receipt: &Receipt) -> Entry {
    let status = if receipt.duplicate_of.is_some() { EventStatus::Duplicate } else { EventStatus::Received };
    let (event, duplicate_of) = (receipt.event, receipt.duplicate_of);
    let record = det.form.record.clone();
    Entry::study(det.study, Actor::Redcap, Action::ReceiveDet { event, record, status, duplicate_of })
}

/// Takes the natural keys. The first delivery of a key in this group stands for the key; it is the original when the upsert
/// gives it the key, else the row that holds the key is.
async fn decide_originals(tx: &Tx, ttl: Duration, dets: &[&NewDet]) -> Result<Vec<Receipt>> {
    let ids: Vec<EventId> = dets.iter().map(|_| EventId::at(tx.now())).collect();
    let mut firsts: BTreeMap<Key<'_>, EventId> = BTreeMap::new();
    for (det, id) in dets.iter().zip(&ids) {
        firsts.entry(key_of(det)).or_insert(*id);
    }
    let won = take_keys(tx, ttl, &firsts).await?;
    let lost: Vec<Key<'_>> = firsts.iter().filter(|(_, id)| !won.contains(&id.0)).map(|(key, _)| *key).collect();
    let holders = key_holders(tx, &lost).await?;
    dets.iter()
        .zip(ids)
        .map(|(det, event)| {
            let key = key_of(det);
            let original = match holders.get(&(key.0, key.1.to_owned())) {
                Some(holder) => *holder,
                None => *firsts.get(&key).ok_or_else(|| StoreError::inconsistent("a key without an original"))?,
            };
            Ok(Receipt { event, duplicate_of: (original != event).then_some(original) })
        })
        .collect()
}

/// An original that is older than the window, has failed, or is stuck gives its key up.
async fn take_keys(tx: &Tx, ttl: Duration, firsts: &BTreeMap<Key<'_>, EventId>) -> Result<HashSet<Uuid>> {
    if firsts.is_empty() {
        return Ok(HashSet::new());
    }
    let mut args = sql::values![tx.now() - ttl, tx.now() - Duration::minutes(STUCK_AFTER_MINUTES)];
    for ((study, key), event) in firsts {
        args.extend(sql::values![*study, *key, event.0, tx.now()]);
    }
    let text = format!(
        "INSERT INTO det_keys (study_id, natural_key, event_id, received_at) VALUES {} \
         ON CONFLICT (study_id, natural_key) DO UPDATE SET event_id = excluded.event_id, received_at = excluded.received_at \
         WHERE det_keys.received_at <= $1 OR EXISTS (SELECT 1 FROM webhook_events w WHERE w.id = det_keys.event_id \
           AND (w.status = 'failed' OR (w.status = 'processing' AND w.claimed_at <= $2))) \
         RETURNING study_id, natural_key, event_id",
        sql::rows(firsts.len(), 4, 3)
    );
    let rows: Vec<KeyRow> = tx.all(&text, args).await?;
    Ok(rows.into_iter().map(|row| row.event_id).collect())
}

async fn key_holders(tx: &Tx, lost: &[Key<'_>]) -> Result<HashMap<(Uuid, String), EventId>> {
    if lost.is_empty() {
        return Ok(HashMap::new());
    }
    let text = format!(
        "SELECT study_id, natural_key, event_id FROM det_keys WHERE (study_id, natural_key) IN (VALUES {})",
        sql::rows(lost.len(), 2, 1)
    );
    let args = lost.iter().flat_map(|(study, key)| sql::values![*study, *key]).collect();
    let rows: Vec<KeyRow> = tx.all(&text, args).await?;
    Ok(rows.into_iter().map(|row| ((row.study_id, row.natural_key), EventId(row.event_id))).collect())
}

async fn insert_events(tx: &Tx, dets: &[&NewDet], receipts: &[Receipt]) -> Result<()> {
    if dets.is_empty() {
        return Ok(());
    }
    // Originals first: a duplicate in the same statement refers to one of them.
    let mut order: Vec<usize> = (0..dets.len()).collect();
    order.sort_by_key(|index| receipts.get(*index).is_some_and(|receipt| receipt.duplicate_of.is_some()));
    let mut args: Vec<Value> = Vec::with_capacity(dets.len() * 12);
    for (det, receipt) in order.iter().filter_map(|index| dets.get(*index).zip(receipts.get(*index))) {
        let status = if receipt.duplicate_of.is_some() { EventStatus::Duplicate } else { EventStatus::Received };
        args.extend(sql::values![
            receipt.event.0,
            det.study.0,
            "redcap_det",
            det.form.project_id.as_str(),
            det.form.record.as_str(),
            det.form.instrument.as_str(),
            det.form.event.clone(),
            det.natural_key.as_str(),
            serde_json::to_value(&det.form.pairs).map_err(StoreError::inconsistent)?,
            status.as_str(),
            tx.now(),
            receipt.duplicate_of.map(|id| id.0),
            0_i32,
        ]);
    }
    let text = format!(
        "INSERT INTO webhook_events (id, study_id, source, project_id, record_id, instrument, event_name, natural_key, form, \
         status, received_at, duplicate_of_id, retry_count) VALUES {}",
        sql::rows(dets.len(), 13, 1)
    );
    tx.execute(&text, args).await?;
    Ok(())
}

/// Two saves of one form look alike on the wire, so a duplicate may be an edit: its record is read once more.
async fn ask_rereads(tx: &Tx, dets: &[&NewDet], receipts: &[Receipt]) -> Result<()> {
    let repeated = dets.iter().zip(receipts).filter(|(_, receipt)| receipt.duplicate_of.is_some());
    let records: BTreeSet<(Uuid, &str)> = repeated.map(|(det, _)| (det.study.0, det.form.record.as_str())).collect();
    tx.ask_rereads(&records).await
}

async fn insert_marks(tx: &Tx, marks: &BTreeMap<StudyId, u64>) -> Result<()> {
    for (study, refused) in marks {
        let refused = i64::try_from(*refused).unwrap_or(i64::MAX);
        let text = "INSERT INTO reconcile_marks (study_id, refused, first_at, last_at) VALUES ($1, $2, $3, $3) \
                    ON CONFLICT (study_id) DO UPDATE SET refused = reconcile_marks.refused + excluded.refused, \
                    last_at = excluded.last_at";
        tx.execute(text, sql::values![study.0, refused, tx.now()]).await?;
    }
    Ok(())
}
