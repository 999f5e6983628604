//! A result whose record is gone from REDCap since the last reconcile: it makes no new record there, and it is not called synced.

use metricis_core::sync::SessionSync;
use metricis_core::words::{FlagResolution, SyncErrorType};
use metricis_redcap_sim::Scope;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::effects::submitted;
use crate::world::World;

async fn enrolled(engine: Engine) -> World {
    let world = World::new(engine).await;
    world.sim.set_clock(world.now());
    world.sync_events().await;
    world.enrolled("7").await;
    world
}

fn order(world: &World, text: &str) {
    world.sim.set_order(Scope::Project(world.project.project_id), Some(text.parse().expect("an order"))).expect("set");
}

#[rstest]
#[tokio::test]
async fn a_result_of_a_deleted_record_makes_no_new_record(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = enrolled(engine).await;
    world.delete("7");
    let session = world.sync_one("7").await;
    let SessionSync::Failed { error_type: SyncErrorType::Validation, message } = &session.sync else {
        panic!("{session:?}")
    };
    assert!(message.starts_with("REDCap has no record \"7\""), "{message}");
    assert!(!message.contains("412.5"), "{message}");
    assert!(world.sim.values(world.project.project_id, "7").is_empty(), "a record of nobody");
    assert_eq!(world.resync(session.id).await.sync, session.sync, "as often as it is sent");
}

#[rstest]
#[tokio::test]
async fn a_result_of_a_renamed_record_waits_for_the_flag_and_then_goes_to_the_new_name(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = enrolled(engine).await;
    let whole = submitted(&world.sim.values(world.project.project_id, "7"));
    world.rename("7", "8");
    let session = world.sync_one("7").await;
    assert!(matches!(session.sync, SessionSync::Failed { error_type: SyncErrorType::Validation, .. }), "{session:?}");
    world.reconcile(false, false).await;
    let flags = world.flags().await;
    assert_eq!((flags.len(), flags[0].became.as_deref()), (1, Some("8")));
    world.decide(&flags[0], FlagResolution::Followed).await.expect("decided");
    assert_eq!(world.resync(session.id).await.sync, SessionSync::Synced);
    assert_eq!(world.sim.values(world.project.project_id, "8"), whole);
    assert!(world.sim.values(world.project.project_id, "7").is_empty(), "a record of nobody");
}

#[rstest]
#[tokio::test]
async fn rows_that_an_import_lost_are_found(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = enrolled(engine).await;
    order(&world, "lost-rows on record/import");
    let session = world.sync_one("7").await;
    assert!(matches!(session.sync, SessionSync::Failed { error_type: SyncErrorType::ApiError, .. }), "{session:?}");
}
