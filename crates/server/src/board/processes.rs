//! Rows 1 and 2: what the running processes say of themselves in the registry.

use chrono::Duration;
use metricis_store::Process;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::{Finding, Flaw};
use crate::AppState;

/// A process that was not seen for this long is not running.
const LIVE_WITHIN_S: i64 = 30;

async fn live(app: &AppState) -> Result<Vec<Process>, Flaw> {
    let now = app.now();
    Ok(app.store.read(now).await?.live_processes(now - Duration::seconds(LIVE_WITHIN_S)).await?)
}

/// Row 1: every live process runs in production, and there is one of each role.
pub(super) async fn in_production(app: &AppState) -> Finding {
    let live = live(app).await?;
    let count = |role: &str| live.iter().filter(|process| process.role == role).count();
    let (servers, workers) = (count("server"), count("worker"));
    let elsewhere: Vec<String> = live
        .iter()
        .filter(|process| process.environment != "production" || process.dev_mode)
        .map(|process| format!("{} {} says {:?}", process.role, process.id, process.environment))
        .collect();
    let own = app.settings.environment.as_str();
    if !app.settings.environment.is_production() || !elsewhere.is_empty() {
        let evidence =
            format!("this process says {own:?}; not in production, or in DEV_MODE: {}", elsewhere.join(", "));
        return Err(Flaw::new(evidence, "set ENVIRONMENT=production, unset DEV_MODE, restart every server and worker"));
    }
    if servers == 0 || workers == 0 {
        let evidence = format!("{servers} server(s) and {workers} worker(s) seen in the last {LIVE_WITHIN_S} s");
        return Err(Flaw::new(evidence, "start `metricis serve` and `metricis worker`"));
    }
    Ok(format!("{servers} server(s) and {workers} worker(s) seen in the last {LIVE_WITHIN_S} s, all in production"))
}

/// Row 2: one encryption key in all processes, and it is not the key of the access tokens.
pub(super) async fn keys_apart(app: &AppState) -> Finding {
    let ours = &app.settings.key_fingerprint;
    let remedy = "make fresh secrets with `metricis secrets generate`; rotate the key as in docs/OPERATIONS.md";
    if ours.is_empty() {
        return Err(Flaw::new("REDCAP_ENCRYPTION_KEY is not set", remedy));
    }
    let digest = hex::encode(Sha256::digest(app.settings.jwt_secret.expose_secret().as_bytes()));
    if digest.starts_with(ours.as_str()) {
        return Err(Flaw::new("REDCAP_ENCRYPTION_KEY is the same as JWT_SECRET_KEY", remedy));
    }
    let live = live(app).await?;
    if let Some(other) = live.iter().find(|process| process.key_fingerprint != *ours) {
        let evidence = format!("{} {} runs with another REDCAP_ENCRYPTION_KEY", other.role, other.id);
        return Err(Flaw::new(evidence, "give all processes the same key and restart them"));
    }
    Ok(format!("set, not JWT_SECRET_KEY, the same (fingerprint {ours}) in {} live process(es)", live.len()))
}
