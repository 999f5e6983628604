//! Imports of participants: which records are left to their events, and the event that each enrolled one gets.

use chrono::Duration;
use metricis_core::ids::EventId;
use metricis_core::words::{EventEffect, EventSource, EventStatus};
use metricis_store::NewReconcileEvent;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::rereads::add_event_in;
use crate::world::{World, done, quoted};

fn new_event(world: &World, record: &str) -> NewReconcileEvent {
    NewReconcileEvent {
        id: EventId::at(world.now),
        study: world.study,
        project_id: "18".to_owned(),
        record_id: record.to_owned(),
        instrument: "enrolment".to_owned(),
        event_name: None,
        form: vec![("record".to_owned(), record.to_owned())],
    }
}

#[rstest]
#[case(&[], None)]
#[case(&["processed"], None)]
#[case(&["received"], Some(EventStatus::Received))]
#[case(&["processing"], Some(EventStatus::Processing))]
#[case(&["failed"], Some(EventStatus::Failed))]
#[case(&["failed", "processed"], None)]
#[case(&["processed", "failed"], Some(EventStatus::Failed))]
#[tokio::test]
async fn a_record_is_left_to_its_event_and_gets_no_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] history: &[&str],
    #[case] owed: Option<EventStatus>,
) {
    let mut world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let mut last = None;
    for status in history {
        last = Some(add_event_in(&world, "7", status).await);
        world.advance(Duration::microseconds(1));
    }
    if let Some(last) = last {
        // A duplicate is the latest row, and says nothing of its own.
        let original = ("duplicate_of_id", world.uuid(last.0));
        world.add_event("7", &[("status", quoted("duplicate")), original]).await;
        world.advance(Duration::microseconds(1));
    }
    let records = world.read().await.owed_records(world.study).await.expect("records");
    assert_eq!(records.get("7").copied(), owed);
    let (tx, new) = (world.tx().await, new_event(&world, "7"));
    let event = tx.insert_imported_event(&new, worker).await.expect("an answer");
    assert_eq!(event, owed.is_none().then_some(new.id));
    if let Some(event) = event {
        tx.finish_event(event, worker, EventEffect::Applied, None).await.expect("in its hands");
    }
    done(tx).await;
    let stored = world.read().await.event(new.id).await.expect("an answer");
    let told = stored.map(|event| (event.source, event.status, event.effect));
    let expected = (EventSource::Reconcile, EventStatus::Processed, Some(EventEffect::Applied));
    assert_eq!(told, owed.is_none().then_some(expected));
}
