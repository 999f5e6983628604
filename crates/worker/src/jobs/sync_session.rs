//! Brings one session's result to REDCap: the whole pipeline, also of a re-sync (guarantee 14).
//!
//! Invariant: REDCap gets what the participant submitted, as the audit log has its digest, or nothing; a sync that fails is failed, whatever the cause, and
//! nothing stands in for it. Sending the same result again changes nothing in REDCap: record, event and fields are fixed. It goes into
//! a record that REDCap has and that is still the participant's, as far as its code, enrolment date and arm tell: an import under a name
//! that is gone would make a new record there, of nobody, and one under a name that was given away would reach somebody else.

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::audit::ResultCheck;
use metricis_core::ids::SessionId;
use metricis_core::mapping::{Place, build_import};
use metricis_core::reconcile::is_detached;
use metricis_core::study::REPEATING_INSTRUMENTS;
use metricis_redcap::Reader;
use metricis_redcap::wire::Row;
use metricis_store::{ClaimedJob, Snapshot, StoredParticipant, StoredSession, StoredStudy, StoredVisit};
use serde_json::json;

use super::process_event::{refuse_held, refuse_successor};
use super::read_study;
use crate::connection::connect;
use crate::failure::{Failure, Stop};
use crate::persist::persist;
use crate::record::Record;
use crate::worker::Worker;

/// What is sent.
struct Import {
    participant: StoredParticipant,
    record_field: String,
    row: Row,
}

/// The job's result is `{synced: true}`.
///
/// # Errors
/// Whatever kept the result from REDCap, or from being noted as synced.
pub(super) async fn sync_session(worker: &Worker, job: &ClaimedJob, session: SessionId) -> Result<(), Failure> {
    let study = read_study(worker, job.study).await?;
    let redcap = connect(worker, &study)?;
    let prepared = || async { prepare(&worker.read().await?, &study, session).await };
    let Import { participant, record_field, row } = persist(worker.settings.poll_ms, prepared).await?;
    let (id, record_field) = (participant.external_id.as_str(), record_field.as_str());
    let look = |reader: Reader| async move { reader.export_record(id).await };
    let rows = worker.gate.look_ahead(&redcap, look, |rows| refuse_other(&study, &participant, rows)).await?;
    refuse_successor(worker, &study, &redcap, &Record::read(id, &rows, None)?, &participant).await?;
    let send = |client: metricis_redcap::Client| async move { client.import_records(record_field, &[row]).await };
    worker.gate.send(&redcap, send).await?;
    Ok(persist(worker.settings.poll_ms, || confirm(worker, job, session)).await?)
}

async fn prepare(snapshot: &Snapshot, study: &StoredStudy, id: SessionId) -> Result<Import, Stop> {
    let gone = |what: &str| Failure::exception(format!("the session's {what} does not exist"));
    let session = snapshot.session(id).await?.ok_or_else(|| gone("row"))?;
    refuse_altered(snapshot, &session).await?;
    if let Some(newer) = snapshot.newer_synced(id).await? {
        return Err(Failure::refused(format!(
            "REDCap holds a newer result of this visit and task (session {newer}); this one would overwrite it and was not sent"
        ))
        .into());
    }
    let participant = snapshot.participant(session.participant).await?.ok_or_else(|| gone("participant"))?;
    if is_detached(&participant.external_id) {
        return Err(Failure::refused(
            "the participant has no record in REDCap any more: a person decided so on a flag; there is nowhere to send this result",
        )
        .into());
    }
    refuse_held(snapshot, study.id, &participant.external_id).await?;
    let config = &study.config.redcap;
    let record_field = config.redcap_record_field.as_deref().ok_or_else(|| {
        Failure::refused("the name of REDCap's record id field is not known yet; sync events first, then re-sync")
    })?;
    let place = match session.visit {
        Some(visit) => place_of(snapshot.visit(visit).await?.ok_or_else(|| gone("visit"))?)?,
        None => classic_place(snapshot, study).await?,
    };
    let cells = build_import(
        &session.task,
        &session.results,
        &participant.external_id,
        record_field,
        &place,
        &config.redcap_field_mapping,
    )
    .map_err(Failure::refused)?;
    let row = cells.into_iter().collect();
    Ok(Import { participant, record_field: record_field.to_owned(), row })
}

/// Deleted, renamed and reused names are told by a reconcile only; until then the record itself is asked.
fn refuse_other(study: &StoredStudy, participant: &StoredParticipant, rows: &[Row]) -> Result<(), Failure> {
    let refuse = |what: String| {
        Err(Failure::refused(format!(
            "{what}; nothing was sent. Reconcile, decide on the flag that it raises, then re-sync"
        )))
    };
    let id = &participant.external_id;
    if rows.is_empty() {
        return refuse(format!(
            "REDCap has no record {id:?}: it was deleted or renamed there, or is hidden from the API token's user"
        ));
    }
    let code = Record::read(id, rows, None)?.code(&study.config.redcap, participant.arm_num);
    match code {
        Some(code) if code.as_str() != participant.code => {
            refuse(format!("REDCap's record {id:?} has another participant code than its participant here"))
        }
        _ => Ok(()),
    }
}

/// What was changed since its submission is not the participant's, and does not leave.
async fn refuse_altered(snapshot: &Snapshot, session: &StoredSession) -> Result<(), Stop> {
    let ResultCheck::Altered(fault) = snapshot.check_session_result(session).await? else { return Ok(()) };
    let stop = "nothing was sent. Stop: this is a sign of tampering, escalate to security; `metricis audit verify` names \
                every such session";
    Err(Failure::exception(format!("{fault}; {stop}")).into())
}

/// The visit's event, as it is called since the last event sync.
fn place_of(visit: StoredVisit) -> Result<Place, Failure> {
    if !visit.in_redcap {
        return Err(Failure::refused(format!(
            "REDCap no longer has the event of the visit {:?}, so that its result has no place there; bring the event back and sync \
             events, then re-sync, or enter the result by hand",
            visit.label
        )));
    }
    Ok(Place {
        event_name: Some(visit.event_name),
        event_repeats: visit.repeating,
        repeating_instruments: visit.repeating_instruments,
    })
}

/// Without an event REDCap would write into the first event of arm 1: a guess.
async fn classic_place(snapshot: &Snapshot, study: &StoredStudy) -> Result<Place, Stop> {
    if snapshot.windows(study.id).await?.iter().any(|window| window.active) {
        let lost = "the session belongs to no visit, so that its event in REDCap is not known";
        return Err(Failure::refused(lost).into());
    }
    let repeating = study.config.redcap.extra.get(REPEATING_INSTRUMENTS);
    let repeating = repeating.and_then(|names| serde_json::from_value(names.clone()).ok());
    Ok(Place { repeating_instruments: repeating.unwrap_or_default(), ..Place::default() })
}

async fn confirm(worker: &Worker, job: &ClaimedJob, session: SessionId) -> Result<(), Stop> {
    let tx = worker.write().await?;
    tx.mark_session_synced(session).await?;
    tx.finish_job(job.id, json!({ "synced": true })).await?;
    let action = Action::SyncSession { session, job: job.id };
    Ok(tx.commit(Entry::study(job.study, Actor::Worker, action)).await?)
}
