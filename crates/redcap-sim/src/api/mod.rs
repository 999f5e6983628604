//! The API endpoint: from the raw request to the call, past the faults that were ordered.
//! Invariant: a call sees one moment and one set of faults, whatever is ordered while it is answered.

mod answer;
mod arrive;
mod export;
mod export_columns;
mod export_rows;
mod faults;
mod import;
mod import_places;
mod import_rows;
mod params;
mod records;
mod structure;
mod surveys;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode, header::LOCATION};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::any;
use chrono::{DateTime, Utc};

use crate::ambient::Clock;
use crate::fault::orders::Faults;
use crate::sim::Sim;
use crate::state::{ApiUser, Project};
use answer::{Answer, ApiError, Format, respond};
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
    let params = match Params::read(request).await {
        Ok(params) => params,
        Err(error) => return error.render(Format::Xml),
    };
    match arrive::arrive(&sim, &params, &caller) {
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
    user: ApiUser,
    project: &'a mut Project,
    version: &'a str,
    clock: Clock,
    now: DateTime<Utc>,
    faults: &'a Faults,
}

fn answer(sim: &Sim, params: &Params, faults: &Faults) -> Response {
    let format = params.return_format();
    let outcome = {
        let mut world = sim.world();
        if params.get("content") == "surveyLink" {
            surveys::link(&mut world, params)
        } else {
            let (token, clock) = (params.get("token").trim(), world.clock);
            let project = world.project_of_token(token);
            let found = project.and_then(|project| Some((project.user_of(token)?.clone(), project)));
            let Some((user, project)) = found else { return no_permission().render(format) };
            dispatch(Call { params, user, project, version: sim.version(), clock, now: clock.now(), faults })
        }
    };
    outcome.map_or_else(|error| error.render(format), Answer::render)
}

fn dispatch(mut call: Call<'_>) -> Result<Answer, ApiError> {
    let unknown = || Err(ApiError::bad("The value of the parameter \"content\" is not valid"));
    let content = call.params.get("content");
    let action = call.params.get("action");
    let imports = action == "import" || (action.is_empty() && call.params.has("data"));
    match (content, action) {
        ("record", "delete") => records::delete(&mut call),
        ("record", "rename") => records::rename(&mut call),
        ("record", _) if imports => import::import(&mut call),
        ("record", "" | "export") => export::export(&call),
        (_, "" | "export") if !imports => structure::export(&call, content).unwrap_or_else(unknown),
        _ => unknown(),
    }
}

/// An Apache page, as for any address that is not the API.
pub(crate) async fn not_found() -> Response {
    let page = "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>404 Not Found</title>\n\
                </head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n";
    respond(404, "text/html; charset=iso-8859-1", page.to_owned())
}
