//! Orders to misbehave, given and withdrawn by a program.
//! Invariant: what is in force is told in the words in which it was ordered, with what is left of it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Failure;
use crate::fault::Order;
use crate::fault::catalog::CATALOG;
use crate::sim::{Scope, Sim};

#[derive(Deserialize)]
pub(super) struct FaultOrder {
    /// As in [`Order`]'s text form.
    fault: Order,
}

#[derive(Deserialize)]
pub(super) struct OnlyFault {
    /// `null` repairs.
    fault: Option<Order>,
}

/// This fault and no other.
pub(super) async fn set_fault(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Json(order): Json<OnlyFault>,
) -> Result<Json<Value>, Failure> {
    let text = order.fault.as_ref().map(ToString::to_string);
    sim.set_order(Scope::Project(project_id), order.fault)?;
    Ok(Json(json!({ "fault": text })))
}

fn in_force(sim: &Sim, scope: Scope) -> Result<Value, Failure> {
    Ok(json!({ "faults": sim.orders_in_force(scope)? }))
}

fn add(sim: &Sim, scope: Scope, order: Order) -> Result<(StatusCode, Json<Value>), Failure> {
    sim.give_order(scope, order)?;
    Ok((StatusCode::CREATED, Json(in_force(sim, scope)?)))
}

pub(super) async fn of_project(State(sim): State<Sim>, Path(id): Path<u32>) -> Result<Json<Value>, Failure> {
    Ok(Json(in_force(&sim, Scope::Project(id))?))
}

pub(super) async fn add_to_project(
    State(sim): State<Sim>,
    Path(id): Path<u32>,
    Json(order): Json<FaultOrder>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    add(&sim, Scope::Project(id), order.fault)
}

pub(super) async fn repair_project(State(sim): State<Sim>, Path(id): Path<u32>) -> Result<StatusCode, Failure> {
    sim.set_order(Scope::Project(id), None)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Those for the whole server, and the vocabulary.
pub(super) async fn of_server(State(sim): State<Sim>) -> Result<Json<Value>, Failure> {
    let mut shown = in_force(&sim, Scope::Server)?;
    shown["kinds"] = CATALOG.iter().map(|kind| json!({ "write": kind.form, "meaning": kind.meaning })).collect();
    Ok(Json(shown))
}

pub(super) async fn add_to_server(
    State(sim): State<Sim>,
    Json(order): Json<FaultOrder>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    add(&sim, Scope::Server, order.fault)
}

pub(super) async fn repair_server(State(sim): State<Sim>) -> Result<StatusCode, Failure> {
    sim.set_order(Scope::Server, None)?;
    Ok(StatusCode::NO_CONTENT)
}
