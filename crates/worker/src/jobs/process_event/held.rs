//! Records of which it is not certain whose they are: deleted or renamed in REDCap, and nobody has decided yet.
//!
//! Invariant: a record that was renamed is never enrolled as a twin of its own participant, and nothing that happens under a name
//! that an open flag holds reaches a participant.
//!
//! ```text
//!   09:00  ada renames 7 to 8 in REDCap                      no DET tells it
//!   09:05  form saved: DET of 8, unknown, complete           without a look at the log: 8 is enrolled, a twin of 7
//!   10:00  reconcile: 7 is gone, 8 was 7                     too late
//! ```

use chrono::NaiveDateTime;
use metricis_core::ids::StudyId;
use metricis_core::reconcile::{Fate, may_concern, unflagged_rename};
use metricis_core::words::FlagKind;
use metricis_redcap::{CallError, LogQuery, Reader};
use metricis_store::{Snapshot, StoredEvent, StoredFlag, StoredStudy};

use crate::connection::Connection;
use crate::failure::{Failure, Stop};
use crate::jobs::reconcile::log::{fate_of, origin};
use crate::persist::persist;
use crate::worker::Worker;

/// A record that was renamed more often is nobody's whom we know.
pub(in crate::jobs) const LONGEST_CHAIN: usize = 8;

/// Refuses a record that an open flag holds.
///
/// # Errors
/// The refusal, in words that say where to decide.
pub(in crate::jobs) async fn refuse_held(snapshot: &Snapshot, study: StudyId, record_id: &str) -> Result<(), Stop> {
    match snapshot.flag_holding(study, record_id).await? {
        Some(flag) => Err(held(&flag, record_id).into()),
        None => Ok(()),
    }
}

/// What keeps a record from being taken for somebody's.
fn held(flag: &StoredFlag, record_id: &str) -> Failure {
    let StoredFlag { record_id: former, became, .. } = flag;
    let became = became.as_deref().unwrap_or_default();
    let flag_id = flag.id;
    Failure::refused(match flag.kind {
        FlagKind::Renamed if former == record_id => format!(
            "record {former:?} was renamed to {became:?} in REDCap; decide on the flag {flag_id} whether the participant follows, then repeat this"
        ),
        FlagKind::Renamed => format!(
            "record {became:?} is the renamed record {former:?} of a participant; decide on the flag {flag_id}, then repeat this"
        ),
        FlagKind::Deleted | FlagKind::DagMoved => format!(
            "record {former:?} was deleted in REDCap; decide on the flag {flag_id} whether what bears its name now is the participant's, then \
             repeat this"
        ),
    })
}

/// Refuses an unknown record that REDCap's log shows to be a participant's under a new name. A study without participants is
/// not asked about: there is nobody to be a twin of. Where the log may not be read the record is taken as it is; every reconcile
/// fails then and names the right that is missing.
///
/// # Errors
/// The refusal, or the call's own failure.
pub(super) async fn refuse_twin(
    worker: &Worker,
    study: &StoredStudy,
    redcap: &Connection,
    event: &StoredEvent,
) -> Result<(), Failure> {
    let Some(id_field) = study.config.redcap.redcap_record_field.as_deref() else { return Ok(()) };
    let poll_ms = worker.settings.poll_ms;
    let count = || async { Ok(worker.read().await?.participant_count(study.id).await?) };
    if persist(poll_ms, count).await? == 0 {
        return Ok(());
    }
    let facts = || async {
        let db = worker.read().await?;
        let state = db.reconcile_state(study.id).await?;
        Ok((db.participant_records(study.id).await?, db.known_fates(study.id).await?, state))
    };
    let mut name = event.record_id.clone();
    for _ in 0..LONGEST_CHAIN {
        let fates = fates_of(worker, redcap, id_field, &name).await?;
        if fates.is_empty() {
            return Ok(());
        }
        let (records, known, state) = persist(poll_ms, facts).await?;
        let since = origin(&state);
        let fates: Vec<_> = fates.into_iter().filter(|(at, _)| *at >= since).collect();
        let Some((at, former)) = unflagged_rename(&name, &fates, &known) else { return Ok(()) };
        if records.get(former).is_some_and(|(_, since)| may_concern(*since, at)) {
            return Err(Failure::refused(format!(
                "record {:?} is the renamed record {former:?} of a participant; reconcile, decide on the flag that it raises, then \
                 replay the event",
                event.record_id
            )));
        }
        name = former.to_owned();
    }
    Ok(())
}

/// What became of a record under this name, as far as the log may be read.
async fn fates_of(
    worker: &Worker,
    redcap: &Connection,
    id_field: &str,
    record: &str,
) -> Result<Vec<(NaiveDateTime, Fate)>, Failure> {
    let query = LogQuery { begin: None, end: None, record: Some(record), id_field };
    let read = |reader: Reader| async move {
        match reader.read_log(query).await {
            Err(CallError::Refused { .. }) => Ok(None),
            read => read.map(Some),
        }
    };
    let log = worker.gate.read(redcap, read).await?.unwrap_or_default();
    Ok(log.fates.into_iter().map(fate_of).collect())
}
