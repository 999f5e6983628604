//! Consent opens the gate: the visits go into the version that exists already.

use metricis_core::words::ConsentMode;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::ask::{Ask, Persona};
use crate::world::World;

async fn set_mode(world: &World, mode: ConsentMode) {
    let tx = world.tx().await;
    let mut config = tx.study(world.study).await.expect("an answer").expect("the study").config;
    config.constraints.consent_mode = Some(mode);
    tx.set_study_config(world.study, &config).await.expect("written");
    world.done(tx).await;
}

#[rstest]
#[tokio::test]
async fn a_manual_consent_makes_the_visits_of_version_1(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let screened = world.add_screened(world.study, "Ä-07").await;
    let record = || Ask::post(world.at(&format!("/participants/{screened}/consent"))).json(json!({ "mode": "manual" }));
    let recorded = world.send_as(Persona::Ben, record()).await.ok();
    assert_eq!(recorded, json!({ "status": "enrolled", "visits": 2 }));
    let detail = world.send_as(Persona::Ben, Ask::get(world.at(&format!("/participants/{screened}")))).await.ok();
    assert_eq!(detail["versions"].as_array().map(Vec::len), Some(1));
    assert_eq!((&detail["visits"][0]["version_number"], &detail["consent"]["mode"]), (&1.into(), &"manual".into()));
    assert_eq!(world.actions(1).await, ["record_consent"]);
    let problem = world.send_as(Persona::Ben, record()).await.problem(409, "conflict");
    assert_eq!(problem["detail"], "the participant's consent is on record already");
}

#[rstest]
#[tokio::test]
async fn a_digital_consent_is_the_participants_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    set_mode(&world, ConsentMode::Digital).await;
    world.pia = world.add_screened(world.study, "Ä-07").await;
    world.signed_in = world.sign_in(world.pia).await;
    let by_staff =
        Ask::post(world.at(&format!("/participants/{}/consent", world.pia))).json(json!({ "mode": "digital" }));
    world.send_as(Persona::Ben, by_staff).await.problem(422, "invalid");
    let tasks = world.send_as(Persona::Pia, Ask::get("/api/portal/tasks")).await.ok();
    assert_eq!(tasks["tasks"][0]["kind"], "consent");
    let given = world.send_as(Persona::Pia, Ask::post("/api/portal/consent")).await.ok();
    assert_eq!(given, json!({ "status": "enrolled", "visits": 2 }));
    let tasks = world.send_as(Persona::Pia, Ask::get("/api/portal/tasks")).await.ok();
    assert_eq!(tasks["tasks"][0]["kind"], "assessment");
}

#[rstest]
#[tokio::test]
async fn consent_is_not_invented(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let waived = Ask::post(world.at(&format!("/participants/{}/consent", world.pia))).json(json!({ "mode": "waived" }));
    world.send_as(Persona::Ben, waived).await.problem(422, "invalid");
    world.send_as(Persona::Pia, Ask::post("/api/portal/consent")).await.problem(409, "conflict");
}

#[rstest]
#[tokio::test]
async fn the_withdrawn_stay_so(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let base = world.at(&format!("/participants/{}", world.pia));
    let withdraw = Ask::post(format!("{base}/withdraw")).json(json!({ "reason": "moved away" }));
    assert_eq!(world.send_as(Persona::Ben, withdraw).await.ok()["status"], "withdrawn");
    let consent = Ask::post(format!("{base}/consent")).json(json!({ "mode": "manual" }));
    world.send_as(Persona::Ben, consent).await.problem(409, "conflict");
    let tasks = world.send_as(Persona::Pia, Ask::get("/api/portal/tasks")).await.ok();
    assert_eq!(tasks["tasks"].as_array().map(Vec::len), Some(0));
    let sent = Ask::post("/api/portal/sessions").json(world.submission("k").await);
    assert_eq!(world.send_as(Persona::Pia, sent).await.ok()["review_flag"], "withdrawn", "no answer is lost");
    let listed =
        world.send_as(Persona::Ben, Ask::get(world.at("/participants?status=withdrawn&search=332"))).await.ok();
    assert_eq!(listed["participants"][0]["external_id"], "332-1");
}
