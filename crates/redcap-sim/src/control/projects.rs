//! Projects as a program sees them: list, add, remove, give somebody a token, direct and test the DET.
//! Invariant: a DET URL is shown with its secrets replaced.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Failure;
use crate::det::{DetDelivery, DetTest, masked_text};
use crate::sim::{ProjectOptions, Sim};
use crate::state::ApiUser;

pub(super) async fn list(State(sim): State<Sim>) -> Json<Value> {
    let world = sim.world();
    let projects = world.projects.values().map(|project| {
        json!({
            "project_id": project.id,
            "title": project.definition.title,
            "records": project.records.len(),
            "faults": project.orders.texts(),
            "api_calls": project.api_calls,
            "det_url": project.det_url.as_deref().map(|url| masked_text(url, &world.base_url)),
        })
    });
    Json(projects.collect())
}

#[derive(Deserialize)]
pub(super) struct NewProject {
    /// REDCap's project XML.
    xml: String,
    project_id: Option<u32>,
    /// 32 hexadecimal digits; made up when absent.
    token: Option<String>,
    det_url: Option<String>,
}

pub(super) async fn add(
    State(sim): State<Sim>,
    Json(new): Json<NewProject>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let options = ProjectOptions { project_id: new.project_id, token: new.token, det_url: new.det_url };
    let made = sim.add_project_xml(&new.xml, options)?;
    Ok((StatusCode::CREATED, Json(json!({ "project_id": made.project_id, "token": made.token }))))
}

pub(super) async fn remove(State(sim): State<Sim>, Path(project_id): Path<u32>) -> Result<StatusCode, Failure> {
    sim.remove_project(project_id)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct NewUser {
    username: String,
    /// Unique name of the group the person is confined to.
    dag: Option<String>,
}

pub(super) async fn add_user(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let user = ApiUser { dag: new.dag, ..ApiUser::with_all_rights(&new.username) };
    let token = sim.add_user(project_id, user)?;
    Ok((StatusCode::CREATED, Json(json!({ "username": new.username, "token": token }))))
}

#[derive(Deserialize)]
pub(super) struct DetUrlOrder {
    url: Option<String>,
}

pub(super) async fn set_det_url(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Json(order): Json<DetUrlOrder>,
) -> Result<StatusCode, Failure> {
    sim.set_det_url(project_id, order.url)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn test_det(State(sim): State<Sim>, Path(project_id): Path<u32>) -> Result<Json<DetTest>, Failure> {
    Ok(Json(sim.test_det(project_id).await?))
}

pub(super) async fn deliveries(State(sim): State<Sim>, Path(project_id): Path<u32>) -> Json<Vec<DetDelivery>> {
    Json(sim.deliveries(project_id))
}
