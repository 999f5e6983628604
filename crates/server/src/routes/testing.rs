//! `POST /api/testing/participant-link`: a participant's link without staff, for tests and demos. Not there in production.

use axum::Json;
use axum::extract::State;
use metricis_core::action::{Actor, Entry};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::participants::{LinkCreated, create_link};
use crate::AppState;
use crate::extract::Body;
use crate::problem::{Answer, Problem, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create_test_participant_link))
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TestLink {
    /// The study's code.
    study: String,
    /// The participant's code.
    participant: String,
}

/// Makes a one-time link for a participant.
#[utoipa::path(post, path = "/api/testing/participant-link", tag = "development", request_body = TestLink,
    responses((status = 200, body = LinkCreated), Refusals))]
async fn create_test_participant_link(State(app): State<AppState>, Body(asked): Body<TestLink>) -> Answer<LinkCreated> {
    let tx = app.store.write(app.now()).await?;
    let study = tx.study_by_code(&asked.study).await?.ok_or(Problem::NotFound)?;
    let found = tx.participant_by_code(study.id, &asked.participant).await?.ok_or(Problem::NotFound)?;
    let (link, action) = create_link(&tx, &app, found.id).await?;
    tx.commit(Entry::study(study.id, Actor::System, action)).await?;
    Ok(Json(link))
}
