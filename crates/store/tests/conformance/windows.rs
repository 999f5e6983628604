//! Event sync as the store writes it: all of a plan or nothing, no window ever deleted.

use std::collections::BTreeSet;

use metricis_core::ids::WindowId;
use metricis_core::schedule::EventSyncPlan;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{World, conflict, done, draft};

#[rstest]
#[tokio::test]
async fn a_sync_creates_then_updates_and_retires(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let ids = world.add_windows(&[0, 30, 60]).await;
    let mut changed = draft((2, &31));
    changed.day_offset = None;
    changed.instruments = vec!["diary".to_owned()];
    let plan = EventSyncPlan {
        update: vec![(ids[0], draft((1, &0))), (ids[1], changed)],
        retire: vec![ids[2]],
        ..EventSyncPlan::default()
    };
    let tx = world.tx().await;
    tx.apply_event_sync(world.study, &plan).await.expect("a sync");
    done(tx).await;
    let stored = world.read().await.stored_windows(world.study).await.expect("windows");
    let told: Vec<_> = stored.iter().map(|row| (row.window.id, row.window.day_offset, row.window.active)).collect();
    assert_eq!(told, [(ids[0], Some(0), true), (ids[1], None, true), (ids[2], Some(60), false)]);
    assert_eq!((stored[0].window.days_before, stored[0].window.days_after, stored[0].window.repeating), (1, 2, false));
    assert_eq!((stored[0].instruments.len(), &stored[1].instruments[..]), (2, &["diary".to_owned()][..]));
    let back = EventSyncPlan { update: vec![(ids[2], draft((3, &60)))], ..EventSyncPlan::default() };
    let tx = world.tx().await;
    tx.apply_event_sync(world.study, &back).await.expect("a sync");
    done(tx).await;
    assert!(world.read().await.windows(world.study).await.expect("windows")[2].active, "the same window came back");
}

#[rstest]
#[tokio::test]
async fn one_bad_window_writes_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let ids = world.add_windows(&[0]).await;
    let other = world.add_study("MEM-2").await;
    let twice = EventSyncPlan { create: vec![draft((2, &7)), draft((1, &0))], ..EventSyncPlan::default() };
    conflict(world.tx().await.apply_event_sync(world.study, &twice).await);
    let foreign = EventSyncPlan {
        create: vec![draft((2, &7))],
        update: vec![(ids[0], draft((1, &0)))],
        ..EventSyncPlan::default()
    };
    conflict(world.tx().await.apply_event_sync(other, &foreign).await);
    let unknown = EventSyncPlan { retire: vec![WindowId::at(world.now)], ..EventSyncPlan::default() };
    conflict(world.tx().await.apply_event_sync(world.study, &unknown).await);
    assert_eq!(world.db.count("SELECT count(*) FROM visit_windows").await, 1);
}

#[rstest]
#[tokio::test]
async fn each_window_gets_the_surveys_among_its_instruments(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.add_windows(&[0, 30]).await;
    let surveys: BTreeSet<_> = ["phq9", "elsewhere"].map(str::to_owned).into();
    let tx = world.tx().await;
    assert_eq!(tx.set_survey_instruments(world.study, &surveys).await, Ok(2));
    assert_eq!(tx.set_survey_instruments(world.study, &surveys).await, Ok(0), "nothing to change");
    done(tx).await;
    for stored in world.read().await.stored_windows(world.study).await.expect("windows") {
        assert_eq!(stored.survey_instruments, ["phq9"]);
    }
}
