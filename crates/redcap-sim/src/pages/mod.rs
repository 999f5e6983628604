//! The pages: projects, records, forms, surveys, log, DET. Server-rendered, without scripts, for a person with a phone or a desk.
//! Invariant: a person here does what a person in REDCap does, through the same save; a token is shown once, when it is made.

mod access;
mod answers;
mod controls;
mod dashboard;
mod det;
mod form;
mod home;
mod html;
mod log;
mod project;
mod record;
mod survey;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::sim::Sim;

pub(crate) fn router() -> Router<Sim> {
    Router::new()
        .route("/", get(home::show))
        .route("/sim/style.css", get(html::style))
        .route("/projects", post(home::add))
        .route("/projects/{project_id}", get(project::show))
        .route("/projects/{project_id}/remove", post(project::remove))
        .route("/projects/{project_id}/add", get(project::add_record))
        .route("/projects/{project_id}/fault", post(project::set_fault))
        .route("/projects/{project_id}/dashboard", get(dashboard::show))
        .route("/projects/{project_id}/log", get(log::show))
        .route("/projects/{project_id}/det", get(det::show))
        .route("/projects/{project_id}/det-url", post(det::set_url))
        .route("/projects/{project_id}/det-test", post(det::test))
        .route("/projects/{project_id}/api", get(access::show))
        .route("/projects/{project_id}/users", post(access::add_user))
        .route("/projects/{project_id}/records/{record}", get(record::show))
        .route("/projects/{project_id}/records/{record}/delete", post(record::delete))
        .route("/projects/{project_id}/records/{record}/form", get(form::show).post(form::save))
        .route("/projects/{project_id}/records/{record}/survey", post(form::open_survey))
        .route("/DataEntry/record_home.php", get(record::redirect))
        .route("/{version}/DataEntry/record_home.php", get(record::redirect_of_version))
        .route("/surveys/", get(survey::show).post(survey::submit))
        .layer(DefaultBodyLimit::disable())
}
