//! Limits of requests: by principal, by address only when anonymous, shared through Redis when there is one.

use chrono::Duration;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::ask::{Ask, Persona, Reply};
use crate::world::World;

async fn limited() -> World {
    World::with(Engine::Sqlite, |settings| {
        settings.rate_limit_per_minute = 3;
        settings.auth_rate_limit_per_minute = 2;
    })
    .await
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn a_principal_is_limited_wherever_it_asks_from() {
    let world = limited().await;
    for left in ["2", "1", "0"] {
        let reply = world.send_as(Persona::Ada, Ask::get("/api/studies")).await;
        assert_eq!((header(&reply, "x-ratelimit-limit"), header(&reply, "x-ratelimit-remaining")), ("3", left));
        reply.ok();
    }
    let refused = world.send_as(Persona::Ada, Ask::get("/api/studies").from([198, 51, 100, 7])).await;
    assert_eq!((header(&refused, "retry-after"), header(&refused, "x-ratelimit-reset")), ("20", "60"));
    assert_eq!(refused.problem(429, "rate-limited")["retry_after_s"], 20);
    world.send_as(Persona::Ben, Ask::get("/api/studies")).await.ok();
    world.clock.advance(Duration::seconds(20));
    world.send_as(Persona::Ada, Ask::get("/api/studies")).await.ok();
}

#[tokio::test]
async fn the_anonymous_are_limited_by_address() {
    let world = limited().await;
    for _ in 0..3 {
        world.send(Ask::get("/api/studies")).await.problem(401, "unauthenticated");
    }
    world.send(Ask::get("/api/studies").token("forged")).await.problem(429, "rate-limited");
    world.send(Ask::get("/api/studies").from([198, 51, 100, 7])).await.problem(401, "unauthenticated");
    world.send_as(Persona::Ada, Ask::get("/api/studies")).await.ok();
}

#[tokio::test]
async fn sign_ins_have_a_limit_of_their_own_and_health_has_none() {
    let world = limited().await;
    let attempt = || Ask::post("/api/auth/login").json(json!({ "email": "ada@example.org", "password": "guess" }));
    for _ in 0..2 {
        world.send(attempt()).await.problem(401, "wrong-credentials");
    }
    world.send(attempt()).await.problem(429, "rate-limited");
    for _ in 0..5 {
        world.send(Ask::get("/api/health")).await.ok();
    }
    world.send(Ask::get("/api/openapi.json")).await.ok();
}

pub fn redis_url() -> String {
    std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run the suite with `make test`")
}

/// Two servers that share Redis; the clock of the second begins where the first's does.
#[rstest]
#[tokio::test]
async fn two_servers_share_a_limit_through_redis() {
    let with_redis = |settings: &mut metricis_server::ServerSettings| {
        settings.rate_limit_per_minute = 3;
        settings.redis_url = Some(redis_url().into());
    };
    let (one, two) = (World::with(Engine::Sqlite, with_redis).await, World::with(Engine::Sqlite, with_redis).await);
    // The principal's id is fresh, so another run's counts do not matter.
    let token = one.token_of(Persona::Ada).expect("a token");
    let mut left = vec![];
    for world in [&one, &two, &one] {
        let reply = world.send(Ask::get("/api/studies").token(&token)).await;
        left.push(header(&reply, "x-ratelimit-remaining").to_owned());
    }
    assert_eq!(left, ["2", "1", "0"]);
    two.send(Ask::get("/api/studies").token(&token)).await.problem(429, "rate-limited");
}

/// Takes that wait together are asked for together, and no more of them pass than would one by one.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_redis_lets_through_exactly_the_limit() {
    let with_redis = |settings: &mut metricis_server::ServerSettings| {
        settings.rate_limit_per_minute = 12;
        settings.redis_url = Some(redis_url().into());
    };
    let (one, two) = (World::with(Engine::Sqlite, with_redis).await, World::with(Engine::Sqlite, with_redis).await);
    let token = one.token_of(Persona::Ada).expect("a token");
    let ask = || Ask::get("/api/studies").token(&token);
    for world in [&one, &two] {
        world.send(ask()).await;
    }
    let asked: Vec<_> = (0..30).map(|_| tokio::spawn(ask().send(one.router.clone()))).collect();
    let mut left: Vec<u32> = Vec::new();
    for asked in asked {
        let reply = asked.await.expect("no panic");
        match reply.status.as_u16() {
            200 => left.push(header(&reply, "x-ratelimit-remaining").parse().expect("a number")),
            _ => drop(reply.problem(429, "rate-limited")),
        }
    }
    left.sort_unstable();
    assert_eq!(left, (0..10).collect::<Vec<_>>());
    two.send(ask()).await.problem(429, "rate-limited");
}

#[tokio::test]
async fn without_redis_the_local_limit_holds() {
    let world = World::with(Engine::Sqlite, |settings| {
        settings.auth_rate_limit_per_minute = 2;
        settings.redis_url = Some("redis://127.0.0.1:1/0".into());
    })
    .await;
    let attempt = || Ask::post("/api/auth/participant").json(json!({ "code": "guess" }));
    for _ in 0..2 {
        world.send(attempt()).await.problem(401, "wrong-credentials");
    }
    world.send(attempt()).await.problem(429, "rate-limited");
}
