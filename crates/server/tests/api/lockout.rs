//! The lock after wrong passwords: it tells nothing, ends by itself, and strangers cannot shut out who has been here before.

use axum::http::header::SET_COOKIE;
use chrono::Duration;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::ask::{Ask, Persona, Reply};
use crate::world::World;

const PASSWORD: &str = "a long enough password";

async fn world(engine: Engine) -> World {
    let world = World::with(engine, |settings| settings.sign_in_lock_after = 3).await;
    world.give_password("ada", PASSWORD).await;
    world.give_password("ben", PASSWORD).await;
    world
}

fn attempt(path: &str, name: &str, password: &str) -> Ask {
    Ask::post(path).json(json!({ "email": format!("{name}@example.org"), "password": password }))
}

async fn login(world: &World, password: &str) -> Reply {
    world.send(attempt("/api/auth/login", "ada", password)).await
}

async fn guess(world: &World, times: u32) {
    for _ in 0..times {
        login(world, "wrong").await.problem(401, "wrong-credentials");
    }
}

/// Wrong passwords from other addresses, as many from each as are told right from wrong.
async fn guess_from(world: &World, addresses: std::ops::RangeInclusive<u8>) {
    for address in addresses {
        for _ in 0..3 {
            let guess = attempt("/api/auth/login", "ada", "wrong").from([198, 51, 100, address]);
            world.send(guess).await.problem(401, "wrong-credentials");
        }
    }
}

async fn login_from(world: &World, address: [u8; 4]) -> u16 {
    world.send(attempt("/api/auth/login", "ada", PASSWORD).from(address)).await.status.as_u16()
}

/// The cookie by which the browser of a sign-in is known.
async fn known_browser(world: &World, name: &str) -> String {
    let reply = world.send(attempt("/api/auth/session", name, PASSWORD)).await;
    let cookies = reply.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let browser = cookies.filter(|cookie| cookie.contains("metricis_browser=")).collect::<Vec<_>>().join("");
    assert!(browser.contains("; HttpOnly; SameSite=Strict; Secure; Max-Age=15552000"), "{browser}");
    browser.split(';').next().expect("a pair").to_owned()
}

#[rstest]
#[tokio::test]
async fn the_lock_answers_as_a_wrong_password_and_ends_by_itself(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let token = login(&world, PASSWORD).await.ok()["access_token"].as_str().expect("a token").to_owned();
    guess(&world, 2).await;
    let mut wrong = login(&world, "wrong").await.problem(401, "wrong-credentials");
    let mut locked = login(&world, PASSWORD).await.problem(401, "wrong-credentials");
    (wrong["request_id"], locked["request_id"]) = ("".into(), "".into());
    assert_eq!(wrong, locked, "nothing tells that it is locked");
    world.send(Ask::get("/api/studies").token(&token)).await.ok();
    world.clock.advance(Duration::minutes(14));
    guess(&world, 3).await;
    login(&world, PASSWORD).await.problem(401, "wrong-credentials");
    world.clock.advance(Duration::minutes(1));
    login(&world, PASSWORD).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_right_password_counts_from_none(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = world(engine).await;
    for _ in 0..2 {
        guess(&world, 2).await;
        login(&world, PASSWORD).await.ok();
    }
    guess(&world, 3).await;
    world.clock.advance(Duration::minutes(15));
    guess(&world, 2).await;
    login(&world, PASSWORD).await.ok();
}

#[rstest]
#[tokio::test]
async fn each_account_is_locked_for_itself_and_the_audit_log_says_so(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    guess(&world, 5).await;
    world.send(attempt("/api/auth/login", "ben", PASSWORD)).await.ok();
    world.app.shutdown().await;
    let rows = world.read().await.audit_rows(None, None, 1).await.expect("rows");
    let told = json!({ "kind": "sign_in_locked", "principal": format!("user:{}", world.user("ada")), "count": 3 });
    assert_eq!(rows[0].detail, told.to_string());
}

#[rstest]
#[tokio::test]
async fn an_address_without_an_account_is_counted_like_one(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = world(engine).await;
    for _ in 0..4 {
        world.send(attempt("/api/auth/login", "nobody", "wrong")).await.problem(401, "wrong-credentials");
        world.send(attempt("/api/auth/login", "Nobody", "wrong")).await.problem(401, "wrong-credentials");
    }
    for of in ["unknown-__", "unknown-__@__"] {
        let query = format!("SELECT count(*) FROM sign_in_failures WHERE account LIKE '{of}' AND failures = 3");
        assert_eq!(world.count(&query).await, 1, "{of}");
    }
    assert_eq!(world.count("SELECT count(*) FROM sign_in_failures").await, 2);
}

#[rstest]
#[tokio::test]
async fn strangers_do_not_lock_a_browser_that_was_here_before(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let (adas, bens) = (known_browser(&world, "ada").await, known_browser(&world, "ben").await);
    guess(&world, 3).await;
    let enter = |cookie: &str, password| attempt("/api/auth/session", "ada", password).header("cookie", cookie);
    world.send(enter(&bens, PASSWORD)).await.problem(401, "wrong-credentials");
    world.send(enter(&adas.replace(&adas[30..40], "AAAAAAAAAA"), PASSWORD)).await.problem(401, "wrong-credentials");
    world.send(enter(&adas, PASSWORD)).await.ok();
    world.send(attempt("/api/auth/session", "ada", PASSWORD)).await.problem(401, "wrong-credentials");
    for _ in 0..3 {
        world.send(enter(&adas, "wrong")).await.problem(401, "wrong-credentials");
    }
    world.send(enter(&adas, PASSWORD)).await.problem(401, "wrong-credentials");
}

#[rstest]
#[tokio::test]
async fn signing_out_everywhere_ends_every_token_of_the_account_and_no_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let token = login(&world, PASSWORD).await.ok()["access_token"].as_str().expect("a token").to_owned();
    let out = world.send(Ask::post("/api/auth/logout").token(&token)).await;
    assert_eq!(out.status, 204);
    world.send(Ask::get("/api/studies").token(&token)).await.problem(401, "unauthenticated");
    world.send_as(Persona::Ada, Ask::get(world.at(""))).await.problem(401, "unauthenticated");
    world.send_as(Persona::Ben, Ask::get(world.at(""))).await.ok();
    let fresh = login(&world, PASSWORD).await.ok()["access_token"].as_str().expect("a token").to_owned();
    world.send(Ask::get(world.at("")).token(&fresh)).await.ok();
    let rows = world.read().await.audit_rows(None, None, 1).await.expect("rows");
    assert_eq!((rows[0].action.as_str(), &rows[0].object_id), ("revoke_tokens", &world.user("ada").to_string()));
}

