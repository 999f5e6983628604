//! A database that restarts while work is under way: the work waits, and no person has to replay it.

use metricis_core::sync::SessionSync;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::log::Log;
use crate::world::{BASELINE, World, done};

/// Lets the worker work while `table` is away, as a whole database is for the moments of its restart, and brings it back when
/// the worker has said that it waits.
async fn work_while_away(world: &World, table: &str) -> Log {
    let log = Log::capture();
    world.db.tamper(&format!("ALTER TABLE {table} RENAME TO {table}_away")).await.expect("away");
    let worker = world.worker.clone();
    let working = tokio::spawn(async move { worker.run_until_idle().await });
    while !log.text().contains("the database is away") && !working.is_finished() {
        tokio::task::yield_now().await;
    }
    world.db.tamper(&format!("ALTER TABLE {table}_away RENAME TO {table}")).await.expect("back");
    working.await.expect("no panic");
    log
}

#[rstest]
#[tokio::test]
async fn an_event_waits_for_a_database_that_restarts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-02")]).await;
    let (event, _) = world.det("7", BASELINE, "enrollment", 2).await;
    work_while_away(&world, "participants").await;
    let event = world.event(event).await;
    assert_eq!((event.status.as_str(), event.error_message), ("processed", None));
}

/// It reads its study first.
#[rstest]
#[tokio::test]
async fn a_reread_waits_for_a_database_that_restarts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let tx = world.tx().await;
    tx.ask_reread(world.study, "7").await.expect("asked");
    done(tx).await;
    work_while_away(&world, "studies").await;
    assert_eq!(world.count("record_rereads WHERE wanted > done OR claimed_by IS NOT NULL").await, 0, "it was done");
    assert_eq!(world.read().await.troubled_rereads(world.study).await, Ok(vec![]), "and without an error");
}

/// The study is there, the result and its participant are not.
#[rstest]
#[tokio::test]
async fn a_sync_waits_for_a_database_that_restarts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("studies", "participants")] table: &str,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let visit = world.visit_of("7", BASELINE).await.id;
    let id = world.submit(&participant, Some(visit), json!({"median_ms": 412.5})).await;
    let log = work_while_away(&world, table).await;
    assert_eq!(world.session(id).await.sync, SessionSync::Synced);
    assert!(log.errors_with("severity", "CRITICAL").is_empty());
}
