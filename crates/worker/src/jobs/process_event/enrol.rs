//! Enrolment: participant, schedule version 1 and, unless consent is waited for, its visits – all or nothing.

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::enrolment::{MappedParticipant, ParticipantCode, generate_participant_code, mapped_digest};
use metricis_core::ids::{EventId, ParticipantId};
use metricis_core::schedule::{self, Gate, GateReason, PlannedVisit, Window, gate, study_date};
use metricis_core::words::ParticipantStatus;
use metricis_store::{NewParticipant, Snapshot, StoredEvent, StoredStudy, Tx};
use secrecy::ExposeSecret;

use super::Applied;
use super::surveys::{participant_date, put_surveys};
use crate::failure::{Failure, Stop};
use crate::record::{Record, study_zone};
use crate::worker::Worker;

/// How many generated codes are tried when people have mapped codes that look generated.
const CODES_TRIED: i64 = 1_000;

/// An enrolment that nothing forbids; nothing is written yet.
pub(in crate::jobs) struct Plan {
    pub(in crate::jobs) mapped: MappedParticipant,
    visits: Vec<PlannedVisit>,
    windows: Vec<Window>,
}

/// Creates the participant of a record in `tx`.
///
/// # Errors
/// A record or a study that cannot be read, a code that is taken, an arm without windows; a conflict when the record was
/// enrolled at this instant.
pub(super) async fn enrol(
    tx: &Tx,
    worker: &Worker,
    study: &StoredStudy,
    event: &StoredEvent,
    record: &Record,
) -> Result<Applied, Stop> {
    // An event sync beside it would read the participants before this one is there, and this its windows before they are.
    tx.lock_study(study.id).await?;
    let plan = plan_enrolment(tx, worker, study, event.event_name.as_deref(), record).await?;
    write_enrolment(tx, worker, study, event.id, record, plan).await
}

/// Reads a participant out of a record and looks whether it can be one. `event_name` is the DET's event.
///
/// # Errors
/// As [`enrol`]; each of them before anything is written.
pub(in crate::jobs) async fn plan_enrolment(
    db: &Snapshot,
    worker: &Worker,
    study: &StoredStudy,
    event_name: Option<&str>,
    record: &Record,
) -> Result<Plan, Stop> {
    if let Some(other) = db.record_in_other_case(study.id, record.id()).await? {
        return Err(Failure::refused(format!(
            "REDCap does not tell upper from lower case in records' names, and {other:?} is a participant's: {:?} is the same record",
            record.id()
        ))
        .into());
    }
    let sites = db.sites(study.id).await?;
    let production = worker.settings.environment.is_production();
    let today = study_date(db.now(), study_zone(&study.config)?, study.time_simulation_offset_days, production);
    let mapped = record.map_new(&study.config, &sites, event_name, today)?;
    let windows = db.windows(study.id).await?;
    // Planned also while consent is waited for: an arm that cannot be scheduled is found at once, not at the consent.
    let anchor = mapped.enrollment_date;
    let visits = schedule::plan_enrolment(&windows, mapped.arm_num, anchor).map_err(Failure::refused)?;
    if let Some(code) = &mapped.participant_code
        && db.participant_by_code(study.id, code.as_str()).await?.is_some()
    {
        return Err(code_taken().into());
    }
    Ok(Plan { mapped, visits, windows })
}

