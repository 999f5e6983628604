//! Sites of a study, each at most one data access group in REDCap (checklist §5.4).

use axum::Json;
use metricis_core::action::Action;
use metricis_core::ids::SiteId;
use metricis_store::{NewSite, Site, Tx};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::AppState;
use crate::extract::{Body, Call, StudyAdmin, StudyMember};
use crate::problem::{Answer, Problem, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_sites, create_site))
}

#[derive(serde::Serialize, ToSchema)]
struct SiteList {
    sites: Vec<SiteShown>,
}

#[derive(serde::Serialize, ToSchema)]
struct SiteShown {
    id: Uuid,
    code: String,
    name: String,
    redcap_dag: Option<String>,
}

impl From<Site> for SiteShown {
    fn from(site: Site) -> Self {
        Self { id: site.id.0, code: site.code, name: site.name, redcap_dag: site.redcap_dag }
    }
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SiteToCreate {
    /// The sponsor's code, unique in the study.
    code: String,
    name: String,
    /// Unique group name in REDCap, unique in the study.
    redcap_dag: Option<String>,
}

/// The sites of the study.
#[utoipa::path(get, path = "/api/studies/{study_id}/sites", tag = "studies", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = SiteList), Refusals))]
async fn list_sites(call: Call<StudyMember>) -> Answer<SiteList> {
    let sites = call.tx.sites(call.study_id()).await?;
    Ok(Json(SiteList { sites: sites.into_iter().map(Into::into).collect() }))
}

/// Creates a site.
#[utoipa::path(post, path = "/api/studies/{study_id}/sites", tag = "studies", params(("study_id" = Uuid, Path)),
    request_body = SiteToCreate, security(("token" = [])), responses((status = 200, body = SiteShown), Refusals))]
async fn create_site(call: Call<StudyAdmin, Tx>, Body(given): Body<SiteToCreate>) -> Answer<SiteShown> {
    let code = trimmed("code", &given.code)?;
    let name = trimmed("name", &given.name)?;
    let redcap_dag = given.redcap_dag.as_deref().map(|dag| trimmed("redcap_dag", dag)).transpose()?;
    let study = call.study_id();
    let site = NewSite { id: SiteId::at(call.now()), study, code, name, redcap_dag };
    call.tx.insert_site(&site).await?;
    let NewSite { id, code, name, redcap_dag, .. } = site;
    let action = Action::CreateSite { study, site: id, code: code.clone(), redcap_dag: redcap_dag.clone() };
    call.commit(action).await?;
    Ok(Json(SiteShown { id: id.0, code, name, redcap_dag }))
}

fn trimmed(field: &str, text: &str) -> Result<String, Problem> {
    match text.trim() {
        "" => Err(Problem::Invalid(format!("{field} is blank"))),
        text => Ok(text.to_owned()),
    }
}
