//! A database that restarts while work is under way: the work waits, and no person has to replay it.

use metricis_store::testing::Engine;
use rstest::rstest;

use crate::log::Log;
use crate::world::{BASELINE, World};

/// `participants` is away, as a whole database is for the moments of its restart, when the worker has claimed the event.
#[rstest]
#[tokio::test]
async fn an_event_waits_for_a_database_that_restarts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-02")]).await;
    let (event, _) = world.det("7", BASELINE, "enrollment", 2).await;
    let log = Log::capture();
    world.db.tamper("ALTER TABLE participants RENAME TO participants_away").await.expect("away");
    let worker = world.worker.clone();
    let working = tokio::spawn(async move { worker.run_until_idle().await });
    while !log.text().contains("the database is away") && !working.is_finished() {
        tokio::task::yield_now().await;
    }
    world.db.tamper("ALTER TABLE participants_away RENAME TO participants").await.expect("back");
    working.await.expect("no panic");
    let event = world.event(event).await;
    assert_eq!((event.status.as_str(), event.error_message), ("processed", None));
}
