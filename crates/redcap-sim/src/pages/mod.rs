//! The pages: projects, records, one form, surveys. Server-rendered, without scripts, for a person with a phone or a desk.
//! Invariant: a person here does what a person in REDCap does, through the same save; no page shows a token.

mod answers;
mod controls;
mod form;
mod home;
mod html;
mod project;
mod record;
mod survey;

use axum::Router;
use axum::routing::{get, post};

use crate::sim::Sim;

pub(crate) fn router() -> Router<Sim> {
    Router::new()
        .route("/", get(home::show))
        .route("/sim/style.css", get(html::style))
        .route("/projects/{project_id}", get(project::show))
        .route("/projects/{project_id}/add", get(project::add_record))
        .route("/projects/{project_id}/fault", post(project::set_fault))
        .route("/projects/{project_id}/det-url", post(project::set_det_url))
        .route("/projects/{project_id}/records/{record}", get(record::show))
        .route("/projects/{project_id}/records/{record}/delete", post(record::delete))
        .route("/projects/{project_id}/records/{record}/form", get(form::show).post(form::save))
        .route("/DataEntry/record_home.php", get(record::redirect))
        .route("/{version}/DataEntry/record_home.php", get(record::redirect_of_version))
        .route("/surveys/", get(survey::show).post(survey::submit))
}
