//! Orders to the simulator as JSON under `/sim/`, for the command line and for other programs.
//! Invariant: nothing here exists on a real REDCap; no answer holds a DET URL's secret, and a token stands only in the
//! answer to the order that made it.

mod act;
mod clock;
mod misbehave;
mod projects;

use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::sim::Sim;
use crate::{OdmError, SimError};

pub(crate) fn router() -> Router<Sim> {
    Router::new()
        .route("/sim/projects", get(projects::list).post(projects::add))
        .route("/sim/projects/{project_id}", axum::routing::delete(projects::remove))
        .route("/sim/projects/{project_id}/users", post(projects::add_user))
        .route("/sim/projects/{project_id}/det-url", post(projects::set_det_url))
        .route("/sim/projects/{project_id}/det-test", post(projects::test_det))
        .route("/sim/projects/{project_id}/deliveries", get(projects::deliveries))
        .route("/sim/projects/{project_id}/save", post(act::save))
        .route("/sim/projects/{project_id}/rename", post(act::rename))
        .route("/sim/projects/{project_id}/delete", post(act::delete))
        .route("/sim/projects/{project_id}/randomizations", post(act::randomization))
        .route("/sim/projects/{project_id}/dag", post(act::set_dag))
        .route("/sim/projects/{project_id}/value", get(act::value))
        .route("/sim/projects/{project_id}/fault", post(misbehave::set_fault))
        .route(
            "/sim/projects/{project_id}/faults",
            get(misbehave::of_project).post(misbehave::add_to_project).delete(misbehave::repair_project),
        )
        .route("/sim/faults", get(misbehave::of_server).post(misbehave::add_to_server).delete(misbehave::repair_server))
        .route("/sim/clock", get(clock::show).post(clock::set))
        .layer(DefaultBodyLimit::disable())
}

struct Failure(SimError);

impl From<SimError> for Failure {
    fn from(error: SimError) -> Self {
        Self(error)
    }
}

impl From<OdmError> for Failure {
    fn from(error: OdmError) -> Self {
        Self(SimError::Project(error))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            SimError::UnknownProject(_) => StatusCode::NOT_FOUND,
            SimError::Refused(_) | SimError::Project(_) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::BAD_REQUEST,
        };
        let refused: Vec<Value> = match &self.0 {
            SimError::Refused(all) => all.iter().map(|r| json!({ "field": r.field, "message": r.message })).collect(),
            _ => Vec::new(),
        };
        (status, Json(json!({ "error": self.0.to_string(), "refused": refused }))).into_response()
    }
}
