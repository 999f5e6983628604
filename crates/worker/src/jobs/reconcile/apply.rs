//! Writes what was found: flags first, because they hold what happens under their names, then events, then how far it got.

use metricis_core::Timestamp;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::answer::{ReconciledFlag, Reconciliation, WaitingRecord};
use metricis_core::ids::{FlagId, ParticipantId};
use metricis_core::reconcile::{Fate, KnownFate, NewFate, plan_fates, unexplained};
use metricis_core::words::FlagKind;
use metricis_store::{ClaimedJob, NewFlag, Operational, Snapshot, StoredStudy, Tx};
use serde_json::json;

use super::LISTED;
use super::read::{Differing, Reading, holder_in};
use crate::failure::{Failure, Stop};
use crate::persist::persist;
use crate::standing::reconcile_event;
use crate::worker::Worker;

/// Events made in one transaction.
const CHUNK: usize = 100;

/// What would be done.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn preview(
    worker: &Worker,
    study: &StoredStudy,
    reading: &Reading,
    outcome: &Reconciliation,
) -> Result<Reconciliation, Failure> {
    let look = || async {
        let snapshot = worker.read().await?;
        let mut found = outcome.clone();
        let Fates { new, unexplained } = new_fates(&snapshot, study, reading).await?;
        let held = snapshot.held_records(study.id).await?;
        let is_held = |record: &String| {
            let newly = new.iter().filter(|one| one.participant.is_some());
            held.binary_search(record).is_ok()
                || newly
                    .map(|one| &one.fate)
                    .any(|fate| fate.record == *record || fate.renamed_to.as_ref() == Some(record))
        };
        for one in &reading.differing {
            let blocking = snapshot.blocking_event(study.id, &one.record).await?;
            match blocking {
                _ if is_held(&one.record) => found.held.push(one.record.clone()),
                Some((event, status)) => {
                    found.waiting.push(WaitingRecord { record: one.record.clone(), event, status })
                }
                None => note_event(&mut found, one),
            }
        }
        found.flags = new.iter().map(shown).collect();
        explain(&mut found, reading, unexplained);
        Ok(found)
    };
    Ok(persist(worker.settings.poll_ms, look).await?.counted(LISTED))
}

/// Does it.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn apply(
    worker: &Worker,
    job: &ClaimedJob,
    study: &StoredStudy,
    reading: &Reading,
    mut outcome: Reconciliation,
    began_at: Timestamp,
) -> Result<(), Failure> {
    let poll_ms = worker.settings.poll_ms;
    let Fates { new, unexplained } = persist(poll_ms, || raise_flags(worker, study, reading)).await?;
    outcome.flags = new.iter().map(shown).collect();
    explain(&mut outcome, reading, unexplained);
    for chunk in reading.differing.chunks(CHUNK) {
        let made = persist(poll_ms, || make_events(worker, study, chunk)).await?;
        outcome.missing.extend(made.missing);
        outcome.changed.extend(made.changed);
        outcome.waiting.extend(made.waiting);
        outcome.held.extend(made.held);
    }
    if !outcome.success {
        let (unexplained, left_out) = (outcome.unexplained.len(), reading.odd.len());
        tracing::warn!(study = %study.id, unexplained, left_out, "a reconcile does not account for every record; its result says why");
    }
    Ok(persist(poll_ms, || finish(worker, job, reading, &outcome, began_at)).await?)
}

/// What became of records.
struct Fates {
    /// What needs a flag.
    new: Vec<NewFate>,
    /// The participants' records that REDCap does not list, without a flag that says why.
    unexplained: Vec<String>,
}

async fn new_fates(snapshot: &Snapshot, study: &StoredStudy, reading: &Reading) -> Result<Fates, Stop> {
    let mut known = snapshot.known_fates(study.id).await?;
    let records = snapshot.participant_records(study.id).await?;
    let mut new = plan_fates(&reading.log.fates, &known, reading.log.begin, holder_in(&records));
    let made =
        |one: &NewFate| KnownFate { fate: one.fate.clone(), at: one.at, participant: one.participant, open: true };
    known.extend(new.iter().map(made));
    // A person may have decided on a flag since REDCap was read: who has followed or was detached is not absent any more.
    let has_it = |(record, id): &&(String, ParticipantId)| records.get(record).is_some_and(|(holder, _)| holder == id);
    let absent: Vec<_> = reading.absent.iter().filter(has_it).cloned().collect();
    let unexplained: Vec<String> = unexplained(&absent, &known).into_iter().map(str::to_owned).collect();
    if !reading.absent_as_deleted {
        return Ok(Fates { new, unexplained });
    }
    let at = reading.log.newest.unwrap_or(reading.log.begin);
    let deleted = |record: String| {
        let (participant, _) = records.get(&record).copied()?;
        Some(NewFate { fate: Fate { record, renamed_to: None }, at, participant: Some(participant) })
    };
    new.extend(unexplained.into_iter().filter_map(deleted));
    Ok(Fates { new, unexplained: vec![] })
}