/// Ten addresses, each with its three guesses, are more than all strangers together have.
#[rstest]
#[tokio::test]
async fn strangers_do_not_lock_a_program_at_an_address_that_has_signed_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let (own, new) = ([203, 0, 113, 7], [203, 0, 113, 8]);
    assert_eq!(login_from(&world, own).await, 200);
    guess_from(&world, 1..=1).await;
    assert_eq!(login_from(&world, [198, 51, 100, 1]).await, 401, "who guesses is locked out");
    guess_from(&world, 2..=10).await;
    assert_eq!(login_from(&world, new).await, 401, "all strangers are, after thirty guesses");
    assert_eq!(login_from(&world, own).await, 200);
    world.clock.advance(Duration::minutes(59));
    assert_eq!(login_from(&world, new).await, 401);
    world.clock.advance(Duration::minutes(1));
    assert_eq!(login_from(&world, new).await, 200);
}

#[rstest]
#[tokio::test]
async fn one_stranger_locks_no_other_stranger(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = world(engine).await;
    for _ in 0..4 {
        guess_from(&world, 1..=1).await;
    }
    assert_eq!(login_from(&world, [203, 0, 113, 8]).await, 200);
}

/// However many addresses guess, thirty guesses are told right from wrong, and the table grows by no more than its 256 places.
#[rstest]
#[tokio::test]
async fn many_strangers_together_are_told_no_more(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = world(engine).await;
    guess_from(&world, 1..=14).await;
    let all = format!("SELECT CAST(failures AS bigint) FROM sign_in_failures WHERE account = '{}'", world.user("ada"));
    assert_eq!(world.count(&all).await, 30);
    let at = format!("SELECT count(*) FROM sign_in_failures WHERE account LIKE '{}@__'", world.user("ada"));
    assert!(world.count(&at).await <= 14);
    assert_eq!(world.count("SELECT count(*) FROM known_addresses").await, 0, "a failure makes nothing known");
}

#[rstest]
#[case::a_month_later("", 30)]
#[case::access_changed("UPDATE users SET token_generation = token_generation + 1", 0)]
#[tokio::test]
async fn a_known_address_is_a_stranger_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] change: &str,
    #[case] days: i64,
) {
    let world = world(engine).await;
    let own = [203, 0, 113, 7];
    assert_eq!(login_from(&world, own).await, 200);
    if !change.is_empty() {
        world.db.as_server(change).await.expect("changed");
    }
    world.clock.advance(Duration::days(days));
    guess_from(&world, 1..=10).await;
    assert_eq!(login_from(&world, own).await, 401);
}

#[rstest]
#[case::half_a_year_later("", 180)]
#[case::access_changed("UPDATE users SET token_generation = token_generation + 1", 0)]
#[tokio::test]
async fn a_browser_is_a_stranger_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] change: &str,
    #[case] days: i64,
) {
    let world = world(engine).await;
    let known = known_browser(&world, "ada").await;
    if !change.is_empty() {
        world.db.as_server(change).await.expect("changed");
    }
    world.clock.advance(Duration::days(days));
    guess_from(&world, 1..=10).await;
    let enter = |address| attempt("/api/auth/session", "ada", PASSWORD).header("cookie", &known).from(address);
    world.send(enter([203, 0, 113, 8])).await.problem(401, "wrong-credentials");
}

#[rstest]
#[tokio::test]
async fn a_browser_stays_known_half_a_year_wherever_it_is(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = world(engine).await;
    let known = known_browser(&world, "ada").await;
    world.clock.advance(Duration::days(179));
    guess_from(&world, 1..=10).await;
    let enter = attempt("/api/auth/session", "ada", PASSWORD).header("cookie", &known).from([203, 0, 113, 8]);
    world.send(enter).await.ok();
}
