//! What every request passes: ids, unknown paths, bodies, queries, CORS, health; and what logs must not hold.

use std::io::Write;
use std::sync::{Arc, Mutex};

use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::ask::{Ask, Persona, det_body, signed_det};
use crate::world::{SECRET, World};

#[rstest]
#[tokio::test]
async fn health_names_what_runs_and_no_secret(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let reply = world.send(Ask::get("/api/health")).await;
    let id = reply.headers.get("x-request-id").expect("an id").to_str().expect("text").to_owned();
    assert_eq!(id.parse::<uuid::Uuid>().expect("a UUID").get_version_num(), 7);
    let health = reply.ok();
    assert_eq!((&health["status"], &health["environment"]), (&"ok".into(), &"development".into()));
    assert_eq!(health["migration_head"], metricis_store::migration::required_head());
    let database = if engine == Engine::Postgres { "postgresql" } else { "sqlite" };
    assert_eq!(health["database"], database);
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_a_503_problem() {
    let world = World::new(Engine::Sqlite).await;
    world.db.store.clone().close().await.expect("closed");
    world.send(Ask::get("/api/health")).await.problem(503, "unavailable");
    world.send_as(Persona::Ada, Ask::get(world.at(""))).await.problem(503, "unavailable");
}

/// All connections are taken, as they are while the database hangs: the answer does not wait for the pool's own patience.
#[rstest]
#[tokio::test]
async fn a_database_that_hangs_is_a_503_that_says_so(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let mut held = vec![];
    for _ in 0..metricis_store::StoreOptions::default().max_connections {
        held.push(world.read().await);
    }
    let down = world.send(Ask::get("/api/health")).await.problem(503, "unavailable");
    assert_eq!(down["detail"], "the database does not answer within 800ms; nothing can be stored");
    drop(held);
    world.clock.advance(chrono::Duration::seconds(1));
    world.send(Ask::get("/api/health")).await.ok();
}

#[tokio::test]
async fn health_is_kept_for_a_second_so_that_asking_costs_nothing() {
    let world = World::new(Engine::Sqlite).await;
    world.send(Ask::get("/api/health")).await.ok();
    world.db.store.clone().close().await.expect("closed");
    world.send(Ask::get("/api/health")).await.ok();
    world.clock.advance(chrono::Duration::seconds(1));
    world.send(Ask::get("/api/health")).await.problem(503, "unavailable");
}

#[tokio::test]
async fn health_says_degraded_while_redis_is_gone_and_serves_on() {
    for (url, status, redis) in [
        (None, "ok", "not_configured"),
        (Some(crate::limits::redis_url()), "ok", "connected"),
        (Some("redis://127.0.0.1:1/0".to_owned()), "degraded", "unreachable"),
    ] {
        let world = World::with(Engine::Sqlite, |settings| settings.redis_url = url.map(Into::into)).await;
        let health = world.send(Ask::get("/api/health")).await.ok();
        assert_eq!((&health["status"], &health["redis"]), (&status.into(), &redis.into()));
        world.send(signed_det(det_body(&[]), SECRET)).await.ok();
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let world = World::new(Engine::Sqlite).await;
    let problem = world.send(Ask::get("/api/nowhere")).await.problem(404, "not-found");
    assert!(problem["request_id"].is_string());
    world.send(Ask::new("DELETE", "/api/health")).await.problem(405, "method-not-allowed");
}

#[rstest]
#[case::broken(b"{".to_vec(), "application/json", 400, "malformed-request")]
#[case::another_type(b"a=1".to_vec(), "text/plain", 415, "unsupported-media-type")]
#[case::missing(b"{}".to_vec(), "application/json", 422, "invalid")]
#[case::unknown_field(br#"{"status":"active","more":1}"#.to_vec(), "application/json", 422, "invalid")]
#[case::unknown_word(br#"{"status":"gone"}"#.to_vec(), "application/json", 422, "invalid")]
#[case::too_large(vec![b' '; 600_000], "application/json", 413, "payload-too-large")]
#[tokio::test]
async fn bodies_that_cannot_be_taken_are_problems(
    #[case] body: Vec<u8>,
    #[case] kind: &str,
    #[case] status: u16,
    #[case] slug: &str,
) {
    let world = World::new(Engine::Sqlite).await;
    let ask = Ask::post(world.at("/status")).header("content-type", kind).body(body);
    let problem = world.send_as(Persona::Ada, ask).await.problem(status, slug);
    assert!(!problem.to_string().contains("gone"), "what was sent is not repeated: {problem}");
}

#[rstest]
#[case::wrong_type(r#"{"status":5}"#, "status: a value is not acceptable")]
#[case::unknown_word(r#"{"status":"gone"}"#, "status: expected one of ")]
#[case::missing("{}", "missing field `status`")]
#[case::twice(r#"{"status":"active","status":"active"}"#, "duplicate field `status`")]
#[tokio::test]
async fn a_body_that_is_not_acceptable_names_its_field(#[case] body: &str, #[case] told: &str) {
    let world = World::new(Engine::Sqlite).await;
    let ask = Ask::post(world.at("/status")).header("content-type", "application/json").body(body);
    let problem = world.send_as(Persona::Ada, ask).await.problem(422, "invalid");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(told)), "{problem}");
}

