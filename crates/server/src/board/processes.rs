//! Rows 1 and 2: what the running processes say of themselves, in the registry and over HTTP.

use metricis_store::{LIVE_WITHIN_S, Process};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::live::{CHECK_ADDRESS, Live, NO_SERVER, START_SERVER};
use super::{Finding, Flaw};
use crate::AppState;
use crate::limit::RedisState;

const PRODUCTION: &str = "set ENVIRONMENT=production, unset DEV_MODE, restart every server and worker";

/// Row 1: every live process runs in production, there is one of each role, and each server answers and says so.
pub(super) fn in_production(app: &AppState, live: &Live) -> Finding {
    let (mut wrong, mut remedies) = (vec![], vec![]);
    let mut note = |evidence: String, remedy: &'static str| {
        wrong.push(evidence);
        if !remedies.contains(&remedy) {
            remedies.push(remedy);
        }
    };
    let own = app.settings.environment.as_str();
    if !app.settings.environment.is_production() {
        note(format!("this process says ENVIRONMENT={own:?}"), PRODUCTION);
    }
    for process in live.processes.iter().filter(|process| process.environment != "production" || process.dev_mode) {
        let dev_mode = if process.dev_mode { " with DEV_MODE" } else { "" };
        note(format!("{} {} says {:?}{dev_mode}", process.role, process.id, process.environment), PRODUCTION);
    }
    let count = |role: &str| live.processes.iter().filter(|process| process.role == role).count();
    let (servers, workers) = (count("server"), count("worker"));
    if servers == 0 {
        note(NO_SERVER.to_owned(), START_SERVER);
    }
    if workers == 0 {
        note("no worker is running".to_owned(), "start `metricis worker`");
    }
    for silent in live.silent() {
        note(silent, CHECK_ADDRESS);
    }
    for (server, health) in live.servers.iter().filter_map(|(server, health)| Some((server, health.as_ref().ok()?))) {
        if health.environment != "production" {
            note(format!("{} answers ENVIRONMENT={:?}", server.name, health.environment), PRODUCTION);
        } else if health.redis != RedisState::Connected {
            let evidence = format!("{} has no Redis, which production needs: limits are its own", server.name);
            note(evidence, "look at REDIS_URL and at Redis; /api/health says when it is back");
        }
    }
    if wrong.is_empty() {
        return Ok(format!(
            "{servers} server(s) and {workers} worker(s) seen in the last {LIVE_WITHIN_S} s, all in production; each server's \
             /api/health says so, and that Redis is connected"
        ));
    }
    Err(Flaw { evidence: wrong.join("; "), remedy: Some(remedies.join("; ")) })
}

/// Row 2: one encryption key in all processes, and it is not the key of the access tokens.
pub(super) fn keys_apart(app: &AppState, live: &Live) -> Finding {
    let ours = &app.settings.key_fingerprint;
    let remedy = "make fresh secrets with `metricis secrets generate`; rotate the key as in docs/OPERATIONS.md";
    if ours.is_empty() {
        return Err(Flaw::new("REDCAP_ENCRYPTION_KEY is not set", remedy));
    }
    let digest = hex::encode(Sha256::digest(app.settings.jwt_secret.expose_secret().as_bytes()));
    if digest.starts_with(ours.as_str()) {
        return Err(Flaw::new("REDCAP_ENCRYPTION_KEY is the same as JWT_SECRET_KEY", remedy));
    }
    if live.processes.is_empty() {
        let evidence =
            format!("no process was seen in the last {LIVE_WITHIN_S} s: which key the system runs with is not known");
        return Err(Flaw::new(evidence, "start `metricis serve` and `metricis worker`"));
    }
    let others: Vec<String> = live.processes.iter().filter(|one| one.key_fingerprint != *ours).map(named).collect();
    if !others.is_empty() {
        let evidence = format!("with another REDCAP_ENCRYPTION_KEY than this process: {}", others.join(", "));
        return Err(Flaw::new(evidence, "give all processes the same key and restart them"));
    }
    let all: Vec<String> = live.processes.iter().map(named).collect();
    Ok(format!("set, not JWT_SECRET_KEY, the same (fingerprint {ours}) in {}", all.join(", ")))
}

fn named(process: &Process) -> String {
    format!("{} {}", process.role, process.id)
}
