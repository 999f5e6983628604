//! The gate of development and test routes (guarantee 3): in production they answer 404 before anything looks at the request.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metricis_core::environment::is_dev_or_test_path;

use crate::AppState;
use crate::problem::Problem;

pub(crate) async fn close_development_routes(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if app.settings.environment.is_production() && is_dev_or_test_path(request.uri().path()) {
        return Problem::NotFound.into_response();
    }
    next.run(request).await
}
