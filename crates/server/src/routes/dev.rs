//! `GET /api/dev/settings`: what this process was told, without its secrets. Not there in production.

use axum::Json;
use axum::extract::State;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use crate::problem::Refusals;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show_settings))
}

#[derive(serde::Serialize, ToSchema)]
struct SettingsShown {
    environment: String,
    dev_mode: bool,
    version: String,
    public_url: String,
    allowed_origins: Vec<String>,
    /// Whether limits are shared through Redis.
    shares_limits: bool,
    rate_limit_per_minute: u32,
    auth_rate_limit_per_minute: u32,
    det_rate_limit_per_minute: u32,
    det_test_rate_limit_per_minute: u32,
    idempotency_ttl_s: u32,
    breaker_enabled: bool,
    breaker_failure_threshold: u32,
    breaker_cooldown_s: u32,
}

/// Shows the settings of this process, redacted.
#[utoipa::path(get, path = "/api/dev/settings", tag = "development",
    responses((status = 200, body = SettingsShown), Refusals))]
async fn show_settings(State(app): State<AppState>) -> Json<SettingsShown> {
    let settings = &app.settings;
    Json(SettingsShown {
        environment: settings.environment.as_str().to_owned(),
        dev_mode: settings.dev_mode,
        version: settings.version.clone(),
        public_url: settings.public_url.clone(),
        allowed_origins: settings.allowed_origins.clone(),
        shares_limits: settings.redis_url.is_some(),
        rate_limit_per_minute: settings.rate_limit_per_minute,
        auth_rate_limit_per_minute: settings.auth_rate_limit_per_minute,
        det_rate_limit_per_minute: settings.det_rate_limit_per_minute,
        det_test_rate_limit_per_minute: settings.det_test_rate_limit_per_minute,
        idempotency_ttl_s: settings.idempotency_ttl_s,
        breaker_enabled: settings.breaker.enabled,
        breaker_failure_threshold: settings.breaker.failure_threshold,
        breaker_cooldown_s: settings.breaker.cooldown_s,
    })
}
