//! Closing a study's circuit breaker by hand (checklist §9.2).

use axum::Json;
use chrono::{DateTime, Utc};
use metricis_core::action::Action;
use metricis_core::breaker::Breaker;
use metricis_core::words::BreakerState;
use metricis_store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use crate::extract::{Call, StudyAdmin};
use crate::problem::{Answer, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(reset_breaker))
}

/// The circuit breaker of a study.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct BreakerShown {
    /// While it is `open`, REDCap is not called; while `half_open`, one call asks whether REDCap is back.
    #[schema(schema_with = crate::schema::breaker_state)]
    state: BreakerState,
    /// Failures in a row.
    failures: u32,
    /// Grows with each transition.
    generation: i64,
    /// When it opened; absent while it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_at: Option<DateTime<Utc>>,
    /// Until when the one call has its turn; absent unless it is half open.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_until: Option<DateTime<Utc>>,
}

impl From<&Breaker> for BreakerShown {
    fn from(breaker: &Breaker) -> Self {
        let (state, opened_at, lease_until) = match *breaker {
            Breaker::Closed { .. } => (BreakerState::Closed, None, None),
            Breaker::Open { opened_at, .. } => (BreakerState::Open, Some(opened_at), None),
            Breaker::HalfOpen { opened_at, lease_until, .. } => {
                (BreakerState::HalfOpen, Some(opened_at), Some(lease_until))
            }
        };
        Self { state, failures: breaker.failures(), generation: breaker.generation(), opened_at, lease_until }
    }
}

#[derive(serde::Serialize, ToSchema)]
struct BreakerReset {
    /// The breaker before.
    before: BreakerShown,
    /// The breaker now.
    breaker: BreakerShown,
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
    Ok(Json(BreakerReset { before: (&before).into(), breaker: (&closed).into() }))
}
