//! Enrolment: participant, schedule version 1 and, unless consent is waited for, its visits – all or nothing.

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::enrolment::{MappedParticipant, ParticipantCode, generate_participant_code, mapped_digest};
use metricis_core::ids::ParticipantId;
use metricis_core::schedule::{Gate, GateReason, Window, gate, plan_enrolment, study_date};
use metricis_core::words::ParticipantStatus;
use metricis_store::{NewParticipant, StoredEvent, StoredStudy, Tx};
use secrecy::ExposeSecret;

use super::Applied;
use super::surveys::{participant_date, put_surveys};
use crate::failure::{Failure, Stop};
use crate::record::{Record, study_zone};
use crate::worker::Worker;

/// How many generated codes are tried when people have mapped codes that look generated.
const CODES_TRIED: i64 = 1_000;

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
    let sites = tx.sites(study.id).await?;
    let production = worker.settings.environment.is_production();
    let today = study_date(tx.now(), study_zone(&study.config)?, study.time_simulation_offset_days, production);
    let mapped = record.map_new(&study.config, &sites, event.event_name.as_deref(), today)?;
    let windows = tx.windows(study.id).await?;
    // Planned also while consent is waited for: an arm that cannot be scheduled is found at once, not at the consent.
    let anchor = mapped.enrollment_date;
    let visits = plan_enrolment(&windows, mapped.arm_num, anchor).map_err(Failure::refused)?;
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
    let today = participant_date(tx, worker, study, mapped.time_zone);
    put_surveys(tx, study, participant, record, today).await?;
    if stored.iter().any(|visit| !visit.survey_instruments.is_empty()) {
        tx.ask_survey_links(study.id).await?;
    }
    let entry = |action| Entry::study(study.id, Actor::Worker, action);
    let enrolled =
        Action::EnrolParticipant { participant, event: event.id, site: mapped.site, status, visits: visits.len() };
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
        return match tx.participant_by_code(study.id, code.as_str()).await? {
            None => Ok(code.clone()),
            Some(_) => Err(code_taken().into()),
        };
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
pub(super) fn code_taken() -> Failure {
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
