//! The audit log through the API: what was tampered with is told, and nothing is done that cannot be recorded.

use metricis_server::board::check;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona};
use crate::world::World;

async fn verify(world: &World) -> Value {
    world.send_as(Persona::Ben, Ask::get(world.at("/audit/verify"))).await.ok()
}

#[rstest]
#[tokio::test]
async fn a_result_changed_after_its_submission_is_named(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let submitted = world.submission("k").await;
    let sent = world.send_as(Persona::Pia, Ask::post("/api/portal/sessions").json(submitted)).await.ok();
    let whole = verify(&world).await;
    assert_eq!((&whole["valid"], &whole["altered_sessions"]), (&true.into(), &json!([])), "{whole}");
    let row_14 = async || check(&world.app, world.study).await.rows[13].evidence.clone();
    assert!(row_14().await.starts_with("study chain valid through row "));
    let log =
        "SELECT count(*) FROM audit_logs WHERE action = 'submit_session' AND detail LIKE '%\"result_digest\":\"%'";
    assert_eq!(world.count(log).await, 1);
    let salted = "SELECT count(*) FROM audit_logs a JOIN sessions s ON a.detail LIKE '%' || s.result_salt || '%'";
    assert_eq!(world.count(salted).await, 0, "the salt is not in the log");
    world.db.as_server("UPDATE sessions SET results = '{\"accuracy\":1}'").await.expect("the server may");
    let found = verify(&world).await;
    assert_eq!((&found["valid"], &found["altered_sessions"]), (&false.into(), &json!([sent["id"]])), "{found}");
    assert!(found["valid_through"].is_i64(), "the chain itself is whole: {found}");
    let told = format!("results are not what was submitted: session {}: ", sent["id"].as_str().expect("an id"));
    let evidence = row_14().await;
    assert!(evidence.starts_with(&told), "neither does the board call it broken: {evidence}");
}

#[rstest]
#[tokio::test]
async fn a_study_whose_chain_is_lost_is_refused_in_words(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let study = world.study.to_string();
    let lost = match engine {
        Engine::Sqlite => format!("x'{}'", world.study.0.simple()),
        Engine::Postgres => format!("'{study}'"),
    };
    let tamper = format!("UPDATE audit_chains SET study_id = NULL WHERE study_id = {lost}");
    world.db.as_server(&tamper).await.expect("the server may");
    let change = json!({ "time_zone": "Europe/Paris" });
    let refused = world.send_as(Persona::Ada, Ask::put(world.at("/settings")).json(change)).await;
    assert!(refused.json["detail"].as_str().is_some_and(|detail| detail.contains(&study)), "{}", refused.json);
    refused.problem(503, "audit-chain-lost");
    let shown = world.send_as(Persona::Ada, Ask::get(world.at(""))).await.ok();
    assert_eq!(shown["time_zone"], "Europe/Zurich", "nothing is done that cannot be recorded");
    world.send_as(Persona::Ben, Ask::get(world.at("/audit"))).await.problem(503, "audit-chain-lost");
    let found = verify(&world).await;
    let told = found["mismatch"].as_str().unwrap_or_default();
    assert_eq!(found["valid"], false);
    assert!(told.contains("names no study; its rows are of study") && told.contains(&study), "{found}");
}
