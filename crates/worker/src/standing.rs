//! How a record that was just read stands to what is stored of it, the same for a re-read and for a reconcile.
//!
//! Invariant: looking changes nothing. What differs becomes an event with `source = 'reconcile'`, which is worked on, shown and
//! replayed like a DET.

use metricis_core::enrolment::{DetDecision, decide_det, mapped_digest};
use metricis_core::ids::EventId;
use metricis_store::{NewReconcileEvent, Site, Snapshot, StoredParticipant, StoredStudy};
use secrecy::ExposeSecret;

use crate::failure::Stop;
use crate::record::Record;
use crate::worker::Worker;

/// How a record stands to its participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// As stored, or nothing that concerns us.
    InStep,
    /// Its enrolment is complete, and it is nobody's.
    Missing,
    /// Its participant is stored otherwise.
    Changed,
    /// It would be enrolled, or its participant changed, in a study that is not paused or completed.
    Halted,
}

/// Compares a record with what is stored.
///
/// # Errors
/// Whatever the database says.
pub(crate) async fn standing_of(
    worker: &Worker,
    snapshot: &Snapshot,
    study: &StoredStudy,
    sites: &[Site],
    record_id: &str,
    record: &Record,
) -> Result<Standing, Stop> {
    let known = snapshot.participant_of_record(study.id, record_id).await?;
    let enrols = study.config.redcap.enrollment_instrument.as_deref();
    let instrument = enrols.unwrap_or_default();
    let complete = record.completion(instrument);
    Ok(match decide_det(study.status, instrument, complete, enrols, known.as_ref().map(|known| known.status)) {
        DetDecision::Enrol => Standing::Missing,
        DetDecision::Update => match &known {
            Some(known) if is_changed(worker, snapshot, study, sites, known, record).await? => Standing::Changed,
            _ => Standing::InStep,
        },
        // A refusal would only make an event that fails: the study's status says what is to be done.
        DetDecision::Refuse { .. } => Standing::Halted,
        DetDecision::TooEarly { .. } | DetDecision::Nothing { .. } => Standing::InStep,
    })
}

/// A record that can no longer be read as a participant has changed too: its event fails and says why.
async fn is_changed(
    worker: &Worker,
    snapshot: &Snapshot,
    study: &StoredStudy,
    sites: &[Site],
    known: &StoredParticipant,
    record: &Record,
) -> Result<bool, Stop> {
    let home = record.home_event(&study.config.redcap, known.arm_num);
    let Ok(mapped) = record.map(&study.config, sites, home) else { return Ok(true) };
    let digest = mapped_digest(worker.settings.digest_key.expose_secret().as_bytes(), &mapped);
    Ok(digest != known.mapped_digest || !record.survey_changes(&snapshot.visits(known.id).await?).is_empty())
}

/// The event of a record that differs. `complete` is how complete the enrolment instrument was.
pub(crate) fn reconcile_event(
    snapshot: &Snapshot,
    study: &StoredStudy,
    record_id: &str,
    complete: u8,
) -> NewReconcileEvent {
    let project_id = study.config.redcap.project_id.clone().unwrap_or_default();
    let instrument = study.config.redcap.enrollment_instrument.clone().unwrap_or_default();
    let mut form = vec![
        ("project_id".to_owned(), project_id.clone()),
        ("record".to_owned(), record_id.to_owned()),
        ("instrument".to_owned(), instrument.clone()),
    ];
    if !instrument.is_empty() {
        form.push((format!("{instrument}_complete"), complete.to_string()));
    }
    NewReconcileEvent {
        id: EventId::at(snapshot.now()),
        study: study.id,
        project_id,
        record_id: record_id.to_owned(),
        instrument,
        event_name: None,
        form,
    }
}
