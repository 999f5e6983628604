//! The routes, one file per noun.

mod auth;
mod det;
mod det_test;
mod dev;
mod health;
mod participants;
mod testing;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(crate) fn all() -> OpenApiRouter<AppState> {
    [
        health::routes(),
        auth::routes(),
        det::routes(),
        det_test::routes(),
        dev::routes(),
        testing::routes(),
        participants::routes(),
    ]
    .into_iter()
    .fold(OpenApiRouter::new(), OpenApiRouter::merge)
}