/// Writes what was planned in the same transaction.
///
/// # Errors
/// No free code; a conflict when the record was enrolled at this instant.
pub(in crate::jobs) async fn write_enrolment(
    tx: &Tx,
    worker: &Worker,
    study: &StoredStudy,
    event: EventId,
    record: &Record,
    plan: Plan,
) -> Result<Applied, Stop> {
    let Plan { mapped, visits, windows } = plan;
    let anchor = mapped.enrollment_date;
    let gate = gate(&study.config.constraints, None);
    let (status, visits) = match gate {
        Gate::Open { .. } => (ParticipantStatus::Enrolled, visits),
        Gate::Closed { .. } => (ParticipantStatus::Screened, vec![]),
    };
    let participant = ParticipantId::at(tx.now());
    let code = choose_code(tx, study, &mapped).await?;
    let new = new_participant(worker, study, participant, &code, status, &mapped);
    tx.insert_participant(&new).await?;
    let version = tx.insert_version(participant, 1, anchor).await?;
    tx.insert_visits(version, &visits).await?;
    let stored = tx.visits(participant).await?;
    put_surveys(tx, study, participant, record, participant_date(tx, worker, study, mapped.time_zone)).await?;
    if stored.iter().any(|visit| !visit.survey_instruments.is_empty()) {
        tx.ask_survey_links(study.id).await?;
    }
    let entry = |action| Entry::study(study.id, Actor::Worker, action);
    let enrolled = Action::EnrolParticipant { participant, event, site: mapped.site, status, visits: visits.len() };
    let scheduled = Action::CreateScheduleVersion { participant, version, version_number: 1, anchor_date: anchor };
    let mut entries = vec![entry(enrolled), entry(scheduled)];
    entries.extend(pass_gate(study, participant, gate).map(entry));
    let note = visits.is_empty().then(|| note_without_visits(&windows, mapped.arm_num, gate)).flatten();
    Ok(Applied { entries, note })
}

/// Why somebody who may have visits has none.
fn note_without_visits(windows: &[Window], arm_num: i32, gate: Gate) -> Option<String> {
    if windows.iter().all(|window| !window.active) {
        return Some("enrolled without visits: the study has no visit windows".to_owned());
    }
    // While consent is waited for nobody has visits, and that is no news.
    gate.is_open().then(|| {
        format!(
            "enrolled without visits: no event of arm {arm_num} has a day in REDCap; its Scheduling module says when"
        )
    })
}

fn new_participant(
    worker: &Worker,
    study: &StoredStudy,
    id: ParticipantId,
    code: &ParticipantCode,
    status: ParticipantStatus,
    mapped: &MappedParticipant,
) -> NewParticipant {
    NewParticipant {
        id,
        study: study.id,
        site: mapped.site,
        code: code.as_str().to_owned(),
        external_id: mapped.external_id.clone(),
        status,
        enrollment_date: mapped.enrollment_date,
        arm_num: mapped.arm_num,
        time_zone: mapped.time_zone.name().to_owned(),
        dag: mapped.dag.clone(),
        mapped_digest: mapped_digest(worker.settings.digest_key.expose_secret().as_bytes(), mapped),
    }
}

async fn choose_code(tx: &Tx, study: &StoredStudy, mapped: &MappedParticipant) -> Result<ParticipantCode, Stop> {
    if let Some(code) = &mapped.participant_code {
        return Ok(code.clone());
    }
    let first = tx.next_participant_number(study.id).await?;
    for number in first..first + CODES_TRIED {
        let number = u32::try_from(number).map_err(Failure::exception)?;
        let code = generate_participant_code(&study.code, number).map_err(|problem| {
            Failure::refused(format!("no participant code can be made from the study's code: the result {problem}"))
        })?;
        if tx.participant_by_code(study.id, code.as_str()).await?.is_none() {
            return Ok(code);
        }
    }
    Err(Failure::refused("no free participant code was found; map participant_code to a REDCap field").into())
}

/// The code itself stays out: a wrongly mapped field would put an answer here.
pub(in crate::jobs) fn code_taken() -> Failure {
    Failure::refused(
        "the record's participant code belongs to another record already; correct one of them, then replay the event",
    )
}

/// A gate that opens without a consent says so in the account.
fn pass_gate(study: &StoredStudy, participant: ParticipantId, gate: Gate) -> Option<Action> {
    match gate {
        Gate::Open { because: because @ (GateReason::Waived | GateReason::Implied | GateReason::NotRequired) } => {
            let mode = study.config.constraints.consent_mode;
            Some(Action::PassConsentGate { participant, mode, reason: because.to_string() })
        }
        Gate::Open { because: GateReason::Consented } | Gate::Closed { .. } => None,
    }
}
