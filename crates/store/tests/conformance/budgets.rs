//! The outbound budget: every process draws from one row per host.

use chrono::Duration;
use metricis_core::Timestamp;
use metricis_core::budget::BudgetSettings;
use metricis_store::Tx;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{World, done};

/// Three at once, then one a second.
const SETTINGS: BudgetSettings = BudgetSettings { per_minute: 62, burst: 3 };

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn starts_taken_at_once_are_spaced(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let mut starts = world
        .race(8, |store, now, _| async move {
            let tx = store.write(now).await.expect("a transaction");
            let slot = tx.take_budget("redcap.example.edu", &SETTINGS, None).await.expect("a start");
            done(tx).await;
            slot.start_at
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
        start(&tx, "a", None).await;
    }
    assert_eq!(start(&tx, "b", None).await, world.now);
    done(tx).await;
    let second = Duration::seconds(1);
    for _ in 0..2 {
        let tx = world.tx().await;
        assert_eq!(start(&tx, "a", None).await, world.now + second * 2);
        tx.roll_back().await.expect("given back");
    }
    world.advance(Duration::minutes(1));
    assert_eq!(start(&world.tx().await, "a", None).await, world.now, "a pause refills it");
}

#[rstest]
#[tokio::test]
async fn what_was_seen_elsewhere_counts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let (tx, second) = (world.tx().await, Duration::seconds(1));
    assert_eq!(start(&tx, "a", Some(world.now + second * 30)).await, world.now + second * 28);
    assert_eq!(start(&tx, "a", Some(world.now)).await, world.now + second * 29, "an older state changes nothing");
    assert_eq!(start(&tx, "b", None).await, world.now);
}

async fn start(tx: &Tx, host: &str, seen: Option<Timestamp>) -> Timestamp {
    tx.take_budget(host, &SETTINGS, seen).await.expect("a start").start_at
}
