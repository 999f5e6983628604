//! Turns: a study whose work is slow takes its share of a process and holds up no other study, whatever kind of work it is.

use chrono::Duration;
use metricis_core::ids::{ProcessId, StudyId};
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{World, done};

const SHARE: usize = 2;

/// Twelve events, re-reads and jobs of a slow study, and then one of each of a small one.
async fn backlog(world: &mut World) -> StudyId {
    let small = world.add_study("MEM-2").await;
    let owner = ("study_id", world.uuid(small.0));
    for number in 0..12 {
        world.add_event(&format!("event {number}"), &[]).await;
        world.advance(Duration::microseconds(1));
    }
    world.add_event("event", &[owner]).await;
    let tx = world.tx().await;
    for number in 0..12 {
        tx.enqueue_job(world.study, &JobKind::SyncEvents).await.expect("a job");
        tx.ask_reread(world.study, &format!("re-read {number}")).await.expect("asked");
    }
    done(tx).await;
    world.advance(Duration::microseconds(1));
    let tx = world.tx().await;
    tx.enqueue_job(small, &JobKind::SyncEvents).await.expect("a job");
    tx.ask_reread(small, "re-read").await.expect("asked");
    done(tx).await;
    small
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Event,
    Reread,
    Job,
}

async fn claim(world: &World, kind: Kind, process: ProcessId) -> Option<StudyId> {
    let tx = world.tx().await;
    let study = match kind {
        Kind::Event => tx.claim_event(process, SHARE).await.expect("an answer").map(|event| event.study),
        Kind::Reread => tx.claim_reread(process, SHARE).await.expect("an answer").map(|reread| reread.study),
        Kind::Job => tx.claim_job(process, SHARE).await.expect("an answer").map(|job| job.study),
    };
    done(tx).await;
    study
}

#[rstest]
#[tokio::test]
async fn a_slow_study_has_its_share_and_the_next_one_is_served(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Kind::Event, Kind::Reread, Kind::Job)] kind: Kind,
) {
    let mut world = World::new(engine).await;
    let (one, two) = (world.add_process("worker").await, world.add_process("worker").await);
    let (slow, small) = (world.study, backlog(&mut world).await);
    let mut claimed = vec![];
    for process in [one, one, one, one, two, two, two] {
        claimed.push(claim(&world, kind, process).await);
    }
    let (slow, small) = (Some(slow), Some(small));
    if matches!(kind, Kind::Reread) && claimed[0] == small {
        // Nothing tells how long a re-read waits.
        claimed.swap(0, 1);
    }
    // The first goes by age, the second to whom has none under way; then each process has its share of the slow one.
    assert_eq!(claimed, [slow, small, slow, None, slow, slow, None]);
}

#[rstest]
#[tokio::test]
async fn all_kinds_of_work_count_together(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let (slow, small) = (Some(world.study), Some(backlog(&mut world).await));
    assert_eq!(claim(&world, Kind::Event, worker).await, slow);
    assert_eq!(claim(&world, Kind::Job, worker).await, small, "the slow one has an event under way");
    assert_eq!(claim(&world, Kind::Job, worker).await, slow, "one each, and its job is older");
    assert_eq!(claim(&world, Kind::Event, worker).await, small, "an event and a job are the slow one's share");
    for kind in [Kind::Event, Kind::Reread, Kind::Job] {
        assert_eq!(claim(&world, kind, worker).await, None, "{kind:?}: both have their share");
    }
}

#[rstest]
#[tokio::test]
async fn work_that_hangs_does_not_lock_its_study_out(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    for record in ["1", "2", "3"] {
        world.add_event(record, &[]).await;
    }
    for _ in 0..SHARE {
        assert_eq!(claim(&world, Kind::Event, worker).await, Some(world.study));
    }
    world.advance(Duration::minutes(15));
    assert_eq!(claim(&world, Kind::Event, worker).await, None);
    world.advance(Duration::microseconds(1));
    assert_eq!(claim(&world, Kind::Event, worker).await, Some(world.study));
}

#[rstest]
#[tokio::test]
async fn a_study_whose_records_are_all_held_does_not_end_the_search(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let (holder, worker) = (world.add_process("worker").await, world.add_process("worker").await);
    let small = world.add_study("MEM-2").await;
    world.add_event("7", &[]).await;
    assert_eq!(claim(&world, Kind::Event, holder).await, Some(world.study));
    world.add_event("7", &[]).await;
    let owner = ("study_id", world.uuid(small.0));
    for record in ["1", "2"] {
        world.advance(Duration::microseconds(1));
        world.add_event(record, std::slice::from_ref(&owner)).await;
    }
    assert_eq!(claim(&world, Kind::Event, worker).await, Some(small));
    assert_eq!(claim(&world, Kind::Event, worker).await, Some(small), "at one each, the first has nothing to give");
}
