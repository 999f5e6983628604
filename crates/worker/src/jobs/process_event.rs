//! Works on one received event: reads its record from REDCap and applies it in one commit (guarantee 18).
//!
//! ```text
//!   facts ─► decide ─┬─ too early, or nothing to do ────────────► processed, with a note; REDCap is not asked
//!                    ├─ refused ────────────────────────────────► failed
//!                    └─ read the record ─► facts ─► decide again ─► enrol | update ─► processed
//!                       (no transaction)   └────── one transaction ──────┘
//! ```
//!
//! Invariants: what was decided before the call is decided again in the transaction that applies it; an event that fails
//! has changed nothing and waits for a person.

pub(super) mod enrol;
mod held;
mod surveys;
mod update;

pub(super) use held::{LONGEST_CHAIN, refuse_held, refuse_successor};

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::enrolment::{DetDecision, decide_det};
use metricis_core::words::{EventEffect, EventSource};
use metricis_store::{Entries, StoreError, StoredEvent, StoredParticipant, StoredStudy, Tx};

use crate::connection::connect;
use crate::failure::{Failure, Stop};
use crate::persist::persist;
use crate::record::Record;
use crate::worker::Worker;

/// What a transaction has done to a participant: its account, and what a person should know.
pub(super) struct Applied {
    pub(super) entries: Vec<Entry>,
    pub(super) note: Option<String>,
}

impl Applied {
    const fn nothing(note: String) -> Self {
        Self { entries: vec![], note: Some(note) }
    }
}

/// Processes an event.
///
/// # Errors
/// Whatever kept it from being applied; nothing is changed then.
pub(super) async fn process_event(worker: &Worker, event: &StoredEvent) -> Result<(), Failure> {
    let poll_ms = worker.settings.poll_ms;
    let (study, known) = persist(poll_ms, || read_facts(worker, event)).await?;
    match decide(&study, event, None, known.as_ref())? {
        DetDecision::TooEarly { note } => {
            return Ok(persist(poll_ms, || finish(worker, event, EventEffect::TooEarly, &note)).await?);
        }
        DetDecision::Nothing { note } => {
            return Ok(persist(poll_ms, || finish(worker, event, EventEffect::Nothing, &note)).await?);
        }
        DetDecision::Refuse { reason } => return Err(Failure::refused(reason)),
        DetDecision::Enrol | DetDecision::Update => {}
    }
    let redcap = connect(worker, &study)?;
    if known.is_none() {
        held::refuse_twin(worker, &study, &redcap, event).await?;
    }
    let id = event.record_id.as_str();
    let rows = worker.gate.read(&redcap, |reader| async move { reader.export_record(id).await }).await?;
    let record = Record::read(&event.record_id, &rows, form_value(event, "redcap_data_access_group"))?;
    if let Some(known) = &known {
        refuse_successor(worker, &study, &redcap, &record, known).await?;
    }
    let applied = match persist(poll_ms, || apply(worker, event, &record)).await {
        // Another worker enrolled the same record or took the same code at this instant: the facts are new ones.
        Err(Stop::Store(StoreError::Conflict { .. })) => persist(poll_ms, || apply(worker, event, &record)).await,
        other => other,
    };
    Ok(applied?)
}

async fn read_facts(worker: &Worker, event: &StoredEvent) -> Result<(StoredStudy, Option<StoredParticipant>), Stop> {
    let snapshot = worker.read().await?;
    let study = snapshot.study(event.study).await?.ok_or_else(|| Failure::exception("the study does not exist"))?;
    let known = snapshot.participant_of_record(event.study, &event.record_id).await?;
    refuse_held(&snapshot, event.study, &event.record_id).await?;
    Ok((study, known))
}

/// Decides, before the call (`record` is none) and after it.
///
/// A DET says itself how complete its instrument is. A reconcile event stands for the record as a whole, so that only the
/// record can say it: before the call its enrolment is taken for complete, which at worst costs a call.
fn decide(
    study: &StoredStudy,
    event: &StoredEvent,
    record: Option<&Record>,
    known: Option<&StoredParticipant>,
) -> Result<DetDecision, Failure> {
    let enrols = study.config.redcap.enrollment_instrument.as_deref().filter(|name| !name.trim().is_empty());
    let Some(enrols) = enrols.or(known.map(|_| "")) else {
        return Err(Failure::refused(
            "config.redcap.enrollment_instrument is not set; name the instrument whose completion enrols, then replay \
             the event",
        ));
    };
    let (instrument, complete) = match event.source {
        EventSource::RedcapDet => (event.instrument.as_str(), form_completion(event)),
        EventSource::Reconcile => (enrols, record.map_or(2, |record| record.completion(enrols))),
    };
    Ok(decide_det(study.status, instrument, complete, Some(enrols), known.map(|known| known.status)))
}

fn form_value<'a>(event: &'a StoredEvent, name: &str) -> Option<&'a str> {
    let pair = event.form.iter().find(|(key, _)| key == name);
    pair.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

fn form_completion(event: &StoredEvent) -> u8 {
    form_value(event, &format!("{}_complete", event.instrument)).and_then(|text| text.parse().ok()).unwrap_or(0)
}

async fn finish(worker: &Worker, event: &StoredEvent, effect: EventEffect, note: &str) -> Result<(), Stop> {
    let tx = worker.write().await?;
    commit(tx, worker, event, effect, Applied::nothing(note.to_owned())).await
}

async fn apply(worker: &Worker, event: &StoredEvent, record: &Record) -> Result<(), Stop> {
    let tx = worker.write().await?;
    let study = tx.study(event.study).await?.ok_or_else(|| Failure::exception("the study does not exist"))?;
    refuse_held(&tx, event.study, &event.record_id).await?;
    let known = match tx.participant_of_record(event.study, &event.record_id).await? {
        Some(known) => tx.lock_participant(known.id).await?,
        None => None,
    };
    let (effect, applied) = match (decide(&study, event, Some(record), known.as_ref())?, known) {
        (DetDecision::Refuse { reason }, _) => return Err(Failure::refused(reason).into()),
        (DetDecision::TooEarly { note }, _) => (EventEffect::TooEarly, Applied::nothing(note)),
        (DetDecision::Nothing { note }, _) => (EventEffect::Nothing, Applied::nothing(note)),
        (DetDecision::Update, Some(known)) => {
            (EventEffect::Applied, update::update(&tx, worker, &study, event, record, &known).await?)
        }
        (DetDecision::Enrol | DetDecision::Update, _) => {
            (EventEffect::Applied, enrol::enrol(&tx, worker, &study, event, record).await?)
        }
    };
    commit(tx, worker, event, effect, applied).await
}

async fn commit(
    tx: Tx,
    worker: &Worker,
    event: &StoredEvent,
    effect: EventEffect,
    applied: Applied,
) -> Result<(), Stop> {
    tx.finish_event(event.id, worker.process, effect, applied.note.as_deref()).await?;
    let action = Action::ProcessEvent { event: event.id, source: event.source, note: applied.note };
    let processed = Entry::study(event.study, Actor::Worker, action);
    let mut entries = applied.entries.into_iter().chain([processed]);
    let first = entries.next().ok_or_else(|| Failure::exception("an event without an account"))?;
    Ok(tx.commit(Entries::of(first, entries)).await?)
}
