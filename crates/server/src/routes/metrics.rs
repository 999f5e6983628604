//! The system's numbers for Prometheus, over all processes: the database holds them, so that any server tells all of them.
//!
//! Invariants: no study and no person is named; whoever is neither on this machine nor has `METRICS_TOKEN` learns nothing.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::header::{CONTENT_TYPE, FORWARDED};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use metricis_store::{HostCalls, Vitals};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use crate::exposition::Exposition;
use crate::extract::bearer;
use crate::limit::RedisState;
use crate::problem::{Problem, Refusals};

/// The text format that Prometheus reads.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// What a proxy adds: who sends one of these is not on this machine, wherever the connection comes from.
const PROXIED: [HeaderName; 4] = [
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_metrics))
}

/// The right to read the numbers: `METRICS_TOKEN`, or without one a connection from this machine itself.
struct Scraper;

impl FromRequestParts<AppState> for Scraper {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        match &app.settings.metrics_token {
            Some(token) if has_token(&parts.headers, token.expose_secret()) => Ok(Self),
            None if is_local(parts) => Ok(Self),
            _ => Err(Problem::Unauthenticated),
        }
    }
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    bearer(headers).is_some_and(|given| given.as_bytes().ct_eq(token.as_bytes()).into())
}

fn is_local(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    peer.is_some_and(|peer| peer.is_loopback()) && !PROXIED.iter().any(|name| parts.headers.contains_key(name))
}

/// The numbers, in Prometheus's text format. `Authorization: Bearer` with `METRICS_TOKEN`; without that setting, from the server's
/// own machine only.
#[utoipa::path(
    get, path = "/metrics", tag = "health", security(("metrics" = [])),
    responses((status = 200, body = String, content_type = "text/plain"), Refusals)
)]
async fn get_metrics(State(app): State<AppState>, _: Scraper) -> Result<Response, Problem> {
    let now = app.now();
    let db = app.store.read(now).await?;
    let (vitals, calls) = (db.vitals().await?, db.outbound_calls().await?);
    drop(db);
    let mut text = Exposition::at(now);
    text.gauge("metricis_build_info", "The program's version", &[("version", &app.settings.version)], 1);
    let redis = app.take_pulse().await.redis;
    if redis != RedisState::NotConfigured {
        let up = i64::from(redis == RedisState::Connected);
        text.gauge("metricis_redis_up", "Whether Redis answers this server", &[], up);
    }
    write_vitals(&mut text, &vitals);
    write_calls(&mut text, &calls, app.outbound_budget().await);
    Ok(([(CONTENT_TYPE, TEXT)], text.finish()).into_response())
}

fn write_vitals(text: &mut Exposition, now: &Vitals) {
    let name = "metricis_processes_live";
    let help = "Processes that are alive: seen in the last 30 seconds";
    text.gauge(name, help, &[("role", "server")], now.servers_live);
    text.gauge(name, help, &[("role", "worker")], now.workers_live);
    let (name, help) = ("metricis_sessions", "Sessions that are not in REDCap, by sync_status");
    text.gauge(name, help, &[("sync_status", "failed")], now.sessions_failed);
    text.gauge(name, help, &[("sync_status", "pending")], now.sessions_pending);
    let (name, help) = ("metricis_webhook_events", "Events of REDCap, by what has become of them");
    text.gauge(name, help, &[("status", "received")], now.events_received);
    text.gauge(name, help, &[("status", "failed")], now.events_failed);
    text.gauge(name, help, &[("status", "stuck")], now.events_stuck);
    text.gauge(name, help, &[("status", "duplicate")], now.events_duplicate);
    let (name, help) = ("metricis_queue_waiting", "Work that waits for a worker, or for its host's turn");
    text.gauge(name, help, &[("kind", "event")], now.events_received);
    text.gauge(name, help, &[("kind", "job")], now.jobs_queued);
    text.gauge(name, help, &[("kind", "reread")], now.rereads_waiting);
    let (name, help) = ("metricis_queue_oldest_seconds", "How long the longest waiting piece of work waits");
    text.age(name, help, &[("kind", "event")], now.events_since);
    text.age(name, help, &[("kind", "job")], now.jobs_since);
    text.age(name, help, &[("kind", "reread")], now.rereads_since);
    text.gauge("metricis_breakers_open", "Studies whose circuit breaker is not closed", &[], now.breakers_open);
    let help = "Studies whose refused DETs a reconcile has not made good";
    text.gauge("metricis_reconciles_wanted", help, &[], now.reconciles_wanted);
    let help = "What happened to records in REDCap and waits for a person's decision";
    text.gauge("metricis_record_flags_open", help, &[], now.flags_open);
    let help = "How long ago the active study that waits longest was reconciled";
    text.age("metricis_reconcile_oldest_seconds", help, &[], now.reconciled_since);
    let help = "Studies that hold a time simulation offset";
    text.gauge("metricis_time_simulations", help, &[], now.simulated_studies);
}

fn write_calls(text: &mut Exposition, calls: &[HostCalls], per_minute: u32) {
    let help = "Calls to one REDCap host that may leave in any 60 seconds: half of the setting while Redis is gone";
    text.gauge("metricis_redcap_budget_calls", help, &[], i64::from(per_minute));
    let help = "Calls to a REDCap host that left in the last minute";
    for host in calls {
        text.gauge("metricis_redcap_calls_last_minute", help, &[("host", &host.host)], signed(host.last_minute));
    }
    let help = "The longest that a call of the last minute waited for its turn";
    for host in calls {
        text.milliseconds("metricis_redcap_longest_wait_seconds", help, &[("host", &host.host)], host.longest_wait_ms);
    }
    let help = "Calls to a REDCap host since the beginning, by how they ended";
    for host in calls {
        for (end, count) in
            [("answered", host.answered), ("validation", host.validation), ("api_error", host.api_error)]
        {
            text.counter("metricis_redcap_calls_total", help, &[("host", &host.host), ("end", end)], signed(count));
        }
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
