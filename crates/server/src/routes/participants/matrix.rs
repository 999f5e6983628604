//! The status matrix: participants × visit windows.

use axum::Json;
use chrono::NaiveDate;
use metricis_core::ids::SiteId;
use metricis_core::schedule::{Window, visit_state};
use metricis_core::words::{ParticipantStatus, VisitState, VisitStatus};
use metricis_store::{MatrixRow, MatrixVisit};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::narrowed;
use crate::extract::{Call, Listed, StudyMember};
use crate::problem::{Answer, Refusals};
use crate::today::zone_of;

const PAGE: u32 = 200;

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct MatrixQuery {
    /// Part of the code or of the record id.
    search: Option<String>,
    #[param(schema_with = crate::schema::participant_status)]
    status: Option<ParticipantStatus>,
    /// Id of a site: only its participants.
    #[param(value_type = Option<Uuid>)]
    site: Option<SiteId>,
    /// Only those whom a person should look at, or only the others.
    review: Option<bool>,
    /// Rows to pass over.
    offset: Option<u32>,
    /// Rows at most, 1 to 200; 100 when not given.
    limit: Option<u32>,
}

#[derive(serde::Serialize, ToSchema)]
pub(super) struct MatrixShown {
    /// Participants on all pages.
    total: u64,
    /// The columns.
    windows: Vec<ColumnShown>,
    /// In the order of enrolment.
    rows: Vec<RowShown>,
}

#[derive(serde::Serialize, ToSchema)]
struct ColumnShown {
    /// Stays the same from page to page.
    key: Uuid,
    label: String,
    arm: i32,
    /// REDCap's unique event name.
    event_name: String,
}

#[derive(serde::Serialize, ToSchema)]
struct RowShown {
    participant_id: Uuid,
    participant_code: String,
    #[schema(schema_with = crate::schema::participant_status)]
    status: ParticipantStatus,
    site_code: Option<String>,
    /// In the order of `windows`; null where the participant has no such visit.
    cells: Vec<Option<CellShown>>,
}

#[derive(serde::Serialize, ToSchema)]
struct CellShown {
    visit_id: Uuid,
    #[schema(schema_with = crate::schema::visit_status)]
    status: VisitStatus,
    /// What it is today: a pending visit is upcoming, due or overdue by its window.
    #[schema(schema_with = crate::schema::visit_state)]
    state: VisitState,
    target_date: NaiveDate,
}

impl From<&Window> for ColumnShown {
    fn from(window: &Window) -> Self {
        Self {
            key: window.id.0,
            label: window.label.clone(),
            arm: window.arm_num,
            event_name: window.event_name.clone(),
        }
    }
}

impl RowShown {
    fn of(row: &MatrixRow, windows: &[Window], today: NaiveDate) -> Self {
        let cell = |window: &Window| row.visits.get(&window.id).map(|visit| CellShown::of(visit, today));
        Self {
            participant_id: row.participant.0,
            participant_code: row.participant_code.clone(),
            status: row.status,
            site_code: row.site_code.clone(),
            cells: windows.iter().map(cell).collect(),
        }
    }
}

impl CellShown {
    fn of(visit: &MatrixVisit, today: NaiveDate) -> Self {
        Self {
            visit_id: visit.id.0,
            status: visit.status,
            state: visit_state(visit.status, visit.window_start, visit.window_end, today),
            target_date: visit.target_date,
        }
    }
}

/// A page of the status matrix: each cell is the visit of the current schedule, else the one that an earlier version kept.
#[utoipa::path(get, path = "/api/studies/{study_id}/matrix", tag = "participants",
    params(("study_id" = Uuid, Path), MatrixQuery), security(("token" = [])),
    responses((status = 200, body = MatrixShown), Refusals))]
pub(super) async fn get_matrix(call: Call<StudyMember>, Listed(query): Listed<MatrixQuery>) -> Answer<MatrixShown> {
    let study = call.study().await?;
    let today = call.app.today(&study, zone_of(&study), call.now());
    let mut filter = narrowed(query.search, query.status, query.site, query.review);
    filter.limit = query.limit.unwrap_or(100).clamp(1, PAGE);
    filter.offset = query.offset.unwrap_or(0);
    let found = call.tx.matrix(study.id, &filter).await?;
    Ok(Json(MatrixShown {
        total: found.total,
        windows: found.windows.iter().map(Into::into).collect(),
        rows: found.rows.iter().map(|row| RowShown::of(row, &found.windows, today)).collect(),
    }))
}
