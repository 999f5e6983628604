//! A participant's session: what opens it, and that signing out ends it.

use chrono::Duration;
use metricis_server::{ServerSettings, SessionStorage, router};
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::ask::{Ask, Persona};
use crate::credentials::redis;
use crate::world::World;

const PORTAL: [&str; 4] = ["data-status", "tasks", "schedule", "sessions"];

fn sign_out() -> Ask {
    Ask::post("/api/auth/participant/sign-out")
}

#[rstest]
#[tokio::test]
async fn a_link_opens_one_session_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let path = world.at(&format!("/participants/{}/link", world.pia));
    let link = world.send_as(Persona::Ben, Ask::post(path)).await.ok();
    let code = link["code"].as_str().expect("a code").to_owned();
    assert_eq!(link["url"], format!("https://metricis.example.org/app/enter#{code}"));
    let stored = format!("SELECT count(*) FROM participant_links WHERE code_hash = '{code}'");
    assert_eq!(world.count(&stored).await, 0, "only the hash is stored");
    let enter = || Ask::post("/api/auth/participant").json(json!({ "code": code }));
    let session = world.send(enter()).await.ok();
    let token = session["session_token"].as_str().expect("a token");
    world.send(Ask::get("/api/portal/data-status").token(token)).await.ok();
    world.send(Ask::get("/api/studies").token(token)).await.problem(401, "unauthenticated");
    world.send(enter()).await.problem(401, "wrong-credentials");
    assert_eq!(world.actions(2).await, ["use_participant_link", "create_participant_link"]);
}

#[rstest]
#[tokio::test]
async fn a_link_expires(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let asked = json!({ "study": "NBK", "participant": "P-332-1" });
    let link = world.send(Ask::post("/api/testing/participant-link").json(asked)).await.ok();
    world.clock.advance(Duration::days(1));
    let enter = Ask::post("/api/auth/participant").json(json!({ "code": link["code"] }));
    world.send(enter).await.problem(401, "wrong-credentials");
}

/// A phone and a tablet: the phone signs out. The tablet stays, and no process of any storage serves the phone again.
#[rstest]
#[tokio::test]
async fn signing_out_ends_this_session_on_every_server(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(SessionStorage::Memory, SessionStorage::Redis)] storage: SessionStorage,
) {
    let keep = |settings: &mut ServerSettings| match storage {
        SessionStorage::Memory => {}
        SessionStorage::Redis => redis(settings),
    };
    let world = World::with(engine, keep).await;
    let phone = world.token_of(Persona::Pia).expect("a token");
    let tablet = world.token_of_sign_in(world.sign_in(world.pia).await);
    let elsewhere = router(world.another(keep));
    for path in PORTAL {
        Ask::get(format!("/api/portal/{path}")).token(&phone).send(elsewhere.clone()).await.ok();
    }
    assert_eq!(world.send(sign_out().token(&phone)).await.status, 204);
    for path in PORTAL {
        let ask = || Ask::get(format!("/api/portal/{path}"));
        world.send(ask().token(&phone)).await.problem(401, "unauthenticated");
        ask().token(&phone).send(elsewhere.clone()).await.problem(401, "unauthenticated");
        world.send(ask().token(&tablet)).await.ok();
    }
    world.send(sign_out().token(&phone)).await.problem(401, "unauthenticated");
    let late = world.submission("k").await;
    world.send(Ask::post("/api/portal/sessions").json(late).token(&phone)).await.problem(401, "unauthenticated");
    assert_eq!(world.count("SELECT count(*) FROM sessions").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_token_without_a_sign_in_of_its_own_opens_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let other = world.add_participant(world.study, "332-2").await;
    let exp = (world.now() + Duration::hours(1)).timestamp();
    let nobodys = json!("00000000-0000-7000-8000-000000000007");
    let others = json!(world.sign_in(other).await.id);
    for sid in [json!(null), nobodys, others] {
        let claims = json!({ "sub": world.pia, "aud": "metricis-participant", "sid": sid, "iat": 0, "exp": exp });
        let token = world.mint(&claims);
        world.send(Ask::get("/api/portal/tasks").token(&token)).await.problem(401, "unauthenticated");
    }
}
