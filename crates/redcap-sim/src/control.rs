//! Orders to the simulator as JSON under `/sim/`, for the command line and for other programs.
//! Invariant: nothing here exists on a real REDCap, and no answer holds a token or a DET URL's secret.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::SimError;
use crate::det::masked_text;
use crate::fault::Fault;
use crate::save::SaveForm;
use crate::sim::Sim;

pub(crate) fn router() -> Router<Sim> {
    Router::new()
        .route("/sim/projects", get(projects))
        .route("/sim/projects/{project_id}/fault", post(set_fault))
        .route("/sim/projects/{project_id}/det-url", post(set_det_url))
        .route("/sim/projects/{project_id}/save", post(save))
        .route("/sim/projects/{project_id}/value", get(value))
        .route("/sim/projects/{project_id}/deliveries", get(deliveries))
}

struct Failure(SimError);

impl From<SimError> for Failure {
    fn from(error: SimError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            SimError::UnknownProject(_) => StatusCode::NOT_FOUND,
            SimError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::BAD_REQUEST,
        };
        let refused: Vec<Value> = match &self.0 {
            SimError::Refused(all) => all.iter().map(|r| json!({ "field": r.field, "message": r.message })).collect(),
            _ => Vec::new(),
        };
        (status, Json(json!({ "error": self.0.to_string(), "refused": refused }))).into_response()
    }
}

async fn projects(State(sim): State<Sim>) -> Json<Value> {
    let world = sim.world();
    let projects = world.projects.values().map(|project| {
        json!({
            "project_id": project.id,
            "title": project.definition.title,
            "records": project.records.len(),
            "fault": project.fault,
            "api_calls": project.api_calls,
            "det_url": project.det_url.as_deref().map(|url| masked_text(url, &world.base_url)),
        })
    });
    Json(projects.collect())
}

#[derive(Deserialize)]
struct FaultOrder {
    /// As in [`Fault`]'s text form; `null` repairs.
    fault: Option<Fault>,
}

async fn set_fault(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Json(order): Json<FaultOrder>,
) -> Result<Json<Value>, Failure> {
    sim.set_fault(project_id, order.fault.clone())?;
    Ok(Json(json!({ "fault": order.fault })))
}

#[derive(Deserialize)]
struct DetUrlOrder {
    url: Option<String>,
}

async fn set_det_url(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Json(order): Json<DetUrlOrder>,
) -> Result<StatusCode, Failure> {
    sim.set_det_url(project_id, order.url)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn save(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Json(form): Json<SaveForm>,
) -> Result<Response, Failure> {
    Ok(Json(sim.save_form(project_id, form).await?).into_response())
}

#[derive(Deserialize)]
struct ValueQuery {
    record: String,
    event: String,
    field: String,
}

async fn value(State(sim): State<Sim>, Path(project_id): Path<u32>, Query(at): Query<ValueQuery>) -> Json<Value> {
    Json(json!({ "value": sim.value(project_id, &at.record, &at.event, &at.field) }))
}

async fn deliveries(State(sim): State<Sim>, Path(project_id): Path<u32>) -> Response {
    Json(sim.deliveries(project_id)).into_response()
}
