//! One participant: versions of the schedule, visits, and what became of each submission.

use std::collections::BTreeMap;

use axum::Json;
use chrono::{DateTime, NaiveDate, Utc};
use metricis_core::ids::ParticipantId;
use metricis_core::schedule::visit_state;
use metricis_core::words::{ConsentMode, ScheduleStatus, VisitState, VisitStatus};
use metricis_store::{StoredConsent, StoredVersion, StoredVisit, SurveyLink};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::sessions::SessionShown;
use super::{ParticipantShown, find_participant};
use crate::extract::{At, Call, StudyMember};
use crate::problem::{Answer, Refusals};
use crate::today::zone_of;

#[derive(serde::Serialize, ToSchema)]
pub(super) struct ParticipantDetail {
    participant: ParticipantShown,
    consent: Option<ConsentShown>,
    /// Oldest first.
    versions: Vec<VersionShown>,
    /// Of all versions, by version, then by date.
    visits: Vec<VisitShown>,
    /// The record's page in REDCap; null before the study is connected.
    redcap_record_url: Option<String>,
    /// Newest first; without results.
    sessions: Vec<SessionShown>,
}

#[derive(serde::Serialize, ToSchema)]
struct ConsentShown {
    #[schema(schema_with = crate::schema::consent_mode)]
    mode: ConsentMode,
    given_at: DateTime<Utc>,
}

#[derive(serde::Serialize, ToSchema)]
struct VersionShown {
    id: Uuid,
    version_number: i32,
    #[schema(schema_with = crate::schema::schedule_status)]
    status: ScheduleStatus,
    is_current: bool,
    anchor_date_used: NaiveDate,
    created_at: DateTime<Utc>,
}

#[derive(serde::Serialize, ToSchema)]
struct VisitShown {
    id: Uuid,
    version_number: i32,
    label: String,
    /// REDCap's unique event name.
    event_name: String,
    instruments: Vec<String>,
    /// Of these, the surveys, each with REDCap's completion (2 is complete); absent when REDCap has said nothing.
    surveys: BTreeMap<String, Option<u8>>,
    /// Surveys for which REDCap gives the participant no link, each with the reason. A link itself is never here.
    survey_problems: BTreeMap<String, String>,
    #[schema(schema_with = crate::schema::visit_status)]
    status: VisitStatus,
    /// What it is today, on the study's date: a pending visit is upcoming, due or overdue by its window.
    #[schema(schema_with = crate::schema::visit_state)]
    state: VisitState,
    scheduled_date: NaiveDate,
    window_start: NaiveDate,
    window_end: NaiveDate,
    actual_visit_date: Option<NaiveDate>,
    anchor_reconciled: bool,
    original_target_date: Option<NaiveDate>,
    /// What a person should look at.
    review_flag: Option<String>,
}

impl From<StoredConsent> for ConsentShown {
    fn from(consent: StoredConsent) -> Self {
        Self { mode: consent.mode, given_at: consent.given_at }
    }
}

impl From<StoredVersion> for VersionShown {
    fn from(version: StoredVersion) -> Self {
        Self {
            id: version.id.0,
            version_number: version.version_number,
            status: version.status,
            is_current: version.is_current,
            anchor_date_used: version.anchor_date,
            created_at: version.created_at,
        }
    }
}

impl VisitShown {
    fn of(visit: StoredVisit, links: &[SurveyLink], today: NaiveDate) -> Self {
        let completion = |name: &String| visit.survey_state.get(name).map(|state| state.complete);
        let surveys = visit.survey_instruments.iter().map(|name| (name.clone(), completion(name))).collect();
        let refused = links
            .iter()
            .filter(|link| link.window == visit.window && visit.survey_instruments.contains(&link.instrument));
        let problem = |link: &SurveyLink| Some((link.instrument.clone(), link.answer.as_ref().err()?.clone()));
        let survey_problems = match visit.in_current_version {
            true => refused.filter_map(problem).collect(),
            false => BTreeMap::new(),
        };
        Self {
            id: visit.id.0,
            version_number: visit.version_number,
            label: visit.label,
            event_name: visit.event_name,
            instruments: visit.instruments,
            surveys,
            survey_problems,
            status: visit.status,
            state: visit_state(visit.status, visit.window_start, visit.window_end, today),
            scheduled_date: visit.scheduled_date,
            window_start: visit.window_start,
            window_end: visit.window_end,
            actual_visit_date: visit.actual_visit_date,
            anchor_reconciled: visit.anchor_reconciled,
            original_target_date: visit.original_target_date,
            review_flag: visit.review_flag,
        }
    }
}

/// One participant, with schedule and submissions.
#[utoipa::path(get, path = "/api/studies/{study_id}/participants/{participant_id}", tag = "participants",
    params(("study_id" = Uuid, Path), ("participant_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = ParticipantDetail), Refusals))]
pub(super) async fn get_participant(call: Call<StudyMember>, At(id): At<ParticipantId>) -> Answer<ParticipantDetail> {
    let participant = find_participant(&call.tx, call.study_id(), id).await?;
    let (study, version) = (call.study().await?, call.tx.redcap_version(call.study_id()).await?);
    let redcap_record_url = study.config.redcap.record_url(version.as_deref(), &participant.external_id);
    let today = call.app.today(&study, zone_of(&study), call.now());
    let visits = call.tx.visits(id).await?;
    let links = call.tx.survey_links_of(id).await?;
    Ok(Json(ParticipantDetail {
        participant: participant.into(),
        redcap_record_url,
        consent: call.tx.consent(id).await?.map(Into::into),
        versions: call.tx.versions(id).await?.into_iter().map(Into::into).collect(),
        visits: visits.into_iter().map(|visit| VisitShown::of(visit, &links, today)).collect(),
        sessions: call.tx.sessions_of(id).await?.into_iter().map(Into::into).collect(),
    }))
}
