//! `POST /api/webhooks/redcap/det/test`: verifies a delivery and says what it saw. Stores nothing; not there in production.

use axum::Json;
use axum::extract::State;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::det::{Delivery, DetQuery, prove_det};
use crate::AppState;
use crate::problem::{Answer, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(test_det))
}

#[derive(serde::Serialize, ToSchema)]
struct DetSeen {
    /// The study whose secret the proof is made with.
    study: Uuid,
    project_id: String,
    record: String,
    instrument: String,
    event: Option<String>,
    /// Unique name of the record's data access group.
    dag: Option<String>,
    /// 0 incomplete, 1 unverified, 2 complete.
    complete: u8,
}

/// Verifies a Data Entry Trigger without storing it.
#[utoipa::path(post, path = "/api/webhooks/redcap/det/test", tag = "development", params(DetQuery),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = DetSeen), Refusals))]
async fn test_det(State(app): State<AppState>, delivery: Delivery) -> Answer<DetSeen> {
    let proven = prove_det(&app, &delivery).await?;
    let form = proven.form;
    Ok(Json(DetSeen {
        study: proven.study.0,
        project_id: form.project_id,
        record: form.record,
        instrument: form.instrument,
        event: form.event,
        dag: form.dag,
        complete: form.complete,
    }))
}
