//! A link opens one sign-in, once, and not after it has expired; a sign-in ends alone.

use chrono::Duration;
use metricis_store::ParticipantSignIn;
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
    let sign_in = tx.use_link("hash-a").await.expect("an answer").expect("a sign-in");
    assert_eq!(sign_in.participant, participant);
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
    assert_eq!(used.into_iter().flatten().map(|one| one.participant).collect::<Vec<_>>(), [participant]);
}

#[rstest]
#[tokio::test]
async fn a_sign_in_is_its_participants_until_it_is_ended(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let [pia, tom] = [world.add_participant("1").await, world.add_participant("2").await];
    let tx = world.tx().await;
    for (hash, participant) in [("phone", pia), ("tablet", pia)] {
        tx.insert_link(hash, participant, world.now + Duration::minutes(10)).await.expect("a link");
    }
    let phone = tx.use_link("phone").await.expect("an answer").expect("a sign-in");
    let tablet = tx.use_link("tablet").await.expect("an answer").expect("a sign-in");
    let who = async |sign_in| tx.signed_in_participant(sign_in).await.expect("an answer").map(|found| found.id);
    assert_eq!((who(phone).await, who(tablet).await), (Some(pia), Some(pia)));
    assert_eq!(who(ParticipantSignIn { participant: tom, ..phone }).await, None, "another's");
    tx.end_sign_in(phone.id).await.expect("ended");
    tx.end_sign_in(phone.id).await.expect("twice is once");
    assert_eq!((who(phone).await, who(tablet).await), (None, Some(pia)));
}
