//! The outbound budget: every process draws from one row per host.

use chrono::Duration;
use metricis_core::budget::BudgetSettings;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{World, done};

const SETTINGS: BudgetSettings = BudgetSettings { per_minute: 60, burst: 3 };

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn starts_taken_at_once_are_spaced(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let mut starts = world
        .race(8, |store, now, _| async move {
            let tx = store.write(now).await.expect("a transaction");
            let start = tx.take_budget("redcap.example.edu", &SETTINGS).await.expect("a start");
            done(tx).await;
            start
        })
        .await;
    starts.sort();
    let seconds: Vec<_> = starts.iter().map(|start| (*start - world.now).num_milliseconds()).collect();
    assert_eq!(seconds, [0, 0, 0, 1000, 2000, 3000, 4000, 5000]);
}

#[rstest]
#[tokio::test]
async fn a_start_not_taken_is_given_back_and_hosts_do_not_share(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let tx = world.tx().await;
    for _ in 0..4 {
        tx.take_budget("a", &SETTINGS).await.expect("a start");
    }
    assert_eq!(tx.take_budget("b", &SETTINGS).await, Ok(world.now));
    done(tx).await;
    let second = Duration::seconds(1);
    for _ in 0..2 {
        let tx = world.tx().await;
        assert_eq!(tx.take_budget("a", &SETTINGS).await, Ok(world.now + second * 2));
        tx.roll_back().await.expect("given back");
    }
    world.advance(Duration::minutes(1));
    assert_eq!(world.tx().await.take_budget("a", &SETTINGS).await, Ok(world.now), "a pause refills it");
}
