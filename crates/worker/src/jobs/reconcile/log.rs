//! REDCap's log, read in stretches that a server bears.

use std::collections::{BTreeMap, BTreeSet};

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
pub(super) struct Log {
    /// Its first minute.
    pub(super) begin: NaiveDateTime,
    /// REDCap's now.
    pub(super) newest: Option<NaiveDateTime>,
    /// Every record that a line is about.
    pub(super) touched: BTreeSet<String>,
    /// Deletions and renames, oldest first.
    pub(super) fates: Vec<(NaiveDateTime, Fate)>,
}

/// Where a run begins to read: before where the last one ended. Before the first, a day before the study: nobody was enrolled
/// earlier.
pub(super) fn begin_of(state: &ReconcileState, flags: &[NaiveDateTime]) -> NaiveDateTime {
    state.log_mark.map_or_else(|| origin(state), |mark| quiet_begin(mark, flags))
}

/// Before everything that could concern a participant of this study.
pub(super) fn origin(state: &ReconcileState) -> NaiveDateTime {
    state.study_since.naive_utc() - FURTHEST_ZONE - Duration::days(1)
}

/// Reads the log from `begin`.
///
/// # Errors
/// The calls'; a token whose user may not see the log is told so.
pub(super) async fn read_log(
    worker: &Worker,
    redcap: &Connection,
    id_field: &str,
    begin: NaiveDateTime,
) -> Result<Log, Failure> {
    let latest = worker.clock.now().naive_utc() + FURTHEST_ZONE;
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

/// The names that each renamed record had before and until when, since the study is known here.
///
/// # Errors
/// As [`read_log`].
pub(in crate::jobs) async fn former_names(
    worker: &Worker,
    redcap: &Connection,
    id_field: &str,
    state: &ReconcileState,
) -> Result<BTreeMap<String, Vec<(String, NaiveDateTime)>>, Failure> {
    let log = read_log(worker, redcap, id_field, origin(state)).await?;
    let mut names: BTreeMap<String, Vec<(String, NaiveDateTime)>> = BTreeMap::new();
    for (at, Fate { record, renamed_to }) in log.fates {
        let mut former = names.remove(&record).unwrap_or_default();
        former.push((record, at));
        if let Some(to) = renamed_to {
            names.insert(to, former);
        }
    }
    Ok(names)
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

fn fate_of(FateLine { at, record, fate }: FateLine) -> (NaiveDateTime, Fate) {
    let renamed_to = match fate {
        RecordFate::Deleted => None,
        RecordFate::Renamed { to } => Some(to),
    };
    (at, Fate { record, renamed_to })
}
