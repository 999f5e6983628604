//! The two web applications, out of the program itself: `/console/` for staff, `/app/` for participants.
//!
//! Invariant: no page may run a script or a style that did not come from here (Content-Security-Policy without `unsafe-inline`);
//! what is served is public, so nothing of a study is ever in it.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use metricis_web_assets::{App, Asset, Packing, find};

use crate::AppState;
use crate::links::new_code;
use crate::problem::Problem;

/// The word in `index.html` in whose place each answer has its own nonce.
const NONCE: &str = "METRICIS_CSP_NONCE";
const INDEX: &str = "index.html";
/// What stands in the place of the pages when the program was built without npm.
const WITHOUT: &str = include_str!("pages/without.html");
/// The service worker runs under the policy of its own answer: it loads its library and fetches what it keeps for offline.
const WORKER: &str = "sw.js";
const WORKER_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'";
const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Served beside the API's router: files have no rate limit, no principal and no body.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/console/") }))
        .merge(application("/console", App::Console))
        .merge(application("/app", App::Participant))
        .layer(map_response(add_headers))
}

fn application(prefix: &'static str, app: App) -> Router<AppState> {
    Router::new()
        .route(prefix, get(move || async move { Redirect::permanent(&format!("{prefix}/")) }))
        .route(&format!("{prefix}/"), get(move |headers: HeaderMap| async move { serve(app, INDEX, &headers) }))
        .route(
            &format!("{prefix}/{{*path}}"),
            get(move |Path(path): Path<String>, headers: HeaderMap| async move { serve(app, &path, &headers) }),
        )
}

async fn add_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static("default-src 'none'"));
    response
}

/// A file, or for an address that only the application knows, its first page.
fn serve(app: App, path: &str, headers: &HeaderMap) -> Response {
    match find(app, path, accepted(headers)) {
        Some(asset) if path == WORKER => {
            ([(CONTENT_SECURITY_POLICY, WORKER_POLICY)], serve_file(asset, headers)).into_response()
        }
        Some(asset) if path != INDEX => serve_file(asset, headers),
        None if looks_like_file(path) => StatusCode::NOT_FOUND.into_response(),
        _ => serve_page(app, find(app, INDEX, &[Packing::None]).as_ref()),
    }
}

/// The application's first page; without one, as in a program that was built without npm, how to get it.
fn serve_page(app: App, index: Option<&Asset>) -> Response {
    index.map_or_else(|| say_how_to_get(app), serve_index)
}

/// The packings that the browser takes, the smallest first. A weight of 0 is a refusal.
fn accepted(headers: &HeaderMap) -> &'static [Packing] {
    let list = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |name: &str| {
        list.split(',').map(|part| part.split(';').map(str::trim)).any(|mut part| {
            part.next().is_some_and(|word| word.eq_ignore_ascii_case(name)) && !part.any(|q| q == "q=0")
        })
    };
    match (takes("br"), takes("gzip")) {
        (true, _) => &[Packing::Br, Packing::None],
        (false, true) => &[Packing::Gzip, Packing::None],
        (false, false) => &[Packing::None],
    }
}

/// `assets/index-1a2b.js` that an older page asks for must not be answered with a page.
fn looks_like_file(path: &str) -> bool {
    path.starts_with("assets/") || path.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

fn serve_file(asset: Asset, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", asset.digest);
    let keep = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let common = [(ETAG, tag.clone()), (CACHE_CONTROL, keep.to_owned()), (VARY, "accept-encoding".to_owned())];
    if headers.get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let mut response = (common, [(CONTENT_TYPE, asset.content_type)], asset.bytes.into_owned()).into_response();
    let packing = match asset.packing {
        Packing::None => return response,
        Packing::Br => "br",
        Packing::Gzip => "gzip",
    };
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(packing));
    response
}

fn serve_index(index: &Asset) -> Response {
    let Ok(nonce) = new_code() else { return Problem::Internal.into_response() };
    let page = String::from_utf8_lossy(&index.bytes).replace(NONCE, &nonce);
    ([(CONTENT_SECURITY_POLICY, policy(&nonce)), (CACHE_CONTROL, "no-cache".to_owned())], Html(page)).into_response()
}

fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self'"
    )
}

/// A program without its web pages says so, in the look of the pages that it lacks.
fn say_how_to_get(app: App) -> Response {
    let Ok(nonce) = new_code() else { return Problem::Internal.into_response() };
    let name = match app {
        App::Console => "staff console",
        App::Participant => "participant's app",
    };
    let page = WITHOUT.replace(NONCE, &nonce).replace("MISSING_PAGES", name);
    let policy = format!("default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'");
    let headers = [(CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, "no-store".to_owned())];
    (StatusCode::NOT_FOUND, headers, Html(page)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn a_program_without_its_pages_says_how_to_get_them() {
        for (app, name) in [(App::Console, "staff console"), (App::Participant, "participant's app")] {
            let response = serve_page(app, None);
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store", "it goes with the next build");
            assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
            let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().expect("ASCII").to_owned();
            let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
            let page = String::from_utf8(body.into()).expect("text");
            for words in [name, "built without its web pages", "apt-get install nodejs npm", "make build"] {
                assert!(page.contains(words), "{words} is not in {page}");
            }
            assert!(!page.contains(NONCE) && !page.contains("MISSING_PAGES"), "{page}");
            let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
            assert!(page.contains(&format!("<style nonce=\"{nonce}\">")), "{policy}");
        }
    }
}
