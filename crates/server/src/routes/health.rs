//! Whether this process can serve, and what it is. Never a secret, never an address.
//!
//! Not limited: an answer is kept for a second, so that whoever asks costs nothing.

use axum::Json;
use axum::extract::State;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use crate::limit::RedisState;
use crate::problem::{Answer, Problem, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_health)).routes(routes!(get_openapi))
}

/// Whether everything is there that the process was told to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthStatus {
    /// The database answers and is at the head that this program needs, and so does Redis where there is one.
    Ok,
    /// DETs and requests are served, but Redis does not answer: each process limits alone.
    Degraded,
}

#[derive(serde::Serialize, ToSchema)]
struct Health {
    status: HealthStatus,
    /// `ENVIRONMENT`.
    environment: String,
    version: String,
    /// The migration that the database is at.
    migration_head: Option<String>,
    /// `postgresql` or `sqlite`.
    database: &'static str,
    redis: RedisState,
}

/// Says whether this process can serve: 503 names what is down, 200 says when something is missing that can be done without.
#[utoipa::path(get, path = "/api/health", tag = "health", responses((status = 200, body = Health), Refusals))]
async fn get_health(State(app): State<AppState>) -> Answer<Health> {
    let pulse = app.take_pulse().await;
    let migrations = pulse.database.map_err(|down| Problem::Unavailable(format!("{down}; nothing can be stored")))?;
    if !migrations.is_at_head() {
        let missing = migrations.pending.join(", ");
        return Err(Problem::Unavailable(format!(
            "the database lacks migrations ({missing}); run `metricis migrate up`"
        )));
    }
    let status = if pulse.redis == RedisState::Unreachable { HealthStatus::Degraded } else { HealthStatus::Ok };
    Ok(Json(Health {
        status,
        environment: app.settings.environment.as_str().to_owned(),
        version: app.settings.version.clone(),
        migration_head: migrations.applied_head,
        database: if app.store.is_postgres() { "postgresql" } else { "sqlite" },
        redis: pulse.redis,
    }))
}

/// The description of this API.
#[utoipa::path(get, path = "/api/openapi.json", tag = "health", responses((status = 200, body = Object), Refusals))]
async fn get_openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(crate::openapi())
}
