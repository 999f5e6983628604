//! The router: every route with its documentation, and what each request passes before it.
//!
//! Invariant: a route under a development prefix is in `DEV_TEST_ROUTES`, or the process does not start.

use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{from_fn, from_fn_with_state};
use metricis_core::environment::{DEV_TEST_ROUTES, is_dev_or_test_path};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa_axum::router::OpenApiRouter;

use crate::problem::{Problem, ProblemBody};
use crate::{AppState, edge, extract, limit, pages, routes};

const SESSION_SCHEME: &str = "The console's session, from `POST /api/auth/session`. A changing request also sends `X-Metricis-CSRF` \
    with the value of `GET /api/auth/session`, from the console's own origin. Without TLS (development) the cookie is `metricis_session`.";

const METRICS_SCHEME: &str =
    "`METRICS_TOKEN`. Where it is not set, no token: the server's own machine may read, nobody else.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Metricis",
        description = "Runs clinical studies whose records live in REDCap.",
        license(name = "Apache-2.0")
    ),
    components(schemas(ProblemBody))
)]
struct Document;

/// The OpenAPI 3.1 document of every route.
#[must_use]
pub fn openapi() -> OpenApi {
    documented().into_openapi()
}

fn documented() -> OpenApiRouter<AppState> {
    let mut document = <Document as utoipa::OpenApi>::openapi();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let scraper = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(METRICS_SCHEME)).build();
    components.add_security_scheme("metrics", SecurityScheme::Http(scraper));
    let cookie = ApiKeyValue::with_description("__Host-metricis_session", SESSION_SCHEME);
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let mut router = OpenApiRouter::with_openapi(document).merge(routes::all());
    offer_session(router.get_openapi_mut());
    refuse_unlisted_development_routes(router.get_openapi());
    router
}

/// What staff may do with a token they may do with the console's session: the proofs take both.
fn offer_session(document: &mut OpenApi) {
    let of_participants = ["/api/portal/", "/api/auth/participant/"];
    let is_of_staff =
        |path: &str| path.starts_with("/api/") && of_participants.iter().all(|theirs| !path.starts_with(theirs));
    let of_staff = document.paths.paths.iter_mut().filter(|(path, _)| is_of_staff(path));
    for (_, item) in of_staff {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete, &mut item.patch];
        for security in operations.into_iter().flatten().filter_map(|operation| operation.security.as_mut()) {
            let session = SecurityRequirement::new("session", [""; 0]);
            if !security.contains(&session) {
                security.push(session);
            }
        }
    }
}

/// # Panics
/// When somebody has mounted a development route without listing it: better not to start than to serve it in production.
fn refuse_unlisted_development_routes(document: &OpenApi) {
    for (path, item) in document.paths.paths.iter().filter(|(path, _)| is_dev_or_test_path(path)) {
        let methods = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)];
        for (method, _) in methods.iter().filter(|(_, operation)| operation.is_some()) {
            assert!(
                DEV_TEST_ROUTES.contains(&(*method, path.as_str())),
                "{method} {path} is mounted and not in DEV_TEST_ROUTES"
            );
        }
    }
}

/// The router of a server.
pub fn router(state: AppState) -> axum::Router {
    let (router, _) = documented().split_for_parts();
    router
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .layer(from_fn(edge::buffer_body))
        // Whose limit is the one; axum's own, of 2 MiB, would come after it.
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(from_fn_with_state(state.clone(), limit::limit_requests))
        .layer(from_fn_with_state(state.clone(), extract::name_caller))
        .layer(cors(&state.settings.allowed_origins))
        .layer(from_fn_with_state(state.clone(), edge::close_development_routes))
        .layer(CatchPanicLayer::custom(edge::answer_panic))
        .layer(from_fn_with_state(state.clone(), edge::admit_probe))
        .layer(from_fn_with_state(state.clone(), edge::trace_request))
        .layer(from_fn_with_state(state.clone(), extract::name_client))
        .merge(pages::routes())
        .with_state(state)
}

fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    let exposed = ["x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"];
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers(exposed.map(HeaderName::from_static))
}
