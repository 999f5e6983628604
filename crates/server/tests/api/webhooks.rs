//! Events as staff see them: lists, the form, what is stuck, and replaying.

use chrono::Duration;
use metricis_core::ids::ProcessId;
use metricis_core::words::EventEffect;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::Value;

use crate::ask::{Ask, Persona, det_body, signed_det};
use crate::world::{SECRET, World};

async fn receive(world: &World, record: &str) -> String {
    let sent = world.send(signed_det(det_body(&[("record", record)]), SECRET)).await.ok();
    sent["event_id"].as_str().expect("an id").to_owned()
}

#[rstest]
#[tokio::test]
async fn events_are_listed_newest_first_and_paged(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    for record in ["1", "2", "3"] {
        receive(&world, record).await;
        world.clock.advance(Duration::seconds(1));
    }
    let page = world.send_as(Persona::Ben, Ask::get(world.at("/webhooks?limit=2&status=received"))).await.ok();
    let records: Vec<_> = page["events"].as_array().expect("a list").iter().map(|event| &event["record_id"]).collect();
    assert_eq!(records, ["3", "2"]);
    let before = page["events"][1]["id"].as_str().expect("an id");
    let rest = world.send_as(Persona::Ben, Ask::get(world.at(&format!("/webhooks?before={before}")))).await.ok();
    assert_eq!(rest["events"][0]["record_id"], "1");
    let none = world.send_as(Persona::Ben, Ask::get(world.at("/webhooks?status=failed"))).await.ok();
    assert_eq!(none["events"].as_array().map(Vec::len), Some(0));
}

#[rstest]
#[tokio::test]
async fn the_form_is_shown_as_it_came(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let id = receive(&world, "Ä-07").await;
    let event = world.send_as(Persona::Ben, Ask::get(world.at(&format!("/webhooks/{id}")))).await.ok();
    assert_eq!(event["form"][0]["name"], "redcap_url");
    assert_eq!(event["form"][4]["value"], "Ä-07");
}

/// Whether the list and the event itself say that it may be replayed.
async fn replayable(world: &World, id: &str) -> [Value; 2] {
    let listed = world.send_as(Persona::Ben, Ask::get(world.at("/webhooks"))).await.ok();
    let events = listed["events"].as_array().expect("a list");
    let event = world.send_as(Persona::Ben, Ask::get(world.at(&format!("/webhooks/{id}")))).await.ok();
    let found = events.iter().find(|event| event["id"] == id).expect("listed");
    [found["replayable"].clone(), event["replayable"].clone()]
}

#[rstest]
#[tokio::test]
async fn an_event_of_a_killed_process_is_stuck_after_a_quarter_of_an_hour_and_then_replayed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let id = receive(&world, "1").await;
    let replay = || Ask::post(world.at(&format!("/webhooks/{id}/replay")));
    let tx = world.tx().await;
    tx.claim_event(ProcessId::at(tx.now()), usize::MAX).await.expect("an answer").expect("an event");
    world.done(tx).await;
    let stuck = || Ask::get(world.at("/webhooks/stuck"));
    world.clock.advance(Duration::minutes(15));
    assert_eq!(world.send_as(Persona::Ben, stuck()).await.ok()["events"].as_array().map(Vec::len), Some(0));
    let problem = world.send_as(Persona::Ben, replay()).await.problem(409, "conflict");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("15 minutes")), "{problem}");
    assert_eq!(replayable(&world, &id).await, [false, false]);
    world.clock.advance(Duration::seconds(1));
    let listed = world.send_as(Persona::Ben, stuck()).await.ok()["events"][0].clone();
    assert_eq!((&listed["id"], &listed["replayable"]), (&id.clone().into(), &true.into()));
    assert_eq!(replayable(&world, &id).await, [true, true]);
    let event = world.send_as(Persona::Ben, replay()).await.ok();
    assert_eq!((&event["status"], &event["retry_count"]), (&"received".into(), &1.into()));
    assert_eq!(world.actions(1).await, ["replay_event"]);
    let dashboard = world.send_as(Persona::Ben, Ask::get(world.at("/dashboard"))).await.ok();
    assert_eq!(dashboard["stuck_events"], 0);
}

#[rstest]
#[tokio::test]
async fn an_event_that_waits_or_repeats_another_is_not_replayed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    for said in ["waits for a worker already", "replay the one that it repeats"] {
        let id = receive(&world, "1").await;
        let replay = Ask::post(world.at(&format!("/webhooks/{id}/replay")));
        let problem = world.send_as(Persona::Ben, replay).await.problem(409, "conflict");
        assert!(problem["detail"].as_str().is_some_and(|text| text.contains(said)), "{problem}");
    }
    assert_eq!(world.actions(1).await, ["receive_det"]);
}

#[rstest]
#[tokio::test]
async fn an_event_processed_without_effect_is_replayed_by_a_person_and_audited(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let id = receive(&world, "1").await;
    let finish = async |effect: EventEffect| {
        let tx = world.tx().await;
        let process = ProcessId::at(tx.now());
        let event = tx.claim_event(process, usize::MAX).await.expect("an answer").expect("an event");
        tx.finish_event(event.id, process, effect, Some("a note")).await.expect("held");
        world.done(tx).await;
    };
    let replay = || Ask::post(world.at(&format!("/webhooks/{id}/replay")));
    finish(EventEffect::TooEarly).await;
    assert_eq!(replayable(&world, &id).await, [true, true]);
    let shown = world.send_as(Persona::Ben, Ask::get(world.at(&format!("/webhooks/{id}")))).await.ok();
    assert_eq!((&shown["effect"], &shown["note"]), (&"too_early".into(), &"a note".into()));
    let event = world.send_as(Persona::Ben, replay()).await.ok();
    assert_eq!((&event["status"], &event["effect"]), (&"received".into(), &Value::Null));
    assert_eq!(event["note"], Value::Null);
    let row = &world.read().await.audit_rows(Some(world.study), None, 1).await.expect("rows")[0];
    assert_eq!(row.action, "replay_event");
    assert!(row.detail.contains(r#""from":"processed""#), "{}", row.detail);
    finish(EventEffect::Applied).await;
    assert_eq!(replayable(&world, &id).await, [false, false], "a note alone is no reason");
    let problem = world.send_as(Persona::Ben, replay()).await.problem(409, "conflict");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("had its effect")), "{problem}");
}
