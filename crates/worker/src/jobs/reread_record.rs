//! Reads a record again because a delivery that looked like a repetition may have been an edit.
//!
//! Invariant: the re-read itself changes no participant. A record that differs from what was applied becomes an event with
//! `source = 'reconcile'`, which is then worked on, shown and replayed like a DET.

use metricis_core::action::{Action, Actor, Entry};
use metricis_store::{Operational, Reread};

use super::read_study;
use crate::connection::connect;
use crate::failure::{Failure, Stop};
use crate::persist::persist;
use crate::record::Record;
use crate::standing::{Standing, reconcile_event, standing_of};
use crate::worker::Worker;

/// Ends with a reconcile event, or with nothing when the record is as it was applied.
///
/// # Errors
/// The call's, or a record that REDCap no longer has.
pub(super) async fn reread_record(worker: &Worker, reread: &Reread) -> Result<(), Failure> {
    let study = read_study(worker, reread.study).await?;
    let redcap = connect(worker, &study)?;
    let id = reread.record_id.as_str();
    let rows = worker.gate.read(&redcap, |reader| async move { reader.export_record(id).await }).await?;
    let record = Record::read(&reread.record_id, &rows, None)?;
    Ok(persist(worker.settings.poll_ms, || apply(worker, reread, &record)).await?)
}

async fn apply(worker: &Worker, reread: &Reread, record: &Record) -> Result<(), Stop> {
    let tx = worker.write().await?;
    let study = tx.study(reread.study).await?.ok_or_else(|| Failure::exception("the study does not exist"))?;
    let sites = tx.sites(study.id).await?;
    let standing = standing_of(worker, &tx, &study, &sites, &reread.record_id, record).await?;
    tx.finish_reread(reread.study, &reread.record_id, reread.generation, worker.process).await?;
    let complete = record.completion(study.config.redcap.enrollment_instrument.as_deref().unwrap_or_default());
    let event = match standing {
        Standing::Missing | Standing::Changed => {
            tx.insert_reconcile_event(&reconcile_event(&tx, &study, &reread.record_id, complete)).await?
        }
        Standing::InStep | Standing::Halted => None,
    };
    let Some(event) = event else { return Ok(tx.commit_operational(Operational::QueueClaim).await?) };
    let action = Action::ReceiveReconcile { event, record: reread.record_id.clone() };
    Ok(tx.commit(Entry::study(study.id, Actor::Worker, action)).await?)
}
