//! Event sync as the store writes it: all of a plan or nothing, no window ever deleted.

use std::collections::BTreeSet;

use metricis_core::ids::WindowId;
use metricis_core::schedule::{EventSyncPlan, WindowDraft};
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

fn called(number: i32, event_id: i64, name: &str) -> WindowDraft {
    WindowDraft { event_id: Some(event_id), event_name: name.to_owned(), ..draft((number, &0)) }
}

async fn names(world: &World) -> Vec<(String, Option<i64>, bool)> {
    let windows = world.read().await.windows(world.study).await.expect("windows");
    windows.into_iter().map(|window| (window.event_name, window.event_id, window.active)).collect()
}

#[rstest]
#[tokio::test]
async fn exchanged_names_and_a_name_given_up_are_written(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let ids = world.add_windows(&[0, 30, 60]).await;
    let sync = async |plan: EventSyncPlan| {
        let tx = world.tx().await;
        tx.apply_event_sync(world.study, &plan).await.expect("a sync");
        done(tx).await;
    };
    let swapped = EventSyncPlan {
        update: vec![(ids[0], called(1, 41, "visit_2_arm_1")), (ids[1], called(2, 42, "visit_1_arm_1"))],
        renamed: vec![ids[0], ids[1]],
        ..EventSyncPlan::default()
    };
    sync(swapped).await;
    let third = ("visit_3_arm_1".to_owned(), None, true);
    let told = [("visit_2_arm_1".to_owned(), Some(41), true), ("visit_1_arm_1".to_owned(), Some(42), true)];
    assert_eq!(names(&world).await, [told[0].clone(), told[1].clone(), third]);
    let aside = format!("visit_2_arm_1#{}", ids[0]);
    let given_up = EventSyncPlan {
        update: vec![(ids[1], called(2, 42, "visit_2_arm_1")), (ids[2], draft((3, &60)))],
        retire: vec![ids[0]],
        renamed: vec![ids[1]],
        set_aside: vec![(ids[0], aside.clone())],
        ..EventSyncPlan::default()
    };
    sync(given_up).await;
    assert_eq!(names(&world).await[..2], [(aside, Some(41), false), ("visit_2_arm_1".to_owned(), Some(42), true)]);
    let without_ids = WindowDraft { event_id: None, ..called(2, 42, "visit_2_arm_1") };
    sync(EventSyncPlan { update: vec![(ids[1], without_ids)], ..EventSyncPlan::default() }).await;
    assert_eq!(names(&world).await[1].1, Some(42), "an id once learned stays");
}

#[rstest]
#[tokio::test]
async fn a_visit_bears_the_name_that_its_event_has_now(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let ids = world.add_windows(&[0]).await;
    let (_, _, visits) = world.add_schedule("1").await;
    let repeating =
        WindowDraft { repeating: true, repeating_instruments: vec!["phq9".to_owned()], ..called(1, 41, "first_arm_1") };
    let plan = EventSyncPlan { update: vec![(ids[0], repeating)], renamed: ids.clone(), ..EventSyncPlan::default() };
    let tx = world.tx().await;
    tx.apply_event_sync(world.study, &plan).await.expect("a sync");
    done(tx).await;
    let visit = world.read().await.visit(visits[0]).await.expect("an answer").expect("a visit");
    assert_eq!((visit.event_name.as_str(), visit.window, visit.in_redcap), ("first_arm_1", ids[0], true));
    assert!(visit.repeating && visit.repeating_instruments == ["phq9"]);
    let retired = EventSyncPlan { retire: ids, ..EventSyncPlan::default() };
    let tx = world.tx().await;
    tx.apply_event_sync(world.study, &retired).await.expect("a sync");
    assert!(!tx.visit(visits[0]).await.expect("an answer").expect("a visit").in_redcap);
}

#[rstest]
#[tokio::test]
async fn one_event_id_is_one_window(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let twice =
        EventSyncPlan { create: vec![called(1, 41, "a_arm_1"), called(2, 41, "b_arm_1")], ..EventSyncPlan::default() };
    conflict(world.tx().await.apply_event_sync(world.study, &twice).await);
}
