//! The server's clock, which a program may set.
//! Invariant: it is told in UTC and as REDCap writes it, so that nobody has to guess the zone.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::sim::Sim;

pub(super) async fn show(State(sim): State<Sim>) -> Json<Value> {
    let clock = sim.world().clock;
    let now = clock.now();
    Json(json!({ "now": now, "server_time": clock.text(now), "zone": clock.zone.name() }))
}

#[derive(Deserialize)]
pub(super) struct ClockOrder {
    now: DateTime<Utc>,
}

pub(super) async fn set(State(sim): State<Sim>, Json(order): Json<ClockOrder>) -> Json<Value> {
    sim.set_clock(order.now);
    show(State(sim)).await
}