async fn raise_flags(worker: &Worker, study: &StoredStudy, reading: &Reading) -> Result<Fates, Stop> {
    let tx = worker.write().await?;
    // Two runs must not both find the same line new.
    tx.lock_reconcile(study.id).await?;
    let fates = new_fates(&tx, study, reading).await?;
    let mut entries = vec![];
    for (position, one) in (0..).zip(&fates.new) {
        entries.push(raise_flag(&tx, study, one, position).await?);
    }
    tx.commit_any(entries, Operational::QueueClaim).await?;
    Ok(fates)
}

async fn raise_flag(tx: &Tx, study: &StoredStudy, one: &NewFate, position: i32) -> Result<Entry, Stop> {
    let (kind, became) = (kind_of(one), one.fate.renamed_to.clone());
    let flag = NewFlag {
        id: FlagId::at(tx.now()),
        study: study.id,
        kind,
        record_id: one.fate.record.clone(),
        was: None,
        became: became.clone(),
        participant: one.participant,
        redcap_at: Some(one.at),
        position,
    };
    tx.insert_flag(&flag).await?;
    let NewFlag { id: flag, record_id: record, participant, .. } = flag;
    let action = Action::RaiseFlag { study: study.id, flag, kind, record, became, participant };
    Ok(Entry::study(study.id, Actor::Worker, action))
}

async fn make_events(worker: &Worker, study: &StoredStudy, chunk: &[Differing]) -> Result<Reconciliation, Stop> {
    let tx = worker.write().await?;
    let held = tx.held_records(study.id).await?;
    let (mut made, mut entries) = (Reconciliation::default(), vec![]);
    for one in chunk {
        if held.binary_search(&one.record).is_ok() {
            made.held.push(one.record.clone());
            continue;
        }
        match tx.insert_reconcile_event(&reconcile_event(&tx, study, &one.record, one.complete)).await? {
            Some(event) => {
                note_event(&mut made, one);
                let action = Action::ReceiveReconcile { event, record: one.record.clone() };
                entries.push(Entry::study(study.id, Actor::Worker, action));
            }
            None => {
                let blocking = tx.blocking_event(study.id, &one.record).await?;
                made.waiting.extend(blocking.map(|(event, status)| WaitingRecord {
                    record: one.record.clone(),
                    event,
                    status,
                }));
            }
        }
    }
    tx.commit_any(entries, Operational::QueueClaim).await?;
    worker.wake.notify_waiters();
    Ok(made)
}

async fn finish(
    worker: &Worker,
    job: &ClaimedJob,
    reading: &Reading,
    outcome: &Reconciliation,
    began_at: Timestamp,
) -> Result<(), Stop> {
    let tx = worker.write().await?;
    if outcome.success {
        let mark = reading.log.newest.unwrap_or(reading.log.begin);
        tx.finish_reconcile(job.study, mark, outcome.full, began_at).await?;
    }
    let action = Action::Reconcile {
        study: job.study,
        job: job.id,
        full: outcome.full,
        examined: outcome.examined,
        events: outcome.missing.len() + outcome.changed.len(),
        flags: outcome.flags.len(),
    };
    tx.finish_job(job.id, json!(outcome.clone().counted(LISTED))).await?;
    Ok(tx.commit(Entry::study(job.study, Actor::Worker, action)).await?)
}

fn note_event(outcome: &mut Reconciliation, one: &Differing) {
    let names = if one.missing { &mut outcome.missing } else { &mut outcome.changed };
    names.push(one.record.clone());
}

/// An absence that nothing explains is no deletion: REDCap has been seen to leave out records, and a token to see one group only.
fn explain(outcome: &mut Reconciliation, reading: &Reading, unexplained: Vec<String>) {
    outcome.unexplained = unexplained;
    outcome.success = outcome.unexplained.is_empty() && reading.odd.is_empty();
    let mut said = vec![];
    if !outcome.unexplained.is_empty() {
        said.push(format!(
            "REDCap does not list {} records of participants, and no flag that is still to be decided on says why: check that the \
             token's user is outside all data access groups, then reconcile again; if they were deleted with their log, or have not \
             come back as was said on a flag, reconcile with absent_as_deleted",
            outcome.unexplained.len()
        ));
    }
    if !reading.odd.is_empty() {
        let names = reading.odd.join("\", \"");
        said.push(format!(
            "REDCap lists records whose names cannot be one here, and they are left out: \"{names}\"; give each the name that it had \
             before, or another if it is new"
        ));
    }
    said.extend(outcome.message.take());
    outcome.message = (!said.is_empty()).then(|| said.join("; "));
}

fn kind_of(one: &NewFate) -> FlagKind {
    if one.fate.renamed_to.is_some() { FlagKind::Renamed } else { FlagKind::Deleted }
}

fn shown(one: &NewFate) -> ReconciledFlag {
    ReconciledFlag {
        kind: kind_of(one),
        record: one.fate.record.clone(),
        became: one.fate.renamed_to.clone(),
        at: one.at.format("%Y-%m-%d %H:%M").to_string(),
        participant: one.participant,
    }
}
