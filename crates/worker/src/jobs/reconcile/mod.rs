//! Compares REDCap's records with ours: missing here, changed there, deleted or renamed there.
//!
//! ```text
//!   participants' records ─► REDCap's list ─► its log ─► its date range ─► pages of what may differ ─► flags ─► events ─► mark
//!   (before the list, so that nobody who is                (unless all      (each page compared,       (first: they hold
//!    enrolled meanwhile seems to be gone)                   are read)        its answers dropped)       what is under them)
//! ```
//!
//! Invariants: nothing is deleted and no participant is changed here – what differs becomes an event, one for a record that has
//! none that waits or has failed; an absence that REDCap's log does not explain is told, never flagged as a deletion; the mark
//! moves only when every record is accounted for. Killed anywhere, the next run does the rest.

mod apply;
pub(super) mod log;
mod read;

pub(super) use read::holder_in;

use metricis_core::answer::Reconciliation;
use metricis_core::words::StudyStatus;
use metricis_store::ClaimedJob;
use serde_json::json;

use super::{finish_job, read_study};
use crate::connection::connect;
use crate::failure::Failure;
use crate::worker::Worker;

/// How many names of a kind a result lists; its counts are whole.
const LISTED: usize = 1_000;

/// What a run was told.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub(super) full: bool,
    pub(super) dry_run: bool,
    pub(super) absent_as_deleted: bool,
}

/// The job's result is a [`Reconciliation`].
///
/// # Errors
/// The calls', or settings without which nothing can be compared; what was written by then stands, and a next run goes on.
pub(super) async fn reconcile(worker: &Worker, job: &ClaimedJob, order: Order) -> Result<(), Failure> {
    let Order { full, dry_run, absent_as_deleted } = order;
    let began_at = worker.clock.now();
    let study = read_study(worker, job.study).await?;
    let redcap = connect(worker, &study)?;
    if study.config.redcap.enrollment_instrument.as_deref().is_none_or(|name| name.trim().is_empty()) {
        return Err(Failure::refused(
            "config.redcap.enrollment_instrument is not set; name the instrument whose completion enrols, then reconcile",
        ));
    }
    let mut reading = read::read(worker, &study, &redcap, full).await?;
    reading.absent_as_deleted = absent_as_deleted;
    let outcome = Reconciliation {
        dry_run,
        full: reading.full,
        listed: reading.listed,
        examined: reading.examined,
        message: halted(study.status, reading.halted),
        ..Reconciliation::default()
    };
    if dry_run {
        let outcome = apply::preview(worker, &study, &reading, &outcome).await?;
        return finish_job(worker, job, json!(outcome)).await;
    }
    apply::apply(worker, job, &study, &reading, outcome, began_at).await
}

fn halted(status: StudyStatus, records: usize) -> Option<String> {
    (records > 0).then(|| {
        format!(
            "the study is {status}: {records} records that would be enrolled or brought up to date are left as they are; \
             reconcile again when it is active"
        )
    })
}
