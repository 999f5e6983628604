//! The participant's own routes. What is shown is stored; nothing is estimated (guarantee 4).

mod consent;
mod schedule;
mod sent;
mod status;
mod submit;
mod tasks;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(status::get_data_status))
        .routes(routes!(tasks::list_tasks))
        .routes(routes!(schedule::get_schedule))
        .routes(routes!(submit::submit_session, sent::list_own_sessions))
        .routes(routes!(consent::give_consent))
}
