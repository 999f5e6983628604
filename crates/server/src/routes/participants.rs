//! Participants as staff see them.
//!
//! Invariant: no result, and no survey link, is ever in an answer to staff.

mod anchor;
mod consent;
mod csv;
mod detail;
mod link;
mod matrix;
mod plan;
mod withdraw;

use axum::Json;
use chrono::NaiveDate;
use metricis_core::ids::{ParticipantId, SiteId, StudyId};
use metricis_core::words::ParticipantStatus;
use metricis_store::{ParticipantFilter, Snapshot, StoredParticipant};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) use consent::{ConsentRecorded, open_gate};
pub(super) use link::{LinkCreated, create_link};

use crate::AppState;
use crate::extract::{Call, Listed, StudyMember};
use crate::problem::{Answer, Problem, Refusals};

const PAGE: u32 = 500;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_participants))
        .routes(routes!(matrix::get_matrix))
        .routes(routes!(csv::download_participants))
        .routes(routes!(csv::download_visits))
        .routes(routes!(detail::get_participant))
        .routes(routes!(anchor::move_participant_anchor))
        .routes(routes!(consent::record_consent))
        .routes(routes!(link::create_participant_link))
        .routes(routes!(withdraw::withdraw_participant))
}

/// The participant, if the study has one with this id.
///
/// # Errors
/// Not found, or whatever the database says.
async fn find_participant(db: &Snapshot, study: StudyId, id: ParticipantId) -> Result<StoredParticipant, Problem> {
    db.participant(id).await?.filter(|found| found.study == study).ok_or(Problem::NotFound)
}

/// What every list of participants can be narrowed by; nothing to search for is no search.
fn narrowed(
    search: Option<String>,
    status: Option<ParticipantStatus>,
    site: Option<SiteId>,
    review: Option<bool>,
) -> ParticipantFilter {
    let search = search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    ParticipantFilter { search, status, site, review, ..ParticipantFilter::default() }
}

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ParticipantQuery {
    /// Part of the code or of the record id.
    search: Option<String>,
    #[param(schema_with = crate::schema::participant_status)]
    status: Option<ParticipantStatus>,
    /// Id of a site: only its participants.
    #[param(value_type = Option<Uuid>)]
    site: Option<SiteId>,
    /// Only those whom a person should look at, or only the others.
    review: Option<bool>,
    /// Rows at most, 1 to 500; 100 when not given.
    limit: Option<u32>,
    /// Rows to pass over.
    offset: Option<u32>,
    /// Id of the last one of the former page.
    #[param(value_type = Option<Uuid>)]
    after: Option<ParticipantId>,
}

#[derive(serde::Serialize, ToSchema)]
struct ParticipantList {
    /// On all pages.
    total: u64,
    participants: Vec<ParticipantShown>,
}

/// A participant.
#[derive(serde::Serialize, ToSchema)]
struct ParticipantShown {
    id: Uuid,
    participant_code: String,
    /// REDCap's record id.
    external_id: String,
    #[schema(schema_with = crate::schema::participant_status)]
    status: ParticipantStatus,
    site_id: Option<Uuid>,
    /// Unique name of the record's data access group.
    redcap_dag: Option<String>,
    enrollment_date: NaiveDate,
    arm_num: i32,
    /// IANA name.
    time_zone: String,
    /// Why a person should look at them: `anchor_differs`, when REDCap has another date than the schedule's anchor.
    review: Option<String>,
}

impl From<StoredParticipant> for ParticipantShown {
    fn from(stored: StoredParticipant) -> Self {
        Self {
            id: stored.id.0,
            participant_code: stored.code,
            external_id: stored.external_id,
            status: stored.status,
            site_id: stored.site.map(|id| id.0),
            redcap_dag: stored.dag,
            enrollment_date: stored.enrollment_date,
            arm_num: stored.arm_num,
            time_zone: stored.time_zone,
            review: stored.review,
        }
    }
}

/// A page of the study's participants, in the order of their enrolment.
#[utoipa::path(get, path = "/api/studies/{study_id}/participants", tag = "participants",
    params(("study_id" = Uuid, Path), ParticipantQuery), security(("token" = [])),
    responses((status = 200, body = ParticipantList), Refusals))]
async fn list_participants(
    call: Call<StudyMember>,
    Listed(query): Listed<ParticipantQuery>,
) -> Answer<ParticipantList> {
    let mut filter = narrowed(query.search, query.status, query.site, query.review);
    filter.limit = query.limit.unwrap_or(100).clamp(1, PAGE);
    filter.offset = query.offset.unwrap_or(0);
    filter.after = query.after;
    let total = call.tx.participants_total(call.study_id(), &filter).await?;
    let found = call.tx.participants(call.study_id(), &filter).await?;
    Ok(Json(ParticipantList { total, participants: found.into_iter().map(Into::into).collect() }))
}
