//! Rows 7 and 9: requests to the real router, in process.
//!
//! Invariant: each carries the mark of a probe, which only code can set, so nothing is stored, counted or limited.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use hmac::{Hmac, KeyInit, Mac};
use metricis_core::environment::DEV_TEST_ROUTES;
use metricis_store::{SecretField, StoredStudy};
use secrecy::ExposeSecret;
use sha2::Sha256;
use tower::ServiceExt;

use super::intake::probe_body;
use super::{Finding, Flaw};
use crate::edge::Probe;
use crate::{AppState, router};

async fn answer_of(app: &AppState, request: Result<Request<Body>, axum::http::Error>) -> Result<StatusCode, Flaw> {
    let mut request = request.map_err(|error| Flaw { evidence: format!("the probe failed: {error}"), remedy: None })?;
    request.extensions_mut().insert(Probe);
    match router(app.clone()).oneshot(request).await {
        Ok(response) => Ok(response.status()),
        Err(never) => match never {},
    }
}

/// Row 7: every route of the one table answers 404.
pub(super) async fn development_routes_closed(app: &AppState) -> Finding {
    let mut open = vec![];
    for (method, path) in DEV_TEST_ROUTES {
        let request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap_or_default()).uri(*path);
        let status = answer_of(app, request.body(Body::empty())).await?;
        if status != StatusCode::NOT_FOUND {
            open.push(format!("{method} {path} answers {}", status.as_u16()));
        }
    }
    match open.is_empty() {
        true => Ok(format!("{} routes asked, each answers 404", DEV_TEST_ROUTES.len())),
        false => Err(Flaw::new(open.join("; "), "set ENVIRONMENT=production and restart every server")),
    }
}

/// Row 9: a wrong signature is refused, the right one accepted.
pub(super) async fn det_signed(app: &AppState, study: &StoredStudy) -> Finding {
    let Some(sealed) = study.config.redcap.webhook_secret.as_deref() else {
        return Err(Flaw::new("no webhook secret is stored", "enter it in the study's REDCap configuration"));
    };
    let opened = app.sealer.open(study.id, SecretField::WebhookSecret, sealed);
    let secret = opened.map_err(|error| Flaw::new(error.to_string(), "see row 4"))?.value;
    let body = probe_body(app, study)?;
    let wrong = deliver(app, &body, &format!("{}-not", secret.expose_secret())).await?;
    let right = deliver(app, &body, secret.expose_secret()).await?;
    let seen = format!("wrong signature: {}; right signature: {}", wrong.as_u16(), right.as_u16());
    match (wrong, right) {
        (StatusCode::UNAUTHORIZED, StatusCode::OK) => Ok(seen),
        _ => Err(Flaw::new(seen, "enter the webhook secret again; a completed study takes no DETs")),
    }
}

async fn deliver(app: &AppState, body: &[u8], secret: &str) -> Result<StatusCode, Flaw> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|error| Flaw { evidence: format!("the probe failed: {error}"), remedy: None })?;
    mac.update(body);
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let request = Request::post("/api/webhooks/redcap/det")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("x-metricis-signature", signature)
        .body(Body::from(body.to_vec()));
    answer_of(app, request).await
}
