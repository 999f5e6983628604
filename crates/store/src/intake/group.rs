//! One transaction for many deliveries.
//!
//! ```text
//!   keys      one conditional upsert decides, in the database, who is original and who is duplicate
//!   events    one INSERT for all rows
//!   re-reads  one upsert: each duplicate asks for its record to be read again
//!   audit     the chain heads are locked last, in order
//!   studies   read again under those locks: when one was proven against others, nothing is stored
//!   COMMIT
//! ```
//! Whoever changes a study's secret needs its chain's head too, so between that read and the COMMIT no secret can go.
//!
//! A group of nothing but originals, which is nearly every one, has nothing to lock between its keys and its heads: they are taken in
//! one trip, and events and audit rows follow in another. Keys, re-reads and heads are each taken in one order, so two servers cannot deadlock.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::Duration;
use metricis_core::Timestamp;
use metricis_core::action::{Action, Actor, Chain, Entry};
use metricis_core::ids::{EventId, StudyId};
use metricis_core::intake::DetForm;
use metricis_core::words::EventStatus;
use sea_orm::Value;
use uuid::Uuid;

use super::keys::{Firsts, Key, key_holders, key_of, take_keys};
use super::lookup::{Candidates, Found, Row as StudyRow, candidates_of, collect};
use super::opening::Opening;
use crate::sql::{self, Piece};
use crate::{Entries, Result, Store, StoreError, Tx};

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

/// A delivery, and the studies that it was proven against unless the caller vouches for it otherwise.
pub(super) struct Delivery {
    pub(super) det: NewDet,
    pub(super) against: Option<Candidates>,
}

/// What became of a group.
pub(super) enum Written {
    /// It is durable.
    Stored(Vec<Receipt>),
    /// Nothing was written: these deliveries, by their places, were proven against studies that are no longer so.
    Stale(Vec<usize>),
}

/// Stores `deliveries` in one transaction.
///
/// # Errors
/// Any row that the database refuses refuses all; the caller divides.
pub(super) async fn write_group(
    store: &Store,
    now: Timestamp,
    ttl: Duration,
    deliveries: &[&Delivery],
) -> Result<Written> {
    let tx = store.write(now).await?;
    let dets: Vec<&NewDet> = deliveries.iter().map(|delivery| &delivery.det).collect();
    let group = Group::new(now, &dets);
    // A key that stands twice makes a duplicate, whose re-read is locked before the heads.
    let wants_heads = group.firsts.len() == dets.len();
    let opened = Opening { ttl, firsts: &group.firsts, wants_heads }.run(&tx).await?;
    let (heads, receipts, pieces) = match opened.heads {
        Some(heads) => {
            let receipts = group.receipts(&HashMap::new())?;
            let pieces = vec![events(now, &dets, &receipts)?];
            (heads, receipts, pieces)
        }
        None => {
            let receipts = insert_rest(&tx, &group, &opened.won).await?;
            (tx.lock_heads(&group.chains()).await?, receipts, vec![])
        }
    };
    let entries: Vec<Entry> = dets.iter().zip(&receipts).map(receive_entry).collect();
    let mut stale = vec![];
    let look = look_at_studies(deliveries);
    let still_so = |rows: Vec<StudyRow>| {
        stale = stale_of(deliveries, &collect(rows));
        stale.is_empty()
    };
    match tx.commit_extending(heads, pieces, &entries, look, still_so).await? {
        true => Ok(Written::Stored(receipts)),
        false => Ok(Written::Stale(stale)),
    }
}

/// Reads the studies that deliveries were proven against; none without such a delivery.
fn look_at_studies(deliveries: &[&Delivery]) -> Option<Piece> {
    let proven = deliveries.iter().filter(|delivery| delivery.against.is_some());
    let projects: BTreeSet<&str> = proven.map(|delivery| delivery.det.form.project_id.as_str()).collect();
    (!projects.is_empty()).then(|| candidates_of(&projects))
}

fn stale_of(deliveries: &[&Delivery], now: &Found) -> Vec<usize> {
    let is_stale = |delivery: &Delivery| {
        let against = delivery.against.as_ref();
        against.is_some_and(|against| now.get(&delivery.det.form.project_id) != Some(against))
    };
    (0..).zip(deliveries).filter(|(_, delivery)| is_stale(delivery)).map(|(place, _)| place).collect()
}

