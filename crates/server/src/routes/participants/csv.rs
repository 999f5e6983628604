//! Participants and visits as tables for a spreadsheet, with the filters of the list.
//!
//! Invariants: memory stays flat – a page is read by key, written and sent before the next; no cell is a formula; each page is for a
//! caller who may have it at that moment.

mod table;

use axum::response::Response;
use metricis_core::ids::SiteId;
use metricis_core::words::ParticipantStatus;
use utoipa::IntoParams;

use super::narrowed;
use crate::extract::{Call, Listed, StillThere, StudyMember};
use crate::problem::{Problem, Refusals};
use table::{Table, download};

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct TableQuery {
    /// Part of the code or of the record id.
    search: Option<String>,
    #[param(schema_with = crate::schema::participant_status)]
    status: Option<ParticipantStatus>,
    /// Id of a site: only its participants.
    #[param(value_type = Option<Uuid>)]
    site: Option<SiteId>,
    /// Only those whom a person should look at, or only the others.
    review: Option<bool>,
}

/// The study's participants as CSV. The caller's role is looked at again for each page; a download that must end early, or takes over ten
/// minutes, breaks off.
#[utoipa::path(get, path = "/api/studies/{study_id}/participants.csv", tag = "participants",
    params(("study_id" = Uuid, Path), TableQuery), security(("token" = [])),
    responses((status = 200, body = String, content_type = "text/csv"), Refusals))]
pub(super) async fn download_participants(
    call: Call<StudyMember>,
    still_there: StillThere,
    Listed(query): Listed<TableQuery>,
) -> Result<Response, Problem> {
    download(call, still_there, Table::Participants, narrowed(query.search, query.status, query.site, query.review))
        .await
}

/// The visits of the study's participants, of all versions of their schedules, as CSV. It breaks off as that of participants does.
#[utoipa::path(get, path = "/api/studies/{study_id}/visits.csv", tag = "participants",
    params(("study_id" = Uuid, Path), TableQuery), security(("token" = [])),
    responses((status = 200, body = String, content_type = "text/csv"), Refusals))]
pub(super) async fn download_visits(
    call: Call<StudyMember>,
    still_there: StillThere,
    Listed(query): Listed<TableQuery>,
) -> Result<Response, Problem> {
    download(call, still_there, Table::Visits, narrowed(query.search, query.status, query.site, query.review)).await
}
