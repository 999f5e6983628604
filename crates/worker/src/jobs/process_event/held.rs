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
use metricis_core::reconcile::{Fate, NewFate, former_name, is_detached, log_windows, plan_fates};
use metricis_core::words::FlagKind;
use metricis_redcap::{LogQuery, Reader, is_record_name};
use metricis_store::{Snapshot, StoreError, StoredEvent, StoredFlag, StoredParticipant, StoredStudy};

use crate::connection::Connection;
use crate::failure::{Failure, Stop};
use crate::jobs::reconcile::holder_in;
use crate::jobs::reconcile::log::{begin_of, fate_of, latest, origin};
use crate::persist::persist;
use crate::record::Record;
use crate::worker::Worker;

/// A record that was renamed more often is nobody's whom we know.
pub(in crate::jobs) const LONGEST_CHAIN: usize = 8;

/// Refuses a record that an open flag holds, or whose name no record may have.
///
/// # Errors
/// The refusal, in words that say where to decide.
pub(in crate::jobs) async fn refuse_held(snapshot: &Snapshot, study: StudyId, record_id: &str) -> Result<(), Stop> {
    if is_detached(record_id) {
        return Err(Failure::refused(format!(
            "no record may be called {record_id:?}: such names stand for participants without a record; rename it in REDCap"
        ))
        .into());
    }
    if !is_record_name(record_id) {
        return Err(Failure::refused(format!(
            "{record_id:?} cannot be the name of a record here: it is longer than 100 characters, or holds one that is not shown; rename \
             it in REDCap"
        ))
        .into());
    }
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
        let query = LogQuery { begin: None, end: None, record: Some(&name), id_field };
        let fates = fates_of(worker, redcap, query).await?.unwrap_or_default();
        if fates.is_empty() {
            return Ok(());
        }
        let (records, known, state) = persist(poll_ms, facts).await?;
        let since = origin(&state);
        let fates: Vec<_> = fates.into_iter().filter(|(at, _)| *at >= since).collect();
        let Some((former, is_theirs)) = former_name(&name, &fates, &known, holder_in(&records)) else { return Ok(()) };
        if is_theirs {
            if is_nobodys(worker, study, redcap, id_field, &event.record_id).await? {
                return Ok(());
            }
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

/// Refuses a known record that has become somebody else's, as far as can be told: its code, enrolment date or arm differs, and the log
/// shows, since the last reconcile, that its name was given up.
///
/// ```text
///   09:00  ada deletes 7, and saves a new 7 for somebody else        the DET is that of a known record
///   09:00  without a look at the log: the first 7 gets the code and the group of the second
/// ```
///
/// # Errors
/// The refusal, or the call's own failure.
pub(in crate::jobs) async fn refuse_successor(
    worker: &Worker,
    study: &StoredStudy,
    redcap: &Connection,
    record: &Record,
    known: &StoredParticipant,
) -> Result<(), Failure> {
    let Some(id_field) = study.config.redcap.redcap_record_field.as_deref() else { return Ok(()) };
    let poll_ms = worker.settings.poll_ms;
    let differs = || async { Ok(differs(&worker.read().await?, study, record, known).await?) };
    if !persist(poll_ms, differs).await? {
        return Ok(());
    }
    let Some(new) = new_fates(worker, study, redcap, id_field).await? else { return Ok(()) };
    let name = known.external_id.as_str();
    // A record that got the name by a rename needs no look: the name had to be given up before.
    if new.iter().any(|one| one.fate.record == name && one.participant == Some(known.id)) {
        return Err(Failure::refused(format!(
            "record {name:?} was deleted or renamed in REDCap since the last reconcile, and what bears its name now differs from its \
             participant; nothing was done. Reconcile, decide on the flag that it raises, then repeat this"
        )));
    }
    Ok(())
}

/// Whether a record is not evidently its participant's. A date that is known to differ and waits for a person is no news.
async fn differs(
    db: &Snapshot,
    study: &StoredStudy,
    record: &Record,
    known: &StoredParticipant,
) -> Result<bool, StoreError> {
    let sites = db.sites(study.id).await?;
    let home = record.home_event(&study.config.redcap, known.arm_num);
    // What cannot be mapped is refused where it is applied.
    let Ok(mapped) = record.map(&study.config, &sites, home) else { return Ok(false) };
    let anchor = db.current_version(known.id).await?.map_or(known.enrollment_date, |version| version.anchor_date);
    let date = mapped.enrollment_date;
    let is_code = mapped.participant_code.as_ref().is_none_or(|code| code.as_str() == known.code);
    Ok(!is_code || mapped.arm_num != known.arm_num || (date != anchor && Some(date) != known.redcap_anchor()))
}

/// Whether a record's last rename concerns nobody, though its former names lead to a participant's: the whole log tells that a name of
/// the chain ended in between, and began anew.
async fn is_nobodys(
    worker: &Worker,
    study: &StoredStudy,
    redcap: &Connection,
    id_field: &str,
    record_id: &str,
) -> Result<bool, Failure> {
    let new = new_fates(worker, study, redcap, id_field).await?.unwrap_or_default();
    let last = new.iter().rfind(|one| one.fate.renamed_to.as_deref() == Some(record_id));
    Ok(last.is_some_and(|one| one.participant.is_none()))
}

/// What the log shows since the last reconcile, as a reconcile will attribute it; none when the log may not be read.
async fn new_fates(
    worker: &Worker,
    study: &StoredStudy,
    redcap: &Connection,
    id_field: &str,
) -> Result<Option<Vec<NewFate>>, Failure> {
    let facts = || async {
        let db = worker.read().await?;
        let state = db.reconcile_state(study.id).await?;
        Ok((db.participant_records(study.id).await?, db.known_fates(study.id).await?, state))
    };
    let (records, known, state) = persist(worker.settings.poll_ms, facts).await?;
    let times: Vec<_> = known.iter().map(|one| one.at).collect();
    let begin = begin_of(&state, &times);
    let mut shown = vec![];
    for window in log_windows(begin, latest(worker)) {
        let query = LogQuery { begin: Some(window.begin), end: window.end, record: None, id_field };
        let Some(fates) = fates_of(worker, redcap, query).await? else { return Ok(None) };
        shown.extend(fates);
    }
    Ok(Some(plan_fates(&shown, &known, begin, holder_in(&records))))
}

/// What became of records; none when the log may not be read.
async fn fates_of(
    worker: &Worker,
    redcap: &Connection,
    query: LogQuery<'_>,
) -> Result<Option<Vec<(NaiveDateTime, Fate)>>, Failure> {
    let read = |reader: Reader| async move {
        match reader.read_log(query).await {
            Err(refused) if refused.lacks_right() => Ok(None),
            read => read.map(Some),
        }
    };
    let log = worker.gate.read_first(redcap, read).await?;
    Ok(log.map(|log| log.fates.into_iter().map(fate_of).collect()))
}
