//! The jobs, one file each, and how each of them ends badly.
//!
//! Invariant: work that was claimed ends in success or in [`give_up`], a panic included; neither is repeated.

mod delete_form;
pub(crate) mod fetch_survey_links;
mod import_participants;
mod init_project;
mod operation;
mod process_event;
mod push_dictionary;
mod reconcile;
mod reread_record;
mod sync_events;
mod sync_session;
mod test_connection;

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::ids::SessionId;
use metricis_store::{ClaimedJob, JobKind, Operational, Reread, StoreError, StoredEvent, StoredStudy};
use serde_json::Value;
use tracing::Instrument;

use crate::alarm;
use crate::failure::{Failure, Stop};
use crate::held::Hold;
use crate::persist::persist;
use crate::runner::Work;
use crate::worker::Worker;

/// Does one piece of work, to its end, in a turn of its own.
pub(crate) async fn perform(worker: Worker, work: Work, hold: Hold) {
    let turn = work.turn(&*worker.clock);
    attempt_or_give_up(worker, work).instrument(turn).await;
    drop(hold);
}

async fn attempt_or_give_up(worker: Worker, work: Work) {
    let attempt = tokio::spawn(attempt(worker.clone(), work.clone()).in_current_span());
    if attempt.await.is_err() {
        // The panic's own text may quote anything; the log has its place.
        give_up(&worker, &work, &Failure::exception("a defect ended the job (panic); see the worker's log")).await;
    }
}

async fn attempt(worker: Worker, work: Work) {
    let done = match &work {
        Work::Event(event) => process_event::process_event(&worker, event).await,
        Work::Reread(reread) => reread_record::reread_record(&worker, reread).await,
        Work::Job(job) => match &job.kind {
            JobKind::SyncSession { session } => sync_session::sync_session(&worker, job, *session).await,
            JobKind::SyncEvents => sync_events::sync_events(&worker, job).await,
            JobKind::TestConnection => test_connection::test_connection(&worker, job).await,
            JobKind::Reconcile { full, dry_run } => reconcile::reconcile(&worker, job, *full, *dry_run).await,
            JobKind::PushDictionary { dictionary, order } => {
                push_dictionary::push_dictionary(&worker, job, dictionary, order).await
            }
            JobKind::InitProject { design, order } => {
                init_project::init_project(&worker, job, design.as_ref(), order).await
            }
            JobKind::DeleteForm { form, order } => delete_form::delete_form(&worker, job, form, order).await,
            JobKind::ImportParticipants { records, order } => {
                import_participants::import_participants(&worker, job, records.as_deref(), order).await
            }
            JobKind::FetchSurveyLinks { asked_before } => {
                fetch_survey_links::fetch_survey_links(&worker, job, *asked_before).await
            }
            #[cfg(feature = "bench")]
            JobKind::Idle => finish_job(&worker, job, Value::Null).await,
        },
    };
    match done {
        Ok(()) => tracing::info!(study = %work.study(), %work, "done"),
        Err(failure) => give_up(&worker, &work, &failure).await,
    }
}

/// Writes a failure down, where a person looks for it. A failed sync has its own log line, and only that one.
async fn give_up(worker: &Worker, work: &Work, failure: &Failure) {
    let (study, poll_ms) = (work.study(), worker.settings.poll_ms);
    let written = match work {
        Work::Job(job @ ClaimedJob { kind: JobKind::SyncSession { session }, .. }) => {
            fail_sync(worker, job, *session, failure).await
        }
        Work::Job(job) => persist(poll_ms, || fail_job(worker, job, failure)).await,
        Work::Event(event) => persist(poll_ms, || fail_event(worker, event, failure)).await,
        Work::Reread(reread) => persist(poll_ms, || fail_reread(worker, reread, failure)).await,
    };
    match written {
        Ok(()) if work.is_sync() => {}
        Ok(()) => {
            let error_type = failure.error_type.as_str();
            tracing::warn!(%study, %work, error_type, error_message = failure.message, "failed");
        }
        Err(Stop::Store(StoreError::Conflict { constraint })) => {
            tracing::warn!(%study, %work, reason = constraint, "somebody else ended this work meanwhile; nothing was written");
        }
        Err(error) => {
            tracing::error!(%study, %work, %error, error_message = failure.message, "a failure could not be written down");
        }
    }
}

async fn fail_event(worker: &Worker, event: &StoredEvent, failure: &Failure) -> Result<(), Stop> {
    let text = failure.event_text();
    let tx = worker.write().await?;
    tx.fail_event(event.id, worker.process, &text).await?;
    let action = Action::FailEvent { event: event.id, error: text };
    Ok(tx.commit(Entry::study(event.study, Actor::Worker, action)).await?)
}

async fn fail_reread(worker: &Worker, reread: &Reread, failure: &Failure) -> Result<(), Stop> {
    let Reread { study, record_id, generation } = reread;
    let tx = worker.write().await?;
    tx.fail_reread(*study, record_id, *generation, worker.process, &failure.to_string()).await?;
    Ok(tx.commit_operational(Operational::QueueClaim).await?)
}

async fn fail_job(worker: &Worker, job: &ClaimedJob, failure: &Failure) -> Result<(), Stop> {
    let tx = worker.write().await?;
    tx.fail_job(job.id, &failure.to_string()).await?;
    match failed_operation(job, failure) {
        Some(entry) => Ok(tx.commit(entry).await?),
        None => Ok(tx.commit_operational(Operational::QueueClaim).await?),
    }
}

/// The account of an operation that was ordered and failed; a preview that fails has changed nothing.
pub(crate) fn failed_operation(job: &ClaimedJob, failure: &Failure) -> Option<Entry> {
    let ordered = job.kind.order().is_some_and(|order| !order.is_preview());
    let (study, operation) = (job.study, job.kind.name().to_owned());
    let action = Action::FailOperation { study, job: job.id, operation, error: failure.to_string() };
    ordered.then(|| Entry::study(study, Actor::Worker, action))
}

/// The alarm sounds also when the failure could not be stored; not when somebody else has ended the sync and sounded it.
async fn fail_sync(worker: &Worker, job: &ClaimedJob, session: SessionId, failure: &Failure) -> Result<(), Stop> {
    let mark = || async {
        let tx = worker.write().await?;
        let entry = alarm::mark_failed(&tx, job, session, failure).await?;
        Ok(tx.commit(entry).await?)
    };
    let written = persist(worker.settings.poll_ms, mark).await;
    if !matches!(written, Err(Stop::Store(StoreError::Conflict { .. }))) {
        alarm::raise(job, session, failure);
    }
    written
}

/// Ends a job that has changed nothing but itself.
async fn finish_job(worker: &Worker, job: &ClaimedJob, result: Value) -> Result<(), Failure> {
    let finish = || async {
        let tx = worker.write().await?;
        tx.finish_job(job.id, result.clone()).await?;
        Ok(tx.commit_operational(Operational::QueueClaim).await?)
    };
    Ok(persist(worker.settings.poll_ms, finish).await?)
}

async fn read_study(worker: &Worker, id: metricis_core::ids::StudyId) -> Result<StoredStudy, Failure> {
    let read = || async { Ok(worker.read().await?.study(id).await?) };
    let study = persist(worker.settings.poll_ms, read).await?;
    study.ok_or_else(|| Failure::exception("the study does not exist"))
}