/// Stores `marks`: refused deliveries per study.
///
/// # Errors
/// Unavailable.
pub(super) async fn write_marks(store: &Store, now: Timestamp, marks: &BTreeMap<StudyId, u64>) -> Result<()> {
    let tx = store.write(now).await?;
    insert_marks(&tx, marks).await?;
    let entry = |(study, refused): (&StudyId, &u64)| {
        Entry::study(*study, Actor::Redcap, Action::MarkReconcile { study: *study, refused: *refused })
    };
    tx.commit(Entries(marks.iter().map(entry).collect())).await
}

/// Writes keys, events and re-reads of `dets` with the writer's own statements; what the probe rolls back.
pub(super) async fn insert_dets(tx: &Tx, ttl: Duration, dets: &[&NewDet]) -> Result<Vec<Receipt>> {
    let group = Group::new(tx.now(), dets);
    let won = take_keys(tx, ttl, &group.firsts).await?;
    insert_rest(tx, &group, &won).await
}

/// Events and re-reads, the keys being taken.
async fn insert_rest(tx: &Tx, group: &Group<'_>, won: &HashSet<Uuid>) -> Result<Vec<Receipt>> {
    let lost: Vec<Key<'_>> = group.firsts.iter().filter(|(_, id)| !won.contains(&id.0)).map(|(key, _)| *key).collect();
    let receipts = group.receipts(&key_holders(tx, &lost).await?)?;
    let events = events(tx.now(), group.dets, &receipts)?;
    tx.execute(&events.text, events.args).await?;
    ask_rereads(tx, group.dets, &receipts).await?;
    Ok(receipts)
}

/// Deliveries with their ids. The first delivery of a key stands for the key; it is the original when the upsert gives it the
/// key, else the row that holds the key is.
struct Group<'a> {
    dets: &'a [&'a NewDet],
    ids: Vec<EventId>,
    firsts: Firsts<'a>,
}

impl<'a> Group<'a> {
    fn new(now: Timestamp, dets: &'a [&'a NewDet]) -> Self {
        let ids: Vec<EventId> = dets.iter().map(|_| EventId::at(now)).collect();
        let mut firsts = Firsts::new();
        for (det, id) in dets.iter().zip(&ids) {
            firsts.entry(key_of(det)).or_insert(*id);
        }
        Self { dets, ids, firsts }
    }

    fn chains(&self) -> BTreeSet<Chain> {
        self.dets.iter().map(|det| Chain::Study(det.study)).collect()
    }

    /// `holders`: the originals of the keys that this group did not get.
    fn receipts(&self, holders: &HashMap<(Uuid, String), EventId>) -> Result<Vec<Receipt>> {
        let receipt = |(det, event): (&&NewDet, &EventId)| {
            let key = key_of(det);
            let holder = if holders.is_empty() { None } else { holders.get(&(key.0, key.1.to_owned())) };
            let original = match holder {
                Some(holder) => *holder,
                None => *self.firsts.get(&key).ok_or_else(|| StoreError::inconsistent("a key without an original"))?,
            };
            Ok(Receipt { event: *event, duplicate_of: (original != *event).then_some(original) })
        };
        self.dets.iter().zip(&self.ids).map(receipt).collect()
    }
}

fn receive_entry((det, receipt): (&&NewDet, &Receipt)) -> Entry {
    let status = if receipt.duplicate_of.is_some() { EventStatus::Duplicate } else { EventStatus::Received };
    let (event, duplicate_of) = (receipt.event, receipt.duplicate_of);
    let record = det.form.record.clone();
    Entry::study(det.study, Actor::Redcap, Action::ReceiveDet { event, record, status, duplicate_of })
}

fn events(now: Timestamp, dets: &[&NewDet], receipts: &[Receipt]) -> Result<Piece> {
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
            now,
            receipt.duplicate_of.map(|id| id.0),
            0_i32,
        ]);
    }
    let text = format!(
        "INSERT INTO webhook_events (id, study_id, source, project_id, record_id, instrument, event_name, natural_key, form, \
         status, received_at, duplicate_of_id, retry_count) VALUES {}",
        sql::rows(dets.len(), 13, 1)
    );
    Ok(Piece { text, args })
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
