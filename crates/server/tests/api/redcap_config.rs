//! The connection to REDCap: secrets go in sealed and never come out; a token never follows an edited address.

use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona, Reply};
use crate::world::{SECRET, TOKEN, World};

async fn connect(world: &World, body: Value) -> Reply {
    world.send_as(Persona::Ada, Ask::put(world.at("/redcap/connection")).json(body)).await
}

#[rstest]
#[tokio::test]
async fn no_answer_holds_a_secret(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let config = world.send_as(Persona::Ben, Ask::get(world.at("/redcap"))).await.ok();
    assert_eq!((&config["has_token"], &config["has_webhook_secret"]), (&true.into(), &true.into()));
    let template = "https://redcap:WEBHOOK_SECRET@metricis.example.org/api/webhooks/redcap/det";
    assert_eq!(config["det_url_template"], template);
    for secret in [SECRET, TOKEN, "enc:v2"] {
        assert!(!config.to_string().contains(secret));
    }
}

#[rstest]
#[tokio::test]
async fn another_origin_needs_the_token_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let same = json!({ "api_url": "https://redcap.example.edu/redcap/api", "project_id": "20" });
    let config = connect(&world, same).await.ok();
    assert_eq!(
        (&config["api_url"], &config["project_id"]),
        (&"https://redcap.example.edu/redcap/api/".into(), &"20".into())
    );
    let elsewhere = json!({ "api_url": "https://redcap.example.com/api/", "project_id": "20" });
    connect(&world, elsewhere.clone()).await.problem(422, "invalid");
    let mut with_token = elsewhere;
    with_token["api_token"] = "FEDCBA9876543210FEDCBA9876543210".into();
    connect(&world, with_token).await.ok();
    let rows = world.read().await.audit_rows(Some(world.study), None, 1).await.expect("rows");
    let detail: Value = serde_json::from_str(&rows[0].detail).expect("JSON");
    assert_eq!(detail["origin_before"], "https://redcap.example.edu");
    assert_eq!((&detail["origin"], &detail["token_replaced"]), (&"https://redcap.example.com".into(), &true.into()));
    let sealed = "SELECT count(*) FROM studies WHERE (config->'redcap'->>'api_token') LIKE 'enc:v2:%' AND code = 'NBK'";
    assert_eq!(world.count(sealed).await, 1);
    assert_eq!(world.count("SELECT count(*) FROM studies WHERE CAST(config AS text) LIKE '%FEDCBA%'").await, 0);
}

#[rstest]
#[case(json!({ "api_url": "https://redcap.example.edu/api/?token=1", "project_id": "18" }))]
#[case(json!({ "api_url": "ftp://redcap.example.edu/", "project_id": "18" }))]
#[case(json!({ "api_url": "https://redcap.example.edu/api/", "project_id": "eighteen" }))]
#[case(json!({ "api_url": "https://redcap.example.edu/api/", "project_id": "18", "api_token": "two words" }))]
#[tokio::test]
async fn what_is_no_connection_is_refused(#[case] body: Value) {
    connect(&World::new(Engine::Sqlite).await, body).await.problem(422, "invalid");
}

#[rstest]
#[tokio::test]
async fn mappings_change_only_when_given(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let put = |body: Value| world.send_as(Persona::Ada, Ask::put(world.at("/redcap/settings")).json(body));
    let mapping = json!({ "stroop": { "instrument": "stroop", "fields": { "score": "st_score" } } });
    let config = put(json!({ "record_id_field": "participant_code", "redcap_field_mapping": mapping })).await.ok();
    assert_eq!(config["record_id_field"], "participant_code");
    assert_eq!(config["enrollment_instrument"], "enrollment");
    assert_eq!(config["redcap_field_mapping"], mapping);
    let rows = world.read().await.audit_rows(Some(world.study), None, 1).await.expect("rows");
    let told: serde_json::Value = serde_json::from_str(&rows[0].detail).expect("JSON");
    let expected = json!({ "path": "redcap.record_id_field", "before": "external_id", "after": "participant_code" });
    assert_eq!(told["changed"][0], expected);
    assert_eq!(
        (&told["changed"][1]["path"], &told["changed"][1]["after"]),
        (&"redcap.redcap_field_mapping".into(), &mapping)
    );
    put(json!({ "redcap_field_mapping": { "stroop": { "instrument": " ", "fields": {} } } }))
        .await
        .problem(422, "invalid");
    put(json!({ "anchor_date_field": " " })).await.problem(422, "invalid");
}

#[rstest]
#[tokio::test]
async fn a_breaker_is_reset_by_hand(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let tx = world.tx().await;
    let open = tx.lock_breaker(world.study).await.expect("a breaker");
    let settings = metricis_core::breaker::BreakerSettings { failure_threshold: 1, ..Default::default() };
    let ticket = metricis_core::breaker::Ticket { generation: open.generation(), probe: false };
    let failed = metricis_core::breaker::CallOutcome::ApiError;
    let (open, _) = open.settle(ticket, uuid::Uuid::nil(), failed, world.now(), &settings);
    tx.save_breaker(world.study, &open).await.expect("written");
    world.done(tx).await;
    let reset = world.send_as(Persona::Ada, Ask::post(world.at("/breaker/reset"))).await.ok();
    assert_eq!((&reset["before"]["state"], &reset["breaker"]["state"]), (&"open".into(), &"closed".into()));
    assert_eq!(world.actions(1).await, ["reset_breaker"]);
    let dashboard = world.send_as(Persona::Ben, Ask::get(world.at("/dashboard"))).await.ok();
    assert_eq!(dashboard["breaker"]["state"], "closed");
}

#[rstest]
#[tokio::test]
async fn a_mapping_that_cannot_work_is_refused_with_each_problem(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let put = |body: Value| world.send_as(Persona::Ada, Ask::put(world.at("/redcap/settings")).json(body));
    let wrong = json!({ "Enrol Date": "enrollment_date", "arm_a": "arm", "arm_b": "arm", "site": "centre" });
    let refused = put(json!({ "participant_field_mapping": wrong })).await;
    for told in
        ["\"Enrol Date\" is no name of a REDCap field", "arm_b and arm_a both map to arm", "site maps to \"centre\""]
    {
        assert!(
            refused.json["detail"].as_str().is_some_and(|detail| detail.contains(told)),
            "{told}: {}",
            refused.json
        );
    }
    refused.problem(422, "invalid");
    assert_eq!(world.actions(1).await, ["create_study"], "nothing is written");
    put(json!({ "participant_field_mapping": { "enrol_date": "enrollment_date", "group___1": "arm" } })).await.ok();
    let other = put(json!({ "anchor_date_field": "consent_date" })).await;
    assert!(other.json["detail"].as_str().is_some_and(|detail| detail.contains("make them agree")), "{}", other.json);
    other.problem(422, "invalid");
}

#[rstest]
#[tokio::test]
async fn the_surveys_are_shown(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let shown =
        async || world.send_as(Persona::Ben, Ask::get(world.at("/redcap"))).await.ok()["survey_instruments"].clone();
    assert_eq!(shown().await, json!([]));
    let set = Ask::put(world.at("/redcap/settings")).json(json!({ "survey_instruments": ["mood", "sleep"] }));
    world.send_as(Persona::Ada, set).await.ok();
    assert_eq!(shown().await, json!(["mood", "sleep"]));
}
