//! REDCap's log, read in stretches that a server bears.

use std::collections::BTreeSet;

use chrono::{Duration, NaiveDateTime};
use metricis_core::reconcile::{Fate, log_windows, quiet_begin};
use metricis_redcap::{FateLine, LogQuery, LogReading, RecordFate};
use metricis_store::ReconcileState;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::worker::Worker;

/// No place on earth is further from UTC, in either direction.
const FURTHEST_ZONE: Duration = Duration::hours(14);

/// A stretch of the log, to now.
#[derive(Debug, Default)]
pub(in crate::jobs) struct Log {
    /// Its first minute.
    pub(super) begin: NaiveDateTime,
    /// REDCap's now.
    pub(super) newest: Option<NaiveDateTime>,
    /// Every record that a line is about.
    pub(super) touched: BTreeSet<String>,
    /// Deletions and renames, oldest first.
    pub(in crate::jobs) fates: Vec<(NaiveDateTime, Fate)>,
}

/// Where a run begins to read: before where the last one ended. Before the first, a day before the study: nobody was enrolled
/// earlier.
pub(in crate::jobs) fn begin_of(state: &ReconcileState, flags: &[NaiveDateTime]) -> NaiveDateTime {
    state.log_mark.map_or_else(|| origin(state), |mark| quiet_begin(mark, flags))
}

/// Before everything that could concern a participant of this study.
pub(in crate::jobs) fn origin(state: &ReconcileState) -> NaiveDateTime {
    state.study_since.naive_utc() - FURTHEST_ZONE - Duration::days(1)
}

/// A moment that REDCap's clock has not passed.
pub(in crate::jobs) fn latest(worker: &Worker) -> NaiveDateTime {
    worker.clock.now().naive_utc() + FURTHEST_ZONE
}

/// Reads the log from `begin`.
///
/// # Errors
/// The calls'; a token whose user may not see the log is told so.
pub(in crate::jobs) async fn read_log(
    worker: &Worker,
    redcap: &Connection,
    id_field: &str,
    begin: NaiveDateTime,
) -> Result<Log, Failure> {
    let latest = latest(worker);
    let mut log = Log { begin, ..Log::default() };
    for window in log_windows(begin, latest) {
        let query = LogQuery { begin: Some(window.begin), end: window.end, record: None, id_field };
        let read = worker.gate.read(redcap, |reader| async move { reader.read_log(query).await }).await;
        log.extend(read.map_err(without_right)?);
    }
    // A server whose clock was far ahead would hide from every later run what is written until then; one whose clock was far
    // behind would have each of them read years.
    let earliest = worker.clock.now().naive_utc() - FURTHEST_ZONE - Duration::hours(1);
    log.newest = log.newest.map(|newest| newest.clamp(earliest, latest));
    Ok(log)
}

fn without_right(failure: Failure) -> Failure {
    let message = format!(
        "REDCap's log could not be read, without which deletions and renames are not known: {}; if the token's user lacks the \
         right \"Logging\", give it in REDCap's User Rights",
        failure.message
    );
    Failure::new(failure.error_type, message)
}

impl Log {
    fn extend(&mut self, reading: LogReading) {
        let LogReading { newest, touched, fates } = reading;
        // Stretches come in order, and the last one's is now.
        self.newest = newest.or(self.newest);
        self.touched.extend(touched);
        self.fates.extend(fates.into_iter().map(fate_of));
    }
}

pub(in crate::jobs) fn fate_of(FateLine { at, record, fate }: FateLine) -> (NaiveDateTime, Fate) {
    let renamed_to = match fate {
        RecordFate::Deleted => None,
        RecordFate::Renamed { to } => Some(to),
    };
    (at, Fate { record, renamed_to })
}
