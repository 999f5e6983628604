//! Repeating events and forms: a visit is the first occurrence, in what is written and in what is read.

use metricis_core::sync::SessionSync;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::world::{BASELINE, World};

/// The result's value in the first instance, as REDCap exports it.
async fn exported(world: &World, field: &str) -> Vec<(String, String, String)> {
    let rows = world.export("7", field).await;
    let cell = |row: &serde_json::Value, name: &str| match &row[name] {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let filled = rows.iter().filter(|row| !cell(row, field).is_empty());
    filled
        .map(|row| (cell(row, "redcap_repeat_instrument"), cell(row, "redcap_repeat_instance"), cell(row, field)))
        .collect()
}

#[rstest]
#[case::the_form(json!([{ "event_name": BASELINE, "form_name": "reaction_time" }]), "reaction_time")]
#[case::the_event(json!([{ "event_name": BASELINE, "form_name": "" }]), "")]
#[tokio::test]
async fn a_result_goes_into_the_first_instance_and_again_into_the_same(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] repeats: serde_json::Value,
    #[case] instrument: &str,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world.design("repeatingFormsEvents", repeats).await;
    world.sync_events().await;
    let visit = world.visit_of("7", BASELINE).await;
    assert_eq!((visit.repeating, visit.repeating_instruments.len()), (instrument.is_empty(), instrument.len().min(1)));
    for _ in 0..2 {
        let session = world.sync_one("7").await;
        assert_eq!(session.sync, SessionSync::Synced);
    }
    let expected = (instrument.to_owned(), "1".to_owned(), "2".to_owned());
    assert_eq!(exported(&world, "rt_misses").await, [expected]);
}

#[rstest]
#[tokio::test]
async fn a_repeating_surveys_first_instance_is_the_visits(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.design("repeatingFormsEvents", json!([{ "event_name": BASELINE, "form_name": "wellbeing" }])).await;
    world.sync_events().await;
    world.enrolled("7").await;
    for (instance, complete) in [(2, 2), (1, 0)] {
        world.save_instance("7", BASELINE, "wellbeing", instance, complete).await;
        world.det("7", BASELINE, "wellbeing", complete).await;
        world.worker.run_until_idle().await;
        let state = world.visit_of("7", BASELINE).await.survey_state;
        assert_eq!(state.get("wellbeing").map_or(0, |state| state.complete), 0, "the second is another occurrence");
    }
    world.save_instance("7", BASELINE, "wellbeing", 1, 2).await;
    world.det("7", BASELINE, "wellbeing", 2).await;
    world.worker.run_until_idle().await;
    assert_eq!(world.visit_of("7", BASELINE).await.survey_state["wellbeing"].complete, 2);
}