#[tokio::test]
async fn a_field_deep_in_a_body_is_named_and_what_somebody_made_up_is_not() {
    let world = World::new(Engine::Sqlite).await;
    let told = async |body: serde_json::Value| {
        let ask = Ask::put(world.at("/redcap/settings")).json(body);
        world.send_as(Persona::Ada, ask).await.problem(422, "invalid")["detail"].as_str().expect("a text").to_owned()
    };
    let deep = told(serde_json::json!({ "survey_instruments": ["one", 2] })).await;
    assert!(deep.starts_with("survey_instruments[1]: "), "{deep}");
    let made_up = told(serde_json::json!({ "participant_field_mapping": { "a secret answer!": 2 } })).await;
    assert!(!made_up.contains("secret"), "{made_up}");
}

#[rstest]
#[case("?limit=many")]
#[case("?status=gone")]
#[case("?unknown=1")]
#[tokio::test]
async fn a_query_that_cannot_be_read_is_a_problem(#[case] query: &str) {
    let world = World::new(Engine::Sqlite).await;
    let ask = Ask::get(world.at(&format!("/participants{query}")));
    world.send_as(Persona::Ada, ask).await.problem(400, "malformed-request");
}

#[tokio::test]
async fn only_listed_origins_may_call_from_a_browser() {
    let origins = vec!["https://app.example.org".to_owned()];
    let world = World::with(Engine::Sqlite, |settings| settings.allowed_origins = origins).await;
    let allowed = |origin: &str| Ask::get("/api/health").header("origin", origin);
    let reply = world.send(allowed("https://app.example.org")).await;
    assert_eq!(reply.headers.get("access-control-allow-origin").expect("allowed"), "https://app.example.org");
    let reply = world.send(allowed("https://evil.example.org")).await;
    assert!(reply.headers.get("access-control-allow-origin").is_none());
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a log").write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_hold_no_query_no_header_and_no_answer() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new(Engine::Sqlite).await;
    let in_url = Ask::post(format!("/api/webhooks/redcap/det?token={SECRET}"));
    let in_url = in_url.header("content-type", "application/x-www-form-urlencoded").body(det_body(&[]));
    world.send(in_url).await.ok();
    let mut submission = world.submission("k").await;
    submission["results"] = json!({ "note": "very unwell" });
    world.send_as(Persona::Pia, Ask::post("/api/portal/sessions").json(submission.clone())).await.ok();
    submission["results"] = json!("very unwell");
    world.send_as(Persona::Pia, Ask::post("/api/portal/sessions").json(submission)).await.problem(422, "invalid");
    let text = String::from_utf8(log.0.lock().expect("a log").clone()).expect("text");
    assert!(text.contains("/api/webhooks/redcap/det") && text.contains("status=200"), "{text}");
    for secret in [SECRET, "token=", "Bearer", "unwell", "332-1"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
