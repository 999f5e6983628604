//! Studies: those that the caller holds a role on, one of them, and its status.

mod dashboard;
mod policy;
mod status;
mod today;

use axum::Json;
use metricis_core::words::{IntegrationMode, StudyRole, StudyStatus};
use metricis_store::StoredStudy;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::AppState;
use crate::extract::{Call, StaffUser, StudyMember};
use crate::problem::{Answer, Refusals};
use policy::{ConstraintsShown, PolicyShown};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_studies))
        .routes(routes!(get_study))
        .routes(routes!(dashboard::get_dashboard))
        .routes(routes!(today::get_today))
        .routes(routes!(status::set_study_status))
}

#[derive(serde::Serialize, ToSchema)]
struct StudyList {
    studies: Vec<StudySummary>,
}

#[derive(serde::Serialize, ToSchema)]
struct StudySummary {
    id: Uuid,
    code: String,
    name: String,
    #[schema(schema_with = crate::schema::study_status)]
    status: StudyStatus,
    /// The caller's role on it.
    #[schema(schema_with = crate::schema::study_role)]
    role: StudyRole,
}

/// A study as its members see it; REDCap's part is under `/redcap`.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct StudyDetail {
    #[serde(flatten)]
    summary: StudySummary,
    #[schema(schema_with = crate::schema::integration_mode)]
    integration_mode: IntegrationMode,
    redcap_enabled: bool,
    /// IANA name; UTC when none is set.
    time_zone: Option<String>,
    constraints: ConstraintsShown,
    enrollment_date_policy: PolicyShown,
    /// Whether the policy lets the caller move anchor dates.
    may_move_anchor: bool,
}

impl StudySummary {
    fn of(study: &StoredStudy, role: StudyRole) -> Self {
        Self { id: study.id.0, code: study.code.clone(), name: study.name.clone(), status: study.status, role }
    }
}

impl StudyDetail {
    /// The study as somebody with `role` sees it.
    pub(super) fn of(study: &StoredStudy, role: StudyRole) -> Self {
        let policy = &study.config.enrollment_date_policy;
        Self {
            summary: StudySummary::of(study, role),
            integration_mode: study.integration_mode,
            redcap_enabled: study.redcap_enabled,
            time_zone: study.config.time_zone.clone(),
            constraints: (&study.config.constraints).into(),
            enrollment_date_policy: policy.into(),
            may_move_anchor: policy.lets_move(role),
        }
    }
}

/// The studies on which the caller holds a role.
#[utoipa::path(get, path = "/api/studies", tag = "studies", security(("token" = [])),
    responses((status = 200, body = StudyList), Refusals))]
async fn list_studies(call: Call<StaffUser>) -> Answer<StudyList> {
    let mut studies = vec![];
    for study in call.tx.studies_of(call.who.id).await? {
        if let Some(role) = call.tx.role_on(study.id, call.who.id).await? {
            studies.push(StudySummary::of(&study, role));
        }
    }
    Ok(Json(StudyList { studies }))
}

/// One study, as its members see it.
#[utoipa::path(get, path = "/api/studies/{study_id}", tag = "studies", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = StudyDetail), Refusals))]
async fn get_study(call: Call<StudyMember>) -> Answer<StudyDetail> {
    Ok(Json(StudyDetail::of(&call.study().await?, call.who.role)))
}
