//! Stage 5: a participant is told when a result has not arrived, and never shown an estimate (guarantee 4).

use chrono::Duration;
use metricis_core::sync::{DataStatus, data_status};
use metricis_redcap_sim::Fault;
use metricis_store::StoredParticipant;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::world::{BASELINE, World, day};

async fn status_of(world: &World, participant: &StoredParticipant) -> DataStatus {
    let facts = world.read().await.sync_facts(participant.id).await.expect("facts");
    data_status(&facts, world.now())
}

#[rstest]
#[tokio::test]
async fn a_failed_sync_shows_the_banner_until_a_person_has_it_synced(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    assert!(!status_of(&world, &participant).await.stale);
    world.break_redcap(Fault::EmptyBody500);
    let session = world.sync_one("7").await;
    let status = status_of(&world, &participant).await;
    let banner = "Your responses were saved on this device. The study team has been notified.";
    assert_eq!((status.has_failed_sync, status.stale, status.banner), (true, true, Some(banner)));
    let dashboard = world.read().await.dashboard(world.study, day("2026-03-02")).await.expect("a dashboard");
    assert_eq!(dashboard.failed_syncs, 1, "the coordinator's tile counts it");
    world.break_redcap(None);
    world.resync(session.id).await;
    let status = status_of(&world, &participant).await;
    assert_eq!((status.has_failed_sync, status.stale, status.banner), (false, false, None));
}

#[rstest]
#[tokio::test]
async fn a_result_that_waits_too_long_is_stale(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let visit = world.visit_of("7", BASELINE).await.id;
    world.submit(&participant, Some(visit), json!({"median_ms": 400})).await;
    assert!(!status_of(&world, &participant).await.stale, "waiting is no failure");
    world.clock.advance(Duration::minutes(16));
    let status = status_of(&world, &participant).await;
    assert_eq!((status.stale, status.has_failed_sync, status.pending_count), (true, false, 1));
    world.worker.run_until_idle().await;
    assert!(!status_of(&world, &participant).await.stale);
}
