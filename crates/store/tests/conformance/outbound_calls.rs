//! Counts of calls, by several processes at once.

use chrono::Duration;
use metricis_store::testing::Engine;
use metricis_store::{CallCounts, CallEnd, HostCalls};
use rstest::rstest;

use crate::world::{World, done};

fn counted(world: &World, calls: usize, waited: Duration, end: CallEnd) -> CallCounts {
    let mut counts = CallCounts::default();
    for _ in 0..calls {
        counts.leave("redcap.example.edu", world.now, waited);
        counts.end("redcap.example.edu", end);
    }
    counts
}

async fn write(world: &World, counts: &CallCounts) {
    let tx = world.tx().await;
    tx.add_outbound_calls(counts).await.expect("written");
    done(tx).await;
}

async fn only(world: &World) -> HostCalls {
    let mut calls = world.read().await.outbound_calls().await.expect("calls");
    assert_eq!(calls.len(), 1);
    calls.remove(0)
}

#[rstest]
#[tokio::test]
async fn totals_grow_and_the_last_minute_forgets(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    assert_eq!(world.read().await.outbound_calls().await, Ok(vec![]));
    write(&world, &CallCounts::default()).await;
    let (short, long) = (Duration::milliseconds(20), Duration::milliseconds(1_500));
    let first = counted(&world, 3, long, CallEnd::Answered);
    write(&world, &first).await;
    write(&world, &counted(&world, 2, short, CallEnd::ApiError)).await;
    let mut expected = HostCalls {
        host: "redcap.example.edu".into(),
        answered: 3,
        validation: 0,
        api_error: 2,
        last_minute: 5,
        longest_wait_ms: 1_500,
    };
    assert_eq!(only(&world).await, expected);
    let late = counted(&world, 1, long, CallEnd::Validation);
    // A minute later the same slot begins afresh, and what is written late of the former minute is not added to it.
    world.advance(Duration::seconds(60));
    write(&world, &counted(&world, 4, short, CallEnd::Answered)).await;
    write(&world, &late).await;
    (expected.answered, expected.validation, expected.last_minute, expected.longest_wait_ms) = (7, 1, 4, 20);
    assert_eq!(only(&world).await, expected);
    world.advance(Duration::seconds(65));
    (expected.last_minute, expected.longest_wait_ms) = (0, 0);
    assert_eq!(only(&world).await, expected);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn processes_that_write_at_once_lose_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world
        .race(8, |store, now, number| async move {
            let mut counts = CallCounts::default();
            let hosts = ["a", "b", "c"];
            for host in 0..3 {
                counts.leave(hosts[(host + number) % 3], now, Duration::zero());
                counts.end(hosts[(host + number) % 3], CallEnd::Answered);
            }
            let tx = store.write(now).await.expect("a transaction");
            tx.add_outbound_calls(&counts).await.expect("written");
            done(tx).await;
        })
        .await;
    let calls = world.read().await.outbound_calls().await.expect("calls");
    assert_eq!(calls.iter().map(|host| (host.answered, host.last_minute)).collect::<Vec<_>>(), [(8, 8); 3]);
}

#[test]
fn what_could_not_be_written_is_put_back() {
    let now = metricis_store::testing::monday();
    let mut counts = CallCounts::default();
    counts.end("a", CallEnd::Answered);
    let unwritten = std::mem::take(&mut counts);
    counts.end("a", CallEnd::Answered);
    counts.leave("a", now, Duration::zero());
    counts.put_back(unwritten);
    let mut twice = CallCounts::default();
    twice.end("a", CallEnd::Answered);
    twice.end("a", CallEnd::Answered);
    twice.leave("a", now, Duration::zero());
    assert_eq!(counts, twice);
}

#[rstest]
#[tokio::test]
async fn the_systems_numbers_are_those_of_all_studies(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let other = world.add_study("MEM-2").await;
    let tx = world.tx().await;
    for study in [world.study, other] {
        tx.enqueue_job(study, &metricis_store::JobKind::TestConnection).await.expect("a job");
        tx.ask_reread(study, "7").await.expect("asked");
    }
    done(tx).await;
    let now = world.read().await.vitals().await.expect("numbers");
    assert_eq!((now.jobs_queued, now.jobs_since), (2, Some(world.now)));
    assert_eq!((now.rereads_waiting, now.rereads_since), (2, Some(world.now)));
    assert_eq!((now.events_received, now.events_since, now.sessions_failed, now.breakers_open), (0, None, 0, 0));
    assert_eq!((now.simulated_studies, now.reconciles_wanted, now.workers_live), (0, 0, 0));
}
