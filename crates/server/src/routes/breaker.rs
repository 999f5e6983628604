//! Closing a study's circuit breaker by hand (checklist §9.2).

use axum::Json;
use metricis_core::action::Action;
use metricis_store::Tx;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::studies::show_breaker;
use crate::AppState;
use crate::extract::{Call, StudyAdmin};
use crate::problem::{Answer, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(reset_breaker))
}

#[derive(serde::Serialize, ToSchema)]
struct BreakerReset {
    /// The breaker before.
    #[schema(value_type = Object)]
    before: Value,
    /// The breaker now.
    #[schema(value_type = Object)]
    breaker: Value,
}

/// Closes the breaker; results of calls that are still under way no longer count.
#[utoipa::path(post, path = "/api/studies/{study_id}/breaker/reset", tag = "redcap",
    params(("study_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = BreakerReset), Refusals))]
async fn reset_breaker(call: Call<StudyAdmin, Tx>) -> Answer<BreakerReset> {
    let study = call.study_id();
    let before = call.tx.lock_breaker(study).await?;
    let closed = before.reset();
    call.tx.save_breaker(study, &closed).await?;
    let failures = i32::try_from(before.failures()).unwrap_or(i32::MAX);
    call.commit(Action::ResetBreaker { study, failures }).await?;
    Ok(Json(BreakerReset { before: show_breaker(&before)?, breaker: show_breaker(&closed)? }))
}
