//! Rows 7 and 9: requests over HTTP to every running server.
//!
//! Invariant: each carries a ticket, so nothing is stored, counted or limited; what is sent is nothing that anybody could use.

use axum::http::{StatusCode, header};
use hmac::{Hmac, KeyInit, Mac};
use metricis_core::environment::DEV_TEST_ROUTES;
use metricis_store::{SecretField, StoredStudy};
use secrecy::ExposeSecret;
use sha2::Sha256;

use super::intake::probe_body;
use super::live::{Asked, Live, Server};
use super::{Finding, Flaw};
use crate::AppState;

/// Row 7: every route of the one table answers 404, on every server.
pub(super) async fn development_routes_closed(app: &AppState, live: &Live) -> Finding {
    let servers = live.answering()?;
    let mut open = vec![];
    for server in &servers {
        for (method, path) in DEV_TEST_ROUTES {
            let status = server.status(app, &Asked::bare(method, path)).await?;
            if status != StatusCode::NOT_FOUND {
                open.push(format!("{}: {method} {path} answers {}", server.name, status.as_u16()));
            }
        }
    }
    let asked = format!("{} routes asked of {}, each answers 404", DEV_TEST_ROUTES.len(), names(&servers));
    match open.is_empty() {
        true => Ok(asked),
        false => Err(Flaw::new(open.join("; "), "set ENVIRONMENT=production and restart every server")),
    }
}

/// Row 9: every server refuses a wrong signature and accepts the right one.
pub(super) async fn det_signed(app: &AppState, study: &StoredStudy, live: &Live) -> Finding {
    let Some(sealed) = study.config.redcap.webhook_secret.as_deref() else {
        return Err(Flaw::new("no webhook secret is stored", "enter it in the study's REDCap configuration"));
    };
    let opened = app.sealer.open(study.id, SecretField::WebhookSecret, sealed);
    let secret = opened.map_err(|error| Flaw::new(error.to_string(), "see row 4"))?.value;
    let body = probe_body(app, study)?;
    let servers = live.answering()?;
    let (mut seen, mut holds) = (vec![], true);
    for server in &servers {
        let wrong = deliver(app, server, &body, &format!("{}-not", secret.expose_secret())).await?;
        let right = deliver(app, server, &body, secret.expose_secret()).await?;
        let (wrong, right) = (wrong.as_u16(), right.as_u16());
        seen.push(format!("{}: wrong signature: {wrong}; right signature: {right}", server.name));
        holds &= (wrong, right) == (401, 200);
    }
    match holds {
        true => Ok(seen.join("; ")),
        false => Err(Flaw::new(seen.join("; "), "enter the webhook secret again; a completed study takes no DETs")),
    }
}

fn names(servers: &[&Server]) -> String {
    servers.iter().map(|server| server.name.as_str()).collect::<Vec<_>>().join(", ")
}

async fn deliver(app: &AppState, server: &Server, body: &[u8], secret: &str) -> Result<StatusCode, Flaw> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|error| Flaw { evidence: format!("the probe failed: {error}"), remedy: None })?;
    mac.update(body);
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded".to_owned()),
        ("x-metricis-signature", format!("sha256={}", hex::encode(mac.finalize().into_bytes()))),
    ];
    let asked = Asked { method: "POST", target: "/api/webhooks/redcap/det", headers: &headers, body };
    server.status(app, &asked).await
}
