//! Whether this process can serve, and what it is. Never a secret, never an address.

use axum::Json;
use axum::extract::State;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use crate::problem::{Answer, Problem, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_health)).routes(routes!(get_openapi))
}

#[derive(serde::Serialize, ToSchema)]
struct Health {
    /// `ok`: the database answers and is at the head that this program needs.
    status: &'static str,
    /// `ENVIRONMENT`.
    environment: String,
    version: String,
    /// The migration that the database is at.
    migration_head: Option<String>,
    /// `postgresql` or `sqlite`.
    database: &'static str,
}

/// Says whether this process can serve.
#[utoipa::path(get, path = "/api/health", tag = "health", responses((status = 200, body = Health), Refusals))]
async fn get_health(State(app): State<AppState>) -> Answer<Health> {
    let migrations = app.store.migration_status().await?;
    if !migrations.is_at_head() {
        let missing = migrations.pending.join(", ");
        return Err(Problem::Unavailable(format!(
            "the database lacks migrations ({missing}); run `metricis migrate up`"
        )));
    }
    Ok(Json(Health {
        status: "ok",
        environment: app.settings.environment.as_str().to_owned(),
        version: app.settings.version.clone(),
        migration_head: migrations.applied_head,
        database: if app.store.is_postgres() { "postgresql" } else { "sqlite" },
    }))
}

/// The description of this API.
#[utoipa::path(get, path = "/api/openapi.json", tag = "health", responses((status = 200, body = Object), Refusals))]
async fn get_openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(crate::openapi())
}
