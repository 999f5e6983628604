//! What a person does on REDCap's pages, ordered by a program.
//! Invariant: each goes through the same door as on the pages, so that only a save fires a DET.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Failure;
use crate::save::{SaveForm, Saved};
use crate::sim::Sim;
use crate::state::randomization::NewRandomization;

pub(super) async fn save(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Json(form): Json<SaveForm>,
) -> Result<Json<Saved>, Failure> {
    Ok(Json(sim.save_form(project_id, form).await?))
}

#[derive(Deserialize)]
pub(super) struct Rename {
    record: String,
    new_record_name: String,
}

pub(super) async fn rename(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Json(order): Json<Rename>,
) -> Result<StatusCode, Failure> {
    sim.rename_record(project_id, &order.record, &order.new_record_name)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn randomization(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Json(new): Json<NewRandomization>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let id = sim.add_randomization(project_id, new)?;
    Ok((StatusCode::CREATED, Json(json!({ "randomization_id": id }))))
}

#[derive(Deserialize)]
pub(super) struct Delete {
    record: String,
}

pub(super) async fn delete(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Json(order): Json<Delete>,
) -> Result<StatusCode, Failure> {
    sim.delete_record(project_id, &order.record)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct Regroup {
    record: String,
    /// Unique name of the group; `null` takes the record out of its group.
    dag: Option<String>,
}

pub(super) async fn set_dag(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Json(order): Json<Regroup>,
) -> Result<StatusCode, Failure> {
    sim.set_dag(project_id, &order.record, order.dag.as_deref())?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct ValueQuery {
    record: String,
    event: String,
    field: String,
}

pub(super) async fn value(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Query(at): Query<ValueQuery>,
) -> Json<Value> {
    Json(json!({ "value": sim.value(project_id, &at.record, &at.event, &at.field) }))
}
