//! A DET twice is one event and one duplicate (checklist §1 row 8, §6.5).

use chrono::Duration;
use metricis_core::ids::ProcessId;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::Value;

use crate::ask::{det_body, signed_det};
use crate::world::{SECRET, World};

async fn deliver(world: &World, with: &[(&str, &str)]) -> Value {
    world.send(signed_det(det_body(with), SECRET)).await.ok()
}

#[rstest]
#[tokio::test]
async fn the_same_payload_again_is_a_duplicate_of_the_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let first = deliver(&world, &[]).await;
    assert_eq!((&first["status"], &first["duplicate_of"]), (&"received".into(), &Value::Null));
    let second = deliver(&world, &[]).await;
    assert_eq!((&second["status"], &second["duplicate_of"]), (&"duplicate".into(), &first["event_id"]));
    let rows = "SELECT count(*) FROM webhook_events WHERE status = 'duplicate' AND duplicate_of_id IS NOT NULL";
    assert_eq!((world.count("SELECT count(*) FROM webhook_events").await, world.count(rows).await), (2, 1));
    assert_eq!(world.actions(2).await, ["receive_det", "receive_det"]);
}

#[rstest]
#[tokio::test]
async fn the_order_of_fields_does_not_matter(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    deliver(&world, &[]).await;
    let mut parts: Vec<String> =
        String::from_utf8(det_body(&[])).expect("text").split('&').map(str::to_owned).collect();
    parts.reverse();
    let again = world.send(signed_det(parts.join("&"), SECRET)).await.ok();
    assert_eq!(again["status"], "duplicate");
}

#[rstest]
#[case::another_record(&[("record", "Ä-07")])]
#[case::another_completion(&[("enrollment_complete", "1")])]
#[case::another_instance(&[("redcap_repeat_instance", "2")])]
#[case::another_event(&[("redcap_event_name", "visit_1_arm_1")])]
#[case::another_group(&[("redcap_data_access_group", "site_north")])]
#[tokio::test]
async fn what_differs_in_its_natural_key_is_an_event_of_its_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] with: &[(&str, &str)],
) {
    let world = World::new(engine).await;
    deliver(&world, &[]).await;
    assert_eq!(deliver(&world, with).await["status"], "received");
}

#[rstest]
#[tokio::test]
async fn who_saved_does_not_make_another_event(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    deliver(&world, &[]).await;
    assert_eq!(deliver(&world, &[("username", "[survey respondent]")]).await["status"], "duplicate");
}

#[rstest]
#[tokio::test]
async fn after_the_window_it_is_an_event_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::with(engine, |settings| settings.idempotency_ttl_s = 60).await;
    deliver(&world, &[]).await;
    world.clock.advance(Duration::seconds(59));
    assert_eq!(deliver(&world, &[]).await["status"], "duplicate");
    world.clock.advance(Duration::seconds(1));
    assert_eq!(deliver(&world, &[]).await["status"], "received");
}

#[rstest]
#[tokio::test]
async fn a_failed_original_does_not_swallow_its_retry(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    deliver(&world, &[]).await;
    let (tx, process) = (world.tx().await, ProcessId::at(world.now()));
    let event = tx.claim_event(process, usize::MAX).await.expect("an answer").expect("an event");
    tx.fail_event(event.id, process, "REDCap answered 503").await.expect("processing");
    world.done(tx).await;
    assert_eq!(deliver(&world, &[]).await["status"], "received");
}

#[rstest]
#[tokio::test]
async fn a_duplicate_asks_for_one_reread_of_its_record(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    for _ in 0..3 {
        deliver(&world, &[]).await;
    }
    assert_eq!(world.count("SELECT count(*) FROM record_rereads WHERE wanted > done").await, 1);
    assert_eq!(world.count("SELECT wanted FROM record_rereads").await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_make_one_original(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let asks = (0..100).map(|_| tokio::spawn(signed_det(det_body(&[]), SECRET).send(world.router.clone())));
    let mut originals = 0;
    for ask in asks.collect::<Vec<_>>() {
        let answer = ask.await.expect("no panic").ok();
        originals += usize::from(answer["status"] == "received");
    }
    assert_eq!(originals, 1);
    assert_eq!(world.count("SELECT count(*) FROM webhook_events WHERE status = 'duplicate'").await, 99);
}
