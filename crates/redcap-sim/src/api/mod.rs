//! The API endpoint: from the raw request to the call, past the faults that were ordered.
//! Invariant: a call sees one moment and one set of faults, whatever is ordered while it is answered.

mod answer;
mod arms;
mod arrive;
mod contents;
mod dags;
mod dictionary;
mod dictionary_import;
mod events;
mod export;
mod export_columns;
mod export_request;
mod export_rows;
mod faults;
mod files;
mod heard;
mod import;
mod import_eav;
mod import_places;
mod levels;
mod log;
mod mapping;
mod params;
mod participants;
mod pdf;
mod places;
mod project;
mod project_create;
mod project_xml;
mod randomize;
mod record_parts;
mod records;
mod repeats;
mod reports;
mod repository;
mod rights;
mod roles;
mod sent;
mod surveys;
mod users;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode, header::LOCATION};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::any;
use chrono::{DateTime, Utc};

use crate::ambient::Clock;
use crate::fault::orders::Faults;
use crate::sim::Sim;
use crate::state::people::{Person, Rights};
use crate::state::site::Site;
use crate::state::{Project, World};
use answer::{Answer, ApiError, Format, respond};
pub(crate) use contents::actions_of;
use contents::dispatch;
pub use heard::ParsedRequest;
use params::Params;

pub(crate) fn router() -> Router<Sim> {
    Router::new()
        .route("/api/", any(endpoint))
        .route("/api", any(redirect))
        .route("/sim/sign-in", any(sign_in))
        .layer(DefaultBodyLimit::disable())
}

/// Where a redirect to a sign-in page ends.
async fn sign_in() -> Html<&'static str> {
    Html(faults::SIGN_IN)
}

/// Some servers send a client without the final slash away, and the client loses its POST.
async fn redirect() -> impl IntoResponse {
    (StatusCode::MOVED_PERMANENTLY, [(LOCATION, "/api/")])
}

async fn endpoint(State(sim): State<Sim>, request: Request) -> Response {
    if request.method() != Method::POST {
        let refused = ApiError { status: 501, message: "The requested method is not implemented.".into() };
        return refused.render(Format::Xml);
    }
    let caller = arrive::Caller::of(&request);
    let mut params = match Params::read(request).await {
        Ok(params) => params,
        Err(error) => return error.render(Format::Xml),
    };
    let arrived = arrive::arrive(&sim, &params, &caller);
    if sim.listens_to(params.token()) {
        params.listen();
    }
    match arrived {
        Ok(faults) => faults::answer(&faults, &params, || answer(&sim, &params, &faults)).await,
        Err(error) => error.render(params.return_format()),
    }
}

fn no_permission() -> ApiError {
    ApiError::forbidden("You do not have permissions to use the API")
}

/// One call on one project.
struct Call<'a> {
    params: &'a Params,
    user: Person,
    /// What the person may do, by role or in person.
    rights: Rights,
    project: &'a mut Project,
    site: &'a mut Site,
    /// With a trailing slash.
    base_url: &'a str,
    version: &'a str,
    clock: Clock,
    now: DateTime<Utc>,
    faults: &'a Faults,
}

impl Call<'_> {
    /// A time as the server writes it.
    fn server_time(&self, at: DateTime<Utc>) -> String {
        self.clock.text(at)
    }

    /// Writes a line of the project's log in the caller's name.
    fn note(&mut self, action: &str, details: impl Into<String>) {
        self.project.note(self.now, &self.user.username, action, details);
    }
}

fn answer(sim: &Sim, params: &Params, faults: &Faults) -> Response {
    let format = params.return_format();
    let outcome = {
        let mut world = sim.world();
        if params.content() == "project" && sim.is_super_token(params.token()) {
            let made = project_create::create(&mut world, params);
            return made.map_or_else(|error| error.render(format), Answer::render);
        }
        let World { projects, site, base_url, clock, .. } = &mut *world;
        let token = params.token();
        let found = projects.values_mut().find_map(|project| Some((project.user_of(token)?.clone(), project)));
        let Some((user, project)) = found else { return no_permission().render(format) };
        let (rights, clock, version) = (project.rights(&user), *clock, sim.version());
        let now = clock.now();
        let mut call = Call { params, user, rights, project, site, base_url, version, clock, now, faults };
        let outcome = dispatch(&mut call);
        if let Some(heard) = &mut call.project.heard {
            heard.push(params.heard(now));
        }
        outcome
    };
    outcome.map_or_else(|error| error.render(format), Answer::render)
}

/// An Apache page, as for any address that is not the API.
pub(crate) async fn not_found() -> Response {
    let page = "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>404 Not Found</title>\n\
                </head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n";
    respond(404, "text/html; charset=iso-8859-1", page.to_owned())
}
