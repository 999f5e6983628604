//! Studies, their settings and their status.

use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona};
use crate::world::World;

#[rstest]
#[tokio::test]
async fn everybody_sees_the_studies_they_have_a_role_on(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    for (persona, codes) in [(Persona::Ada, vec!["NBK"]), (Persona::Cleo, vec!["OTH"]), (Persona::Gus, vec![])] {
        let listed = world.send_as(persona, Ask::get("/api/studies")).await.ok();
        let seen: Vec<_> = listed["studies"].as_array().expect("a list").iter().map(|study| &study["code"]).collect();
        assert_eq!(seen, codes, "{persona:?}");
    }
}

#[rstest]
#[tokio::test]
async fn activating_is_refused_with_the_red_rows(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let ask = Ask::post(world.at("/status")).json(json!({ "status": "active" }));
    let problem = world.send_as(Persona::Ada, ask).await.problem(409, "board-red");
    let rows = problem["rows"].as_array().expect("rows");
    assert!(rows.iter().any(|row| row.as_str().is_some_and(|row| row.starts_with("15 "))), "{rows:?}");
    assert_eq!(world.count("SELECT count(*) FROM studies WHERE status = 'active'").await, 0);
}

#[rstest]
#[tokio::test]
async fn an_active_study_is_paused_and_completed_with_audit(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let tx = world.tx().await;
    tx.set_study_status(world.study, "active".parse().expect("a status")).await.expect("written");
    world.done(tx).await;
    for status in ["paused", "completed"] {
        let ask = Ask::post(world.at("/status")).json(json!({ "status": status }));
        assert_eq!(world.send_as(Persona::Ada, ask).await.ok()["status"], status);
    }
    assert_eq!(world.actions(2).await, ["set_study_status", "set_study_status"]);
    let back = Ask::post(world.at("/status")).json(json!({ "status": "paused" }));
    world.send_as(Persona::Ada, back).await.problem(409, "conflict");
}

#[rstest]
#[tokio::test]
async fn settings_change_only_what_is_given(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let put = |body: Value| world.send_as(Persona::Ada, Ask::put(world.at("/settings")).json(body));
    let study = put(json!({ "constraints": { "consent_mode": "digital" }, "integration_mode": "redcap" })).await.ok();
    assert_eq!(study["constraints"]["consent_mode"], "digital");
    assert_eq!(study["constraints"]["require_consent_for_scheduling"], true);
    let policy = json!({ "sources": ["manual_entry"], "permissions": { "can_override": ["owner"] } });
    let study = put(json!({ "enrollment_date_policy": policy })).await.ok();
    assert_eq!(study["enrollment_date_policy"]["re_anchoring"]["completed_visit_handling"], "flag_for_review");
    let rows = world.read().await.audit_rows(Some(world.study), None, 1).await.expect("rows");
    let told: serde_json::Value = serde_json::from_str(&rows[0].detail).expect("JSON");
    let permissions = json!({
        "path": "enrollment_date_policy.permissions", "before": { "can_override": ["owner", "admin", "coordinator"] },
        "after": { "can_override": ["owner"] },
    });
    assert_eq!(told["changed"][0], permissions);
    put(json!({ "time_zone": "Europe/Zurich" })).await.ok();
    assert_eq!(world.actions(3).await, ["set_study_config", "set_study_config", "create_study"], "no change, no row");
}

#[rstest]
#[case::metricis(json!({ "integration_mode": "metricis" }))]
#[case::zone(json!({ "time_zone": "Mars/Olympus" }))]
#[case::no_source(json!({ "enrollment_date_policy": { "sources": [] } }))]
#[case::doubled_source(json!({ "enrollment_date_policy": { "sources": ["manual_entry", "manual_entry"] } }))]
#[case::nobody(json!({ "enrollment_date_policy": { "permissions": { "can_override": [] } } }))]
#[case::unknown(json!({ "constraints": { "consent": "digital" } }))]
#[tokio::test]
async fn settings_that_make_no_sense_are_refused(#[case] body: Value) {
    let world = World::new(Engine::Sqlite).await;
    let ask = Ask::put(world.at("/settings")).json(body);
    world.send_as(Persona::Ada, ask).await.problem(422, "invalid");
    assert_eq!(world.actions(1).await, ["create_study"]);
}

#[rstest]
#[tokio::test]
async fn a_sites_group_is_unique_in_its_study(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let site =
        |code: &str| Ask::post(world.at("/sites")).json(json!({ "code": code, "name": code, "redcap_dag": "north" }));
    world.send_as(Persona::Ada, site("NORTH")).await.ok();
    let problem = world.send_as(Persona::Ada, site("SOUTH")).await.problem(409, "conflict");
    assert_eq!(problem["detail"], "a site of the study has this data access group");
    let problem =
        world.send_as(Persona::Ada, Ask::post(world.at("/sites")).json(json!({ "code": "NORTH", "name": "N" })));
    assert_eq!(problem.await.problem(409, "conflict")["detail"], "the study has a site with this code");
    let sites = world.send_as(Persona::Ben, Ask::get(world.at("/sites"))).await.ok();
    assert_eq!(sites["sites"].as_array().map(Vec::len), Some(1));
}
