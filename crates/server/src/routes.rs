//! The routes, one file per noun.

mod audit;
mod auth;
mod breaker;
mod changes;
mod cutover;
mod det;
mod det_test;
mod dev;
mod flags;
mod health;
mod jobs;
mod members;
mod metrics;
mod participants;
mod portal;
mod reconcile;
mod redcap;
mod sessions;
mod settings;
mod sites;
mod studies;
mod testing;
mod webhooks;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(crate) fn all() -> OpenApiRouter<AppState> {
    [
        health::routes(),
        metrics::routes(),
        auth::routes(),
        det::routes(),
        det_test::routes(),
        dev::routes(),
        testing::routes(),
        studies::routes(),
        members::routes(),
        sites::routes(),
        settings::routes(),
        redcap::routes(),
        jobs::routes(),
        breaker::routes(),
        changes::routes(),
        participants::routes(),
        sessions::routes(),
        webhooks::routes(),
        reconcile::routes(),
        flags::routes(),
        audit::routes(),
        cutover::routes(),
        portal::routes(),
    ]
    .into_iter()
    .fold(OpenApiRouter::new(), OpenApiRouter::merge)
}
