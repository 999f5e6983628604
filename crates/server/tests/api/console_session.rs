//! The console's session: what opens it, what it opens, what it refuses, what ends it.

use axum::http::header::SET_COOKIE;
use chrono::Duration;
use metricis_server::{ServerSettings, SessionStorage, openapi};
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona, Reply};
use crate::credentials::redis;
use crate::world::World;

const PASSWORD: &str = "a long enough password";

/// A browser: its cookie, and the token that its page read.
struct Browser {
    cookie: String,
    csrf: String,
    shown: Value,
}

impl Browser {
    fn of(reply: Reply) -> Self {
        let cookie = cookie_of(&reply);
        let shown = reply.ok();
        Self { cookie, csrf: shown["csrf_token"].as_str().expect("a token").to_owned(), shown }
    }

    fn read(&self, path: impl Into<String>) -> Ask {
        Ask::get(path).header("cookie", &self.cookie)
    }

    fn change(&self, ask: Ask) -> Ask {
        ask.header("cookie", &self.cookie).header("x-metricis-csrf", &self.csrf)
    }
}

fn set_cookie(reply: &Reply) -> &str {
    reply.headers.get(SET_COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn cookie_of(reply: &Reply) -> String {
    set_cookie(reply).split(';').next().expect("a pair").to_owned()
}

fn credentials(password: &str) -> Value {
    json!({ "email": "ada@example.org", "password": password })
}

fn sign_in() -> Ask {
    Ask::post("/api/auth/session").json(credentials(PASSWORD))
}

async fn signed_in(engine: Engine) -> (World, Browser) {
    let world = World::new(engine).await;
    world.give_password("ada", PASSWORD).await;
    let browser = Browser::of(world.send(sign_in()).await);
    (world, browser)
}

#[rstest]
#[tokio::test]
async fn a_sign_in_sets_a_cookie_that_says_who_is_there(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(SessionStorage::Memory, SessionStorage::Redis)] storage: SessionStorage,
) {
    let keep = |settings: &mut ServerSettings| match storage {
        SessionStorage::Memory => {}
        SessionStorage::Redis => redis(settings),
    };
    let world = World::with(engine, keep).await;
    world.give_password("ada", PASSWORD).await;
    let reply = world.send(sign_in()).await;
    let set = set_cookie(&reply).to_owned();
    assert!(set.starts_with("__Host-metricis_session="), "{set}");
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{set}");
    let browser = Browser::of(reply);
    let asked = world.send(browser.read("/api/auth/session")).await;
    assert_eq!(asked.headers["cache-control"], "no-store");
    let shown = asked.ok();
    assert_eq!(shown, browser.shown);
    let ada = world.user("ada");
    assert_eq!((&shown["id"], &shown["email"]), (&json!(ada), &json!("ada@example.org")));
    assert_eq!(shown["role"], "researcher");
    let held = json!([{ "id": world.study, "code": "NBK", "name": "Study NBK", "role": "owner" }]);
    assert_eq!(shown["studies"], held, "and not the study of others");
    assert_eq!(shown["ends_at"], "2026-03-02T09:30:00Z");
    let changed = browser.change(Ask::put(world.at("/settings")).json(json!({ "time_zone": "Europe/Berlin" })));
    world.send(changed).await.ok();
    world.send(browser.read("/api/portal/tasks")).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn without_tls_the_cookie_still_works_and_in_production_it_is_secure() {
    let plain = World::with(Engine::Sqlite, |settings| settings.public_url = "http://127.0.0.1:8080".to_owned()).await;
    plain.give_password("ada", PASSWORD).await;
    let reply = plain.send(sign_in()).await;
    assert!(set_cookie(&reply).starts_with("metricis_session="), "{}", set_cookie(&reply));
    assert!(!set_cookie(&reply).contains("Secure"));
    plain.send(Browser::of(reply).read("/api/studies")).await.ok();
    let production = World::with(Engine::Sqlite, |settings| {
        settings.public_url = "http://behind-a-proxy".to_owned();
        settings.environment = metricis_core::environment::Environment::new("production");
    })
    .await;
    production.give_password("ada", PASSWORD).await;
    let reply = production.send(sign_in()).await;
    assert!(set_cookie(&reply).starts_with("__Host-") && set_cookie(&reply).contains("; Secure"));
}

#[rstest]
#[tokio::test]
async fn wrong_credentials_set_no_cookie(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.give_password("ada", PASSWORD).await;
    let reply = world.send(Ask::post("/api/auth/session").json(credentials("wrong"))).await;
    assert_eq!(set_cookie(&reply), "");
    reply.problem(401, "wrong-credentials");
}

/// Each operation that changes something, and that a token opens to ada, is closed to her cookie alone.
#[tokio::test]
async fn no_operation_changes_anything_by_the_cookie_alone() {
    let (world, browser) = signed_in(Engine::Sqlite).await;
    let mut closed = 0;
    for (path, item) in openapi().paths.paths {
        let operations = [("POST", item.post), ("PUT", item.put), ("DELETE", item.delete), ("PATCH", item.patch)];
        for (method, operation) in operations {
            let Some(operation) = operation.filter(|found| found.security.is_some()) else { continue };
            // A participant's: a token opens it, no cookie ever does.
            if path.starts_with("/api/portal/") || path.starts_with("/api/auth/participant/") {
                continue;
            }
            let path = path.replace("{study_id}", &world.study.to_string());
            let ask = || Ask::new(method, path.clone()).header("cookie", &browser.cookie);
            for refused in [
                ask(),
                ask().header("x-metricis-csrf", "guess"),
                browser.change(Ask::new(method, path.clone())).header("sec-fetch-site", "same-site"),
                browser.change(Ask::new(method, path.clone())).header("origin", "https://evil.example"),
            ] {
                let problem = world.send(refused).await.problem(403, "cross-site");
                assert!(problem["detail"].is_string(), "{method} {path}: {:?}", operation.operation_id);
            }
            closed += 1;
        }
    }
    assert!(closed > 15, "{closed} operations were tried");
    assert_eq!(world.actions(10).await, ["create_study"], "nothing was changed");
    world.send(browser.read("/api/auth/session")).await.ok();
}

#[tokio::test]
async fn a_token_of_another_session_is_no_proof() {
    let (world, browser) = signed_in(Engine::Sqlite).await;
    let other = Browser::of(world.send(sign_in()).await);
    assert_ne!(browser.csrf, other.csrf);
    let mixed = Ask::post(world.at("/status")).header("cookie", &browser.cookie).header("x-metricis-csrf", &other.csrf);
    world.send(mixed).await.problem(403, "cross-site");
}

#[tokio::test]
async fn nobody_signs_a_browser_in_from_another_site() {
    let (world, _) = signed_in(Engine::Sqlite).await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")] {
        let reply = world.send(sign_in().header(name, value)).await;
        assert_eq!(set_cookie(&reply), "");
        reply.problem(403, "cross-site");
    }
    let own = sign_in().header("sec-fetch-site", "same-origin").header("origin", "https://metricis.example.org");
    world.send(own).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_sign_in_makes_a_new_id_and_ends_the_session_it_came_with(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, browser) = signed_in(engine).await;
    let again = Browser::of(world.send(sign_in().header("cookie", &browser.cookie)).await);
    assert_ne!(browser.cookie, again.cookie);
    world.send(browser.read("/api/auth/session")).await.problem(401, "unauthenticated");
    world.send(again.read("/api/auth/session")).await.ok();
    let planted = "__Host-metricis_session=planted.planted";
    let fixed = Browser::of(world.send(sign_in().header("cookie", planted)).await);
    assert!(!fixed.cookie.contains("planted"));
}

#[tokio::test]
async fn a_failed_sign_in_leaves_the_session_that_is_open() {
    let (world, browser) = signed_in(Engine::Sqlite).await;
    let wrong = Ask::post("/api/auth/session").header("cookie", &browser.cookie).json(credentials("wrong"));
    world.send(wrong).await.problem(401, "wrong-credentials");
    world.send(browser.read("/api/auth/session")).await.ok();
}

#[rstest]
#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, browser) = signed_in(engine).await;
    let other = Browser::of(world.send(sign_in()).await);
    let reply = world.send(browser.change(Ask::new("DELETE", "/api/auth/session"))).await;
    assert_eq!(reply.status, 204);
    assert!(set_cookie(&reply).contains("=; ") && set_cookie(&reply).contains("Max-Age=0"), "{}", set_cookie(&reply));
    world.send(browser.read("/api/auth/session")).await.problem(401, "unauthenticated");
    world.send(other.read("/api/auth/session")).await.ok();
    world.send_as(Persona::Ada, Ask::new("DELETE", "/api/auth/session")).await.problem(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn a_session_ends_idle_after_half_an_hour_and_in_any_case_after_twelve(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, browser) = signed_in(engine).await;
    for _ in 0..24 {
        world.clock.advance(Duration::minutes(29));
        world.send(browser.read("/api/studies")).await.ok();
    }
    world.clock.advance(Duration::minutes(24));
    world.send(browser.read("/api/studies")).await.problem(401, "unauthenticated");
    let browser = Browser::of(world.send(sign_in()).await);
    world.clock.advance(Duration::minutes(30));
    world.send(browser.read("/api/studies")).await.problem(401, "unauthenticated");
}

#[rstest]
#[case::disabled("UPDATE users SET disabled_at = created_at")]
#[case::revoked("UPDATE users SET token_generation = token_generation + 1")]
#[tokio::test]
async fn a_session_ends_with_its_account(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] change: &str,
) {
    let (world, browser) = signed_in(engine).await;
    world.db.as_server(change).await.expect("changed");
    for path in ["/api/auth/session".to_owned(), "/api/studies".to_owned(), world.at("")] {
        world.send(browser.read(path.clone())).await.problem(401, "unauthenticated");
        world.send_as(Persona::Ada, Ask::get(path)).await.problem(401, "unauthenticated");
    }
    let out = browser.change(Ask::new("DELETE", "/api/auth/session"));
    assert_eq!(world.send(out).await.status, 204, "signing out is possible all the same");
}

