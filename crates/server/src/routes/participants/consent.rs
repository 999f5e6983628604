//! A consent is recorded and, when that opens the gate, the visits are made (system.md, *Consent gate*).
//!
//! Invariant: the visits go into the version that exists already; a consent is recorded once and never changed.

use std::collections::BTreeSet;

use axum::Json;
use metricis_core::action::Action;
use metricis_core::ids::ParticipantId;
use metricis_core::schedule::{gate, plan_visits};
use metricis_core::words::{ConsentMode, ParticipantStatus, VisitStatus};
use metricis_store::{NewConsent, StoredParticipant, StoredStudy, Tx};
use utoipa::ToSchema;

use super::find_participant;
use crate::extract::{At, Body, Call, StudyCoordinator};
use crate::fresh::uuid_at;
use crate::problem::{Answer, Problem, Refusals};

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentToRecord {
    /// `manual`, or `waived` or `implied` in a study of that mode; a digital consent is the participant's own.
    #[schema(schema_with = crate::schema::consent_mode)]
    mode: ConsentMode,
}

#[derive(serde::Serialize, ToSchema)]
pub(in crate::routes) struct ConsentRecorded {
    #[schema(schema_with = crate::schema::participant_status)]
    status: ParticipantStatus,
    /// Visits that were made by opening the gate.
    visits: usize,
}

/// Records a participant's consent; opens the gate.
#[utoipa::path(post, path = "/api/studies/{study_id}/participants/{participant_id}/consent", tag = "participants",
    params(("study_id" = Uuid, Path), ("participant_id" = Uuid, Path)), request_body = ConsentToRecord,
    security(("token" = [])), responses((status = 200, body = ConsentRecorded), Refusals))]
pub(super) async fn record_consent(
    call: Call<StudyCoordinator, Tx>,
    At(id): At<ParticipantId>,
    Body(given): Body<ConsentToRecord>,
) -> Answer<ConsentRecorded> {
    let participant = find_participant(&call.tx, call.study_id(), id).await?;
    let study = call.study().await?;
    match given.mode {
        ConsentMode::Manual => {}
        ConsentMode::Digital => {
            return Err(Problem::Invalid(
                "a digital consent is given by the participant; record a manual one".to_owned(),
            ));
        }
        mode if study.config.constraints.consent_mode != Some(mode) => {
            return Err(Problem::Invalid(format!("consent is not {mode} in this study")));
        }
        ConsentMode::Waived | ConsentMode::Implied => {}
    }
    let (recorded, action) = open_gate(&call.tx, &study, &participant, given.mode).await?;
    call.commit(action).await?;
    Ok(Json(recorded))
}

/// Records the consent and makes the visits; the caller commits it with the action.
///
/// # Errors
/// A conflict when the participant has left or the consent is on record; whatever the database says.
pub(in crate::routes) async fn open_gate(
    tx: &Tx,
    study: &StoredStudy,
    participant: &StoredParticipant,
    mode: ConsentMode,
) -> Result<(ConsentRecorded, Action), Problem> {
    let id = participant.id;
    let participant = tx.lock_participant(id).await?.ok_or(Problem::NotFound)?;
    if participant.status == ParticipantStatus::Withdrawn {
        return Err(Problem::Conflict("the participant is withdrawn".to_owned()));
    }
    let consent = NewConsent { id: uuid_at(tx.now()), participant: id, mode, given_at: tx.now() };
    tx.insert_consent(&consent).await?;
    let recorded = tx.consent(id).await?;
    if !gate(&study.config.constraints, recorded.map(Into::into)).is_open() {
        let action = Action::RecordConsent { participant: id, mode, visits: 0 };
        return Ok((ConsentRecorded { status: participant.status, visits: 0 }, action));
    }
    let visits = make_visits(tx, &participant).await?;
    let status = match participant.status {
        ParticipantStatus::Screened => ParticipantStatus::Enrolled,
        status => status,
    };
    tx.set_participant_status(id, status).await?;
    Ok((ConsentRecorded { status, visits }, Action::RecordConsent { participant: id, mode, visits }))
}

/// Makes the current version's visits, unless it has them.
async fn make_visits(tx: &Tx, participant: &StoredParticipant) -> Result<usize, Problem> {
    let Some(version) = tx.current_version(participant.id).await? else { return Ok(0) };
    let known = tx.visits(participant.id).await?;
    if known.iter().any(|visit| visit.version == version.id) {
        return Ok(0);
    }
    let done = known.iter().filter(|visit| visit.status == VisitStatus::Completed);
    let skip: BTreeSet<_> = done.map(|visit| visit.window).collect();
    let windows = tx.windows(participant.study).await?;
    let planned = plan_visits(&windows, participant.arm_num, version.anchor_date, &skip);
    let planned = planned.map_err(|refusal| Problem::Invalid(refusal.to_string()))?;
    tx.insert_visits(version.id, &planned).await?;
    if !planned.is_empty() {
        tx.ask_survey_links(participant.study).await?;
    }
    Ok(planned.len())
}
