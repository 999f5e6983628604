//! The breaker's row: every state comes back, and processes that count at once count each other.

use chrono::Duration;
use metricis_core::breaker::{Admission, Breaker, BreakerSettings, CallOutcome};
use metricis_store::StoreError;
use metricis_store::testing::Engine;
use rstest::rstest;
use uuid::Uuid;

use crate::world::{World, done};

#[rstest]
#[tokio::test]
async fn every_state_comes_back(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    assert_eq!(world.read().await.breaker(world.study).await, Ok(Breaker::default()));
    let (opened_at, probe) = (world.now - Duration::microseconds(1), Uuid::from_u128(9));
    let lease_until = world.now;
    for breaker in [
        Breaker::Closed { failures: 3, generation: 1 },
        Breaker::Open { failures: 5, opened_at, generation: 2 },
        Breaker::HalfOpen { failures: 5, opened_at, lease_until, probe, generation: 3 },
        Breaker::Closed { failures: 0, generation: 4 },
    ] {
        let tx = world.tx().await;
        tx.lock_breaker(world.study).await.expect("a breaker");
        tx.save_breaker(world.study, &breaker).await.expect("saved");
        done(tx).await;
        assert_eq!(world.read().await.breaker(world.study).await, Ok(breaker));
        assert_eq!(world.tx().await.lock_breaker(world.study).await, Ok(breaker));
    }
    world.db.as_server("UPDATE circuit_breakers SET state = 'open'").await.expect("a planted fault");
    assert!(matches!(world.read().await.breaker(world.study).await, Err(StoreError::Inconsistent(_))));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn failures_at_once_are_all_counted_and_one_probe_goes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let study = world.study;
    let settings = BreakerSettings { failure_threshold: 8, ..BreakerSettings::default() };
    world
        .race(8, |store, now, number| async move {
            let tx = store.write(now).await.expect("a transaction");
            let breaker = tx.lock_breaker(study).await.expect("a breaker");
            let caller = Uuid::from_u128(number as u128);
            let (breaker, admission) = breaker.admit(now, &settings, caller);
            let Admission::Go { ticket } = admission else { panic!("{admission:?}") };
            let (breaker, _) = breaker.settle(ticket, caller, CallOutcome::ApiError, now, &settings);
            tx.save_breaker(study, &breaker).await.expect("saved");
            done(tx).await;
        })
        .await;
    let opened = Breaker::Open { failures: 8, opened_at: world.now, generation: 1 };
    assert_eq!(world.read().await.breaker(study).await, Ok(opened));
    world.advance(Duration::seconds(i64::from(settings.cooldown_s)));
    let went = world
        .race(8, |store, now, number| async move {
            let tx = store.write(now).await.expect("a transaction");
            let breaker = tx.lock_breaker(study).await.expect("a breaker");
            let (breaker, admission) = breaker.admit(now, &settings, Uuid::from_u128(number as u128));
            tx.save_breaker(study, &breaker).await.expect("saved");
            done(tx).await;
            matches!(admission, Admission::Go { .. })
        })
        .await;
    assert_eq!(went.into_iter().filter(|went| *went).count(), 1);
}
