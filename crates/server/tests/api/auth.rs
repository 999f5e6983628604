//! Signing in, tokens, and one-time links.

use chrono::Duration;
use metricis_core::ids::UserId;
use metricis_core::words::GlobalRole;
use metricis_server::password;
use metricis_store::NewUser;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::ask::{Ask, Persona};
use crate::world::World;

async fn with_account(engine: Engine) -> World {
    let world = World::new(engine).await;
    let tx = world.tx().await;
    let user = NewUser {
        id: UserId::at(tx.now()),
        email: "dora@example.org".to_owned(),
        role: GlobalRole::Coordinator,
        password_hash: password::hash("a long enough password".into()).await.expect("a hash"),
    };
    tx.insert_user(&user).await.expect("a user");
    world.done(tx).await;
    world
}

fn sign_in(email: &str, password: &str) -> Ask {
    Ask::post("/api/auth/login").json(json!({ "email": email, "password": password }))
}

#[rstest]
#[tokio::test]
async fn the_token_opens_what_the_account_may_see(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = with_account(engine).await;
    let token = world.send(sign_in(" Dora@Example.org ", "a long enough password")).await.ok();
    assert_eq!((&token["token_type"], &token["expires_in"]), (&"Bearer".into(), &3600.into()));
    let token = token["access_token"].as_str().expect("a token");
    let me = world.send(Ask::get("/api/auth/me").token(token)).await.ok();
    assert_eq!((&me["email"], &me["role"]), (&"dora@example.org".into(), &"coordinator".into()));
    world.clock.advance(Duration::minutes(60));
    world.send(Ask::get("/api/auth/me").token(token)).await.problem(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_the_same_refusal(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = with_account(engine).await;
    let mut answers = vec![];
    for (email, password) in [("dora@example.org", "wrong"), ("nobody@example.org", "wrong"), ("ada@example.org", "x")]
    {
        let mut problem = world.send(sign_in(email, password)).await.problem(401, "wrong-credentials");
        problem["request_id"] = "".into();
        answers.push(problem);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    world.app.shutdown().await;
    let rows = world.read().await.audit_rows(None, None, 1).await.expect("rows");
    assert_eq!(rows[0].detail, r#"{"kind":"sign_in","principal":"address:192.0.2.1","count":3}"#);
}

#[rstest]
#[tokio::test]
async fn a_disabled_account_is_nobody(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = with_account(engine).await;
    let token = world.send(sign_in("dora@example.org", "a long enough password")).await.ok();
    let token = token["access_token"].as_str().expect("a token").to_owned();
    world.db.as_server("UPDATE users SET disabled_at = created_at").await.expect("disabled");
    world.send(Ask::get("/api/auth/me").token(&token)).await.problem(401, "unauthenticated");
    world.send(sign_in("dora@example.org", "a long enough password")).await.problem(401, "wrong-credentials");
    world.send_as(Persona::Ada, Ask::get(world.at(""))).await.problem(401, "unauthenticated");
}

#[rstest]
#[case::staff_as_participant("metricis-staff", "/api/portal/tasks")]
#[case::participant_as_staff("metricis-participant", "/api/studies")]
#[case::somebody_elses("another-product", "/api/studies")]
#[tokio::test]
async fn a_token_of_another_audience_opens_nothing(#[case] audience: &str, #[case] path: &str) {
    let world = World::new(Engine::Sqlite).await;
    for sub in [world.pia.0, world.user("ada").0] {
        let token = world.mint(&json!({ "sub": sub, "aud": audience, "iat": 0, "exp": 4_000_000_000_i64 }));
        world.send(Ask::get(path).token(&token)).await.problem(401, "unauthenticated");
    }
}