#[tokio::test]
async fn a_token_that_does_not_read_is_not_replaced_by_a_cookie() {
    let (world, browser) = signed_in(Engine::Sqlite).await;
    world.send(browser.read("/api/studies").token("forged")).await.problem(401, "unauthenticated");
    let token = world.token_of(Persona::Ada).expect("a token");
    let with_both = Ask::post(world.at("/breaker/reset")).header("cookie", &browser.cookie).token(&token);
    world.send(with_both).await.ok();
    let me = world.send_as(Persona::Ada, Ask::get("/api/auth/session")).await.ok();
    assert_eq!((&me["csrf_token"], &me["ends_at"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_session_is_a_principal_and_its_sign_in_an_attempt() {
    let world = World::with(Engine::Sqlite, |settings| {
        settings.rate_limit_per_minute = 2;
        settings.auth_rate_limit_per_minute = 2;
    })
    .await;
    world.give_password("ada", PASSWORD).await;
    let browser = Browser::of(world.send(sign_in()).await);
    for address in [[192, 0, 2, 1], [192, 0, 2, 2]] {
        world.send(browser.read("/api/studies").from(address)).await.ok();
    }
    world.send(browser.read("/api/studies").from([192, 0, 2, 3])).await.problem(429, "rate-limited");
    world.send(sign_in()).await.ok();
    world.send(sign_in()).await.problem(429, "rate-limited");
}

#[tokio::test]
async fn without_redis_a_session_is_unavailable_and_a_token_still_works() {
    let world = World::with(Engine::Sqlite, |settings| {
        settings.session_storage = SessionStorage::Redis;
        settings.redis_url = Some("redis://127.0.0.1:1/0".into());
    })
    .await;
    world.give_password("ada", PASSWORD).await;
    world.send(sign_in()).await.problem(503, "unavailable");
    let (_, browser) = signed_in(Engine::Sqlite).await;
    world.send(browser.read("/api/studies")).await.problem(503, "unavailable");
    world.send_as(Persona::Ada, browser.read("/api/studies")).await.ok();
}

/// A page that nobody looks at opens its stream again and again.
#[rstest]
#[tokio::test]
async fn a_stream_of_changes_keeps_no_session(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, browser) = signed_in(engine).await;
    for _ in 0..2 {
        world.clock.advance(Duration::minutes(14));
        world.send(browser.read(world.at("/changes"))).await.ok();
    }
    world.clock.advance(Duration::minutes(2));
    world.send(browser.read(world.at("/changes"))).await.problem(401, "unauthenticated");
    world.send(browser.read("/api/studies")).await.problem(401, "unauthenticated");
}
