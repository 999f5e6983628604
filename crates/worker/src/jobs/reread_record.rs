//! Reads a record again because a delivery that looked like a repetition may have been an edit.
//!
//! Invariant: the re-read itself changes no participant. A record that differs from what was applied becomes an event with
//! `source = 'reconcile'`, which is then worked on, shown and replayed like a DET.

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::enrolment::{DetDecision, decide_det, mapped_digest};
use metricis_core::ids::EventId;
use metricis_store::{NewReconcileEvent, Operational, Reread, StoredParticipant, StoredStudy, Tx};
use secrecy::ExposeSecret;

use super::read_study;
use crate::connection::connect;
use crate::failure::{Failure, Stop};
use crate::persist::persist;
use crate::record::Record;
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
    let known = tx.participant_of_record(study.id, &reread.record_id).await?;
    let instrument = study.config.redcap.enrollment_instrument.clone().unwrap_or_default();
    let complete = record.completion(&instrument);
    let enrols = study.config.redcap.enrollment_instrument.as_deref();
    let differs =
        match decide_det(study.status, &instrument, complete, enrols, known.as_ref().map(|known| known.status)) {
            DetDecision::Enrol => true,
            DetDecision::Update => match &known {
                Some(known) => is_changed(worker, &tx, &study, known, record).await?,
                None => false,
            },
            // A refusal would only make an event that fails: the study's status says what is to be done.
            DetDecision::TooEarly { .. } | DetDecision::Nothing { .. } | DetDecision::Refuse { .. } => false,
        };
    tx.finish_reread(reread.study, &reread.record_id, reread.generation, worker.process).await?;
    let event = match differs {
        true => tx.insert_reconcile_event(&reconcile_event(&tx, &study, reread, &instrument, complete)).await?,
        false => None,
    };
    let Some(event) = event else { return Ok(tx.commit_operational(Operational::QueueClaim).await?) };
    let action = Action::ReceiveReconcile { event, record: reread.record_id.clone() };
    Ok(tx.commit(Entry::study(study.id, Actor::Worker, action)).await?)
}

/// A record that can no longer be read as a participant has changed too: its event fails and says why.
async fn is_changed(
    worker: &Worker,
    tx: &Tx,
    study: &StoredStudy,
    known: &StoredParticipant,
    record: &Record,
) -> Result<bool, Stop> {
    let home = record.home_event(&study.config.redcap, known.arm_num);
    let Ok(mapped) = record.map(&study.config, &tx.sites(study.id).await?, home) else { return Ok(true) };
    let digest = mapped_digest(worker.settings.digest_key.expose_secret().as_bytes(), &mapped);
    Ok(digest != known.mapped_digest || !record.survey_changes(&tx.visits(known.id).await?).is_empty())
}

fn reconcile_event(tx: &Tx, study: &StoredStudy, reread: &Reread, instrument: &str, complete: u8) -> NewReconcileEvent {
    let project_id = study.config.redcap.project_id.clone().unwrap_or_default();
    let mut form = vec![("project_id".to_owned(), project_id.clone()), ("record".to_owned(), reread.record_id.clone())];
    if !instrument.is_empty() {
        form.push(("instrument".to_owned(), instrument.to_owned()));
        form.push((format!("{instrument}_complete"), complete.to_string()));
    }
    NewReconcileEvent {
        id: EventId::at(tx.now()),
        study: study.id,
        project_id,
        record_id: reread.record_id.clone(),
        instrument: instrument.to_owned(),
        event_name: None,
        form,
    }
}
