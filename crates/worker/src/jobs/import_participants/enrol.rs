//! Enrols the records that nothing keeps out, fifty a transaction.
//!
//! Invariant: a record's participant, its event and the account of both stand in one transaction; facts that changed since the
//! record was judged are seen there.

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::operation::ImportOutcome;
use metricis_core::words::{EventEffect, EventSource, EventStatus};
use metricis_store::{ClaimedJob, Operational, StoreError, StoredStudy, Tx};
use serde_json::Value;

use super::judge::{Judged, left_to, twin_of};
use super::refuse_halted;
use crate::failure::{Failure, Stop};
use crate::jobs::process_event::enrol::{plan_enrolment, write_enrolment};
use crate::persist::persist;
use crate::record::Record;
use crate::standing::reconcile_event;
use crate::worker::Worker;

/// Records of one transaction: one study's long work must not hold up another's.
const AT_ONCE: usize = 50;
/// How often a transaction is made again because somebody enrolled one of its records at that instant.
const ATTEMPTS: u32 = 3;

/// What became of a record after all, when it was not enrolled.
type Outcome = Option<(ImportOutcome, Option<String>)>;

/// Enrols; how many. `progress` tells how far it is, of the records as they then stand.
///
/// # Errors
/// The study enrols nobody any more, or the database; what was enrolled before stays.
pub(super) async fn enrol_all(
    worker: &Worker,
    job: &ClaimedJob,
    judged: &mut [Judged],
    progress: impl Fn(&[Judged], usize) -> Value + Sync,
) -> Result<usize, Failure> {
    let places: Vec<usize> = judged
        .iter()
        .enumerate()
        .filter(|(_, one)| one.told.outcome == ImportOutcome::Enrol)
        .map(|(at, _)| at)
        .collect();
    let mut enrolled = 0;
    for some in places.chunks(AT_ONCE) {
        let chunk: Vec<(&str, &Record)> = some
            .iter()
            .filter_map(|at| Some((judged.get(*at)?.told.record.as_str(), judged.get(*at)?.record.as_ref()?)))
            .collect();
        let so_far = |more: usize| progress(judged, enrolled + more);
        let outcomes = enrol_chunk(worker, job, &chunk, &so_far).await?;
        enrolled += outcomes.iter().filter(|outcome| outcome.is_none()).count();
        for (at, outcome) in some.iter().zip(outcomes) {
            if let (Some((outcome, reason)), Some(one)) = (outcome, judged.get_mut(*at)) {
                (one.told.outcome, one.told.reason) = (outcome, reason);
            }
        }
    }
    Ok(enrolled)
}

async fn enrol_chunk(
    worker: &Worker,
    job: &ClaimedJob,
    chunk: &[(&str, &Record)],
    so_far: &(dyn Fn(usize) -> Value + Sync),
) -> Result<Vec<Outcome>, Failure> {
    for _ in 1..ATTEMPTS {
        match persist(worker.settings.poll_ms, || enrol_together(worker, job, chunk, so_far)).await {
            // Somebody enrolled one of the records or took its code at this instant: the facts are new ones.
            Err(Stop::Store(StoreError::Conflict { .. })) => {}
            other => return Ok(other?),
        }
    }
    Ok(persist(worker.settings.poll_ms, || enrol_together(worker, job, chunk, so_far)).await?)
}

async fn enrol_together(
    worker: &Worker,
    job: &ClaimedJob,
    chunk: &[(&str, &Record)],
    so_far: &(dyn Fn(usize) -> Value + Sync),
) -> Result<Vec<Outcome>, Stop> {
    let tx = worker.write().await?;
    // Locked: an event sync beside it would not see who is enrolled here, nor be seen.
    let study = tx.lock_study(job.study).await?.ok_or_else(|| Failure::exception("the study does not exist"))?;
    let enrols = refuse_halted(&study)?;
    let (mut entries, mut outcomes) = (vec![], Vec::with_capacity(chunk.len()));
    for (id, record) in chunk {
        let (outcome, account) = enrol_one(&tx, worker, &study, &enrols, id, record).await?;
        outcomes.push(outcome);
        entries.extend(account);
    }
    let enrolled = outcomes.iter().filter(|outcome| outcome.is_none()).count();
    tx.note_progress(job.id, so_far(enrolled)).await?;
    tx.commit_any(entries, Operational::QueueClaim).await?;
    Ok(outcomes)
}

/// One record; what refuses it is found before anything of it is written.
async fn enrol_one(
    tx: &Tx,
    worker: &Worker,
    study: &StoredStudy,
    enrols: &str,
    id: &str,
    record: &Record,
) -> Result<(Outcome, Vec<Entry>), Stop> {
    if tx.participant_of_record(study.id, id).await?.is_some() {
        return Ok((Some((ImportOutcome::Known, None)), vec![]));
    }
    if let Some(refused) = twin_of(tx, study, id, &[]).await? {
        return Ok((Some((ImportOutcome::Refused, Some(refused))), vec![]));
    }
    let plan = match plan_enrolment(tx, worker, study, None, record).await {
        Ok(plan) => plan,
        Err(Stop::Failed(refused)) => {
            return Ok((Some((ImportOutcome::Refused, Some(refused.event_text()))), vec![]));
        }
        Err(stop) => return Err(stop),
    };
    let new = reconcile_event(tx, study, id, record.completion(enrols));
    let Some(event) = tx.insert_imported_event(&new, worker.process).await? else {
        let state = tx.owed_records(study.id).await?.get(id).copied().unwrap_or(EventStatus::Received);
        return Ok((Some((ImportOutcome::LeftToEvent, Some(left_to(state)))), vec![]));
    };
    let applied = write_enrolment(tx, worker, study, event, record, plan).await?;
    tx.finish_event(event, worker.process, EventEffect::Applied, applied.note.as_deref()).await?;
    let entry = |action| Entry::study(study.id, Actor::Worker, action);
    let received = entry(Action::ReceiveReconcile { event, record: id.to_owned() });
    let processed = entry(Action::ProcessEvent { event, source: EventSource::Reconcile, note: applied.note });
    Ok((None, [received].into_iter().chain(applied.entries).chain([processed]).collect()))
}
