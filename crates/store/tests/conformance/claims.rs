//! Many workers on one queue: each item goes to one of them, and none is left.

use std::collections::BTreeSet;

use chrono::Duration;
use metricis_core::ids::ProcessId;
use metricis_core::words::EventEffect;
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{World, done};

const WORKERS: usize = 8;
const ITEMS: usize = 40;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_job_goes_to_one_worker(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let other = world.add_study("MEM-2").await;
    let tx = world.tx().await;
    for number in 0..ITEMS {
        let study = if number % 3 == 0 { other } else { world.study };
        tx.enqueue_job(study, &JobKind::SyncEvents).await.expect("a job");
    }
    done(tx).await;
    let taken = world
        .race(WORKERS, |store, now, _| async move {
            let mut taken = vec![];
            // One more than there are would be a defect, and not to be waited for.
            while taken.len() <= ITEMS {
                let tx = store.write(now).await.expect("a transaction");
                let Some(job) = tx.claim_job(ProcessId::at(now), usize::MAX).await.expect("an answer") else {
                    return taken;
                };
                done(tx).await;
                taken.push(job.id);
            }
            taken
        })
        .await;
    let taken: Vec<_> = taken.into_iter().flatten().collect();
    assert_eq!((taken.len(), taken.iter().collect::<BTreeSet<_>>().len()), (ITEMS, ITEMS));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_event_goes_to_one_worker_and_each_record_to_one_at_a_time(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    for number in 0..ITEMS {
        world.add_event(&(number % 10).to_string(), &[]).await;
        world.advance(Duration::microseconds(1));
    }
    // Nobody finishes: so each record can be claimed once, however many claim at the same instant.
    let taken = world
        .race(WORKERS, |store, now, _| async move {
            let mut taken = vec![];
            while taken.len() <= ITEMS {
                let tx = store.write(now).await.expect("a transaction");
                let Some(event) = tx.claim_event(ProcessId::at(now), usize::MAX).await.expect("an answer") else {
                    return taken;
                };
                done(tx).await;
                taken.push(event.record_id);
            }
            taken
        })
        .await;
    let taken: Vec<_> = taken.into_iter().flatten().collect();
    assert_eq!((taken.len(), taken.iter().collect::<BTreeSet<_>>().len()), (10, 10));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_finished_once_in_the_order_of_its_record(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    for number in 0..ITEMS {
        world.add_event(&(number % 10).to_string(), &[]).await;
        world.advance(Duration::microseconds(1));
    }
    let taken = world
        .race(WORKERS, |store, now, _| async move {
            let (worker, mut taken) = (ProcessId::at(now), vec![]);
            while taken.len() <= ITEMS {
                let tx = store.write(now).await.expect("a transaction");
                let Some(event) = tx.claim_event(worker, usize::MAX).await.expect("an answer") else { return taken };
                done(tx).await;
                let tx = store.write(now).await.expect("a transaction");
                tx.finish_event(event.id, worker, EventEffect::Applied, None).await.expect("held");
                done(tx).await;
                taken.push((event.record_id, event.received_at));
            }
            taken
        })
        .await;
    for one in &taken {
        for record in 0..10 {
            let of_record = one.iter().filter(|(id, _)| *id == record.to_string());
            assert!(of_record.is_sorted_by_key(|(_, received_at)| *received_at));
        }
    }
    let all: Vec<_> = taken.into_iter().flatten().collect();
    assert_eq!((all.len(), all.iter().collect::<BTreeSet<_>>().len()), (ITEMS, ITEMS));
}

/// Two workers that choose at the same instant do not see each other's choice. SQLite has one writer and no such instant.
#[tokio::test]
async fn a_claim_not_yet_committed_keeps_its_record_from_others() {
    let mut world = World::new(Engine::Postgres).await;
    let mut ids = vec![];
    for record in ["a", "a", "b"] {
        ids.push(world.add_event(record, &[]).await);
        world.advance(Duration::microseconds(1));
    }
    let (one, two) = (world.tx().await, world.tx().await);
    let mut taken = vec![];
    for tx in [&one, &two, &two] {
        taken
            .push(tx.claim_event(ProcessId::at(world.now), usize::MAX).await.expect("an answer").map(|event| event.id));
    }
    assert_eq!(taken, [Some(ids[0]), Some(ids[2]), None]);
    done(two).await;
    done(one).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_reread_goes_to_one_worker(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let tx = world.tx().await;
    for number in 0..ITEMS {
        tx.ask_reread(world.study, &number.to_string()).await.expect("asked");
    }
    done(tx).await;
    let taken = world
        .race(WORKERS, |store, now, _| async move {
            let mut taken = vec![];
            while taken.len() <= ITEMS {
                let tx = store.write(now).await.expect("a transaction");
                let Some(reread) = tx.claim_reread(ProcessId::at(now), usize::MAX).await.expect("an answer") else {
                    return taken;
                };
                done(tx).await;
                taken.push(reread.record_id);
            }
            taken
        })
        .await;
    let taken: Vec<_> = taken.into_iter().flatten().collect();
    assert_eq!((taken.len(), taken.iter().collect::<BTreeSet<_>>().len()), (ITEMS, ITEMS));
}
