//! A link opens one session, once, and not after it has expired.

use chrono::Duration;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{World, conflict, done};

#[rstest]
#[tokio::test]
async fn a_link_is_used_once_before_it_expires(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let participant = world.add_participant("1").await;
    let tx = world.tx().await;
    tx.insert_link("hash-a", participant, world.now + Duration::minutes(10)).await.expect("a link");
    tx.insert_link("hash-b", participant, world.now + Duration::minutes(10)).await.expect("a link");
    done(tx).await;
    conflict(world.tx().await.insert_link("hash-a", participant, world.now).await);
    world.advance(Duration::minutes(9));
    let tx = world.tx().await;
    assert_eq!(tx.use_link("hash-c").await, Ok(None), "unknown");
    assert_eq!(tx.use_link("hash-a").await, Ok(Some(participant)));
    assert_eq!(tx.use_link("hash-a").await, Ok(None), "used");
    done(tx).await;
    world.advance(Duration::minutes(1));
    assert_eq!(world.tx().await.use_link("hash-b").await, Ok(None), "expired at this very moment");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_gets_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let participant = world.add_participant("1").await;
    let tx = world.tx().await;
    tx.insert_link("hash", participant, world.now + Duration::minutes(10)).await.expect("a link");
    done(tx).await;
    let used = world
        .race(8, |store, now, _| async move {
            let tx = store.write(now).await.expect("a transaction");
            let used = tx.use_link("hash").await.expect("an answer");
            done(tx).await;
            used
        })
        .await;
    assert_eq!(used.into_iter().flatten().collect::<Vec<_>>(), [participant]);
}
