//! The limit in front of the routes: who is counted, by which quota, and the `X-RateLimit-*` headers.
//!
//! A principal is whoever the token or the session names; only the anonymous are counted by address. DETs have limits of their own, and health
//! checks none; streams of changes are counted when they are opened.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{Decision, Scope};
use crate::AppState;
use crate::changes;
use crate::edge::Probe;
use crate::extract::{Caller, address_of};
use crate::problem::Problem;

pub(crate) async fn limit_requests(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if request.extensions().get::<Probe>().is_some() {
        return next.run(request).await;
    }
    let (scope, per_minute) = match request.uri().path() {
        "/api/health" | "/api/webhooks/redcap/det" => return next.run(request).await,
        // A stream lasts, so that its openings are counted by themselves, besides how many are open (`crate::changes`).
        path if changes::is_stream(path) => (Scope::Stream, changes::OPENINGS_PER_MINUTE),
        "/api/webhooks/redcap/det/test" => (Scope::DetTest, app.settings.det_test_rate_limit_per_minute),
        path if path.starts_with("/api/auth/login") || path.starts_with("/api/auth/participant") => {
            (Scope::Auth, app.settings.auth_rate_limit_per_minute)
        }
        "/api/auth/session" if request.method() == Method::POST => {
            (Scope::Auth, app.settings.auth_rate_limit_per_minute)
        }
        _ => (Scope::General, app.settings.rate_limit_per_minute),
    };
    let now = app.now();
    let principal = match scope {
        Scope::General | Scope::Stream => request.extensions().get::<Caller>().and_then(Caller::principal),
        _ => None,
    };
    let who = principal.unwrap_or_else(|| format!("address:{}", address_of(request.extensions())));
    let decision = app.limits.take(scope, &who, per_minute, now).await;
    let mut response = match decision.allowed {
        true => next.run(request).await,
        false => Problem::RateLimited(decision.retry_after_s).into_response(),
    };
    write_headers(response.headers_mut(), decision);
    response
}

fn write_headers(headers: &mut HeaderMap, decision: Decision) {
    headers.insert("x-ratelimit-limit", HeaderValue::from(decision.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(decision.remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(decision.reset_s));
}
