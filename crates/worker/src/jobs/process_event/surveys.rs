//! What a record says of its participant's surveys: written down, and a visit whose last task was a survey is held.
//!
//! Invariant: a visit is held by the rule of `core::tasks`, as when its last result arrives; it is held on the day on which we learn
//! of it, and not before its window opens.

use chrono::NaiveDate;
use chrono_tz::Tz;
use metricis_core::ids::ParticipantId;
use metricis_core::schedule::study_date;
use metricis_core::tasks::{COMPLETE, VisitTask, is_held, tasks_of_visit};
use metricis_core::words::VisitStatus;
use metricis_store::{StoredSession, StoredStudy, StoredVisit, Tx};

use crate::failure::Stop;
use crate::record::Record;
use crate::worker::Worker;

/// Today, where the participant is.
pub(super) fn participant_date(tx: &Tx, worker: &Worker, study: &StoredStudy, zone: Tz) -> NaiveDate {
    study_date(tx.now(), zone, study.time_simulation_offset_days, worker.settings.environment.is_production())
}

/// Writes down what the record says of the participant's surveys; what of them has changed, in the audit row's words.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn put_surveys(
    tx: &Tx,
    study: &StoredStudy,
    participant: ParticipantId,
    record: &Record,
    today: NaiveDate,
) -> Result<Vec<&'static str>, Stop> {
    let visits = tx.visits(participant).await?;
    let changes = record.survey_changes(&visits);
    if changes.is_empty() {
        return Ok(vec![]);
    }
    let sessions = tx.sessions_of(participant).await?;
    let mut changed = vec!["survey_state"];
    for (id, state) in changes {
        tx.set_survey_state(id, &state).await?;
        let Some(visit) = visits.iter().find(|visit| visit.id == id) else { continue };
        let visit = StoredVisit { survey_state: state, ..visit.clone() };
        let may_be_held = visit.status == VisitStatus::Pending && visit.window_start <= today;
        if may_be_held && has_all_done(study, &visit, &sessions) {
            tx.complete_visit(id, today).await?;
            changed.push("visit_completed");
        }
    }
    Ok(changed)
}

fn has_all_done(study: &StoredStudy, visit: &StoredVisit, sessions: &[StoredSession]) -> bool {
    let mapping = &study.config.redcap.redcap_field_mapping;
    let tasks = tasks_of_visit(mapping, &visit.instruments, &visit.survey_instruments);
    is_held(&tasks, |task| match task {
        VisitTask::Assessment(name) => {
            sessions.iter().any(|session| session.visit == Some(visit.id) && session.task == name)
        }
        VisitTask::Survey(name) => visit.survey_state.get(name).is_some_and(|state| state.complete == COMPLETE),
    })
}
