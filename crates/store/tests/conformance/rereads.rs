//! Re-reads: coalesced, run once more when asked for meanwhile, and never the retry that a person owes.

use chrono::Duration;
use metricis_core::ids::{EventId, ProcessId};
use metricis_core::words::{EventSource, EventStatus};
use metricis_store::testing::Engine;
use metricis_store::{NewReconcileEvent, Reread, TroubledReread};
use rstest::rstest;

use crate::world::{World, conflict, done, quoted};

async fn ask(world: &World, record: &str) {
    let tx = world.tx().await;
    tx.ask_reread(world.study, record).await.expect("asked");
    done(tx).await;
}

async fn claim(world: &World, process: ProcessId) -> Option<i64> {
    let tx = world.tx().await;
    let reread = tx.claim_reread(process, usize::MAX).await.expect("an answer");
    done(tx).await;
    reread.map(|Reread { study, generation, .. }| {
        assert_eq!(study, world.study);
        generation
    })
}

#[rstest]
#[tokio::test]
async fn askings_coalesce_and_a_later_one_runs_it_once_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    ask(&world, "7").await;
    ask(&world, "7").await;
    assert_eq!(claim(&world, worker).await, Some(2), "two askings, one re-read");
    ask(&world, "7").await;
    assert_eq!(claim(&world, worker).await, None, "it is under way");
    let tx = world.tx().await;
    tx.finish_reread(world.study, "7", 2, worker).await.expect("held");
    done(tx).await;
    assert_eq!(claim(&world, worker).await, Some(3));
    let other = world.add_process("worker").await;
    conflict(world.tx().await.finish_reread(world.study, "7", 3, other).await);
    let tx = world.tx().await;
    tx.finish_reread(world.study, "7", 3, worker).await.expect("held");
    done(tx).await;
    assert_eq!(claim(&world, worker).await, None);
}

#[rstest]
#[tokio::test]
async fn a_failed_or_abandoned_one_is_shown_and_waits_to_be_asked_for(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    ask(&world, "failed").await;
    claim(&world, worker).await;
    let tx = world.tx().await;
    tx.fail_reread(world.study, "failed", 1, worker, "REDCap answered 503").await.expect("held");
    done(tx).await;
    let claimed_at = Some(world.now);
    ask(&world, "left").await;
    claim(&world, worker).await;
    world.advance(Duration::hours(1));
    assert_eq!(claim(&world, worker).await, None, "neither is tried again by itself");
    let troubled = world.read().await.troubled_rereads(world.study).await;
    let error = Some("REDCap answered 503".to_owned());
    assert_eq!(
        troubled.expect("a list"),
        [
            TroubledReread { record_id: "failed".to_owned(), claimed_at: None, error },
            TroubledReread { record_id: "left".to_owned(), claimed_at, error: None },
        ]
    );
    ask(&world, "failed").await;
    assert_eq!(claim(&world, worker).await, Some(2));
    ask(&world, "left").await;
    assert_eq!(claim(&world, worker).await, Some(2));
    assert_eq!(world.read().await.troubled_rereads(world.study).await, Ok(vec![]));
}

#[rstest]
#[case::waiting("received", false)]
#[case::under_way("processing", false)]
#[case::applied("processed", true)]
#[case::failed("failed", true)]
#[tokio::test]
async fn a_reread_waits_for_the_events_of_its_record(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] status: &str,
    #[case] runs: bool,
) {
    let world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    add_event_in(&world, "7", status).await;
    ask(&world, "7").await;
    assert_eq!(claim(&world, worker).await.is_some(), runs);
}

pub async fn add_event_in(world: &World, record: &str, status: &str) -> EventId {
    let now = world.moment(world.now);
    let all = [("claimed_at", now.clone()), ("processed_at", now), ("error_message", quoted("why"))];
    world.add_event(record, &[&[("status", quoted(status))], &all[..]].concat()).await
}

#[rstest]
#[case::none(&[], true)]
#[case::waiting(&["received"], false)]
#[case::under_way(&["processing"], false)]
#[case::applied(&["processed"], true)]
#[case::failed(&["failed"], false)]
#[case::failed_then_applied(&["failed", "processed"], true)]
#[case::waiting_then_applied(&["received", "processed"], false)]
#[case::applied_then_failed(&["processed", "failed"], false)]
#[tokio::test]
async fn a_reconcile_event_is_no_retry(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] history: &[&str],
    #[case] added: bool,
) {
    let mut world = World::new(engine).await;
    let mut last = None;
    for status in history {
        last = Some(add_event_in(&world, "7", status).await);
        world.advance(Duration::microseconds(1));
    }
    add_event_in(&world, "8", "failed").await;
    if let Some(last) = last {
        // A duplicate is the latest row, and says nothing of its own.
        let original = ("duplicate_of_id", world.uuid(last.0));
        world.add_event("7", &[("status", quoted("duplicate")), original]).await;
        world.advance(Duration::microseconds(1));
    }
    let new = NewReconcileEvent {
        id: EventId::at(world.now),
        study: world.study,
        project_id: "18".to_owned(),
        record_id: "7".to_owned(),
        instrument: "enrolment".to_owned(),
        event_name: Some("baseline_arm_1".to_owned()),
        form: vec![("record".to_owned(), "7".to_owned())],
    };
    let tx = world.tx().await;
    assert_eq!(tx.insert_reconcile_event(&new).await, Ok(added.then_some(new.id)));
    done(tx).await;
    let stored = world.read().await.event(new.id).await.expect("an answer");
    let told = stored.map(|event| (event.source, event.status, event.event_name, event.form));
    let expected = (EventSource::Reconcile, EventStatus::Received, new.event_name, new.form);
    assert_eq!(told, added.then_some(expected));
}

#[rstest]
#[tokio::test]
async fn a_process_is_told_which_rereads_it_holds(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let (mine, other) = (world.add_process("worker").await, world.add_process("worker").await);
    for (record, process) in [("b", mine), ("x", other), ("a", mine)] {
        ask(&world, record).await;
        assert!(claim(&world, process).await.is_some());
        world.advance(Duration::microseconds(1));
    }
    ask(&world, "waits").await;
    let held = world.read().await.claimed_rereads(mine).await.expect("re-reads");
    let held: Vec<_> = held.iter().map(|held| (held.study, held.record_id.as_str(), held.generation)).collect();
    assert_eq!(held, [(world.study, "a", 1), (world.study, "b", 1)], "by record");
}
