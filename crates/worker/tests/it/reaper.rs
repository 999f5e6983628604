//! Workers that die: what they were doing is ended loudly, and never tried again by itself.

use std::sync::Arc;

use chrono::Duration;
use metricis_core::ids::ProcessId;
use metricis_core::sync::SessionSync;
use metricis_core::words::{EventStatus, JobState, SyncErrorType};
use metricis_redcap_sim::{Fault, Scope};
use metricis_store::testing::Engine;
use metricis_store::{JobKind, Store, StoreOptions};
use rstest::rstest;
use serde_json::json;
use tokio::sync::Notify;

use crate::fixtures::{build_worker, settings};
use crate::log::Log;
use crate::world::{BASELINE, World, done};

/// Another worker in a runtime of its own, which is torn down in the middle of its first export or import, which a look goes before.
async fn kill_a_worker_during_its_call(world: &World, last: &str) {
    let slow = format!("slow:60000 on record/{last}").parse().expect("an order");
    let last = world.calls() + if last == "import" { 2 } else { 1 };
    world.sim.set_order(Scope::Project(world.project.project_id), Some(slow)).expect("set");
    let (url, clock) = (world.db.url.clone(), world.clock.clone());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.spawn(async move {
        let store = Store::open(&url, &StoreOptions::default()).await.expect("the database");
        let mut patient = settings();
        patient.call_timeout_s = 60;
        build_worker(store, clock, patient, Arc::new(Notify::new())).run_until_idle().await
    });
    while world.calls() < last {
        tokio::task::yield_now().await;
    }
    runtime.shutdown_background();
    world.break_redcap(None);
}

#[rstest]
#[tokio::test]
async fn a_sync_whose_worker_was_killed_has_failed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let visit = world.visit_of("7", BASELINE).await.id;
    let id = world.submit(&participant, Some(visit), json!({"median_ms": 412.5})).await;
    kill_a_worker_during_its_call(&world, "import").await;
    assert_eq!(world.worker.run_until_idle().await, 0, "its process may still live");
    assert_eq!(world.session(id).await.sync, SessionSync::Pending);
    world.clock.advance(Duration::seconds(31));
    let log = Log::capture();
    world.worker.run_until_idle().await;
    let SessionSync::Failed { error_type, message } = world.session(id).await.sync else { panic!("not failed") };
    assert_eq!(error_type, SyncErrorType::Exception);
    assert!(message.starts_with("outcome unknown; re-sync is safe"), "{message}");
    assert_eq!(log.errors_with("severity", "CRITICAL").len(), 1);
    assert_eq!(world.account().await.last().map(String::as_str), Some("fail_sync"));
    assert_eq!(world.count("jobs WHERE state = 'running'").await, 0);
    assert_eq!(world.value("7", BASELINE, "rt_median_ms").as_deref(), Some("412.5"), "it had arrived, as can happen");
    assert_eq!(world.resync(id).await.sync, SessionSync::Synced, "and the same result again changes nothing");
    assert_eq!(world.value("7", BASELINE, "rt_median_ms").as_deref(), Some("412.5"));
}

#[rstest]
#[tokio::test]
async fn an_event_whose_worker_was_killed_is_left_to_a_person(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-02")]).await;
    let (id, _) = world.det("7", BASELINE, "enrollment", 2).await;
    kill_a_worker_during_its_call(&world, "export").await;
    world.clock.advance(Duration::minutes(16));
    assert_eq!(world.worker.run_until_idle().await, 0);
    assert_eq!((world.event(id).await.status, world.count("participants").await), (EventStatus::Processing, 0));
    let stuck = world.read().await.stuck_events(world.study).await.expect("events");
    assert_eq!(stuck.iter().map(|event| event.id).collect::<Vec<_>>(), [id], "the stuck list shows it");
    let tx = world.tx().await;
    tx.replay_event(id).await.expect("stuck").expect("the event");
    done(tx).await;
    world.worker.run_until_idle().await;
    assert_eq!((world.event(id).await.status, world.visits("7").await.len()), (EventStatus::Processed, 6));
}

/// An edit made after the kill looks like a repetition; it comes before the reaper or after it.
#[rstest]
#[case::before_the_reaper(true)]
#[case::after_the_reaper(false)]
#[tokio::test]
async fn an_edit_after_the_kill_of_a_reread_reaches_the_participant(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] at_once: bool,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let repeat = async || {
        world.clock.advance(Duration::seconds(1));
        assert!(world.det("7", BASELINE, "enrollment", 2).await.1, "a duplicate");
    };
    repeat().await;
    kill_a_worker_during_its_call(&world, "export").await;
    let edit = async || {
        world.save_in("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-02")], Some("site_south")).await;
        repeat().await;
    };
    if at_once {
        edit().await;
    }
    world.clock.advance(Duration::seconds(31));
    world.worker.run_until_idle().await;
    if !at_once {
        let troubled = world.read().await.troubled_rereads(world.study).await.expect("re-reads");
        let error = troubled[0].error.clone().unwrap_or_default();
        assert!(error.starts_with("exception: outcome unknown; ask again is safe"), "{error}");
        assert_eq!(world.worker.run_until_idle().await, 0, "nothing tries again by itself");
        edit().await;
        world.worker.run_until_idle().await;
    }
    assert_eq!(world.participant("7").await.expect("a participant").dag.as_deref(), Some("site_south"));
    assert_eq!(
        world.count("record_rereads WHERE wanted > done OR claimed_by IS NOT NULL OR error IS NOT NULL").await,
        0
    );
}

#[rstest]
#[tokio::test]
async fn other_jobs_of_dead_processes_fail_without_an_alarm(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let id = world.enqueue(JobKind::SyncEvents).await;
    let tx = world.tx().await;
    tx.claim_job(ProcessId::at(world.now() - Duration::days(1)), usize::MAX)
        .await
        .expect("an answer")
        .expect("the job");
    done(tx).await;
    let log = Log::capture();
    assert_eq!(world.worker.run_until_idle().await, 0);
    let job = world.read().await.job(id).await.expect("an answer").expect("the job");
    assert_eq!(job.state, JobState::Failed);
    assert_eq!(
        job.error.as_deref(),
        Some("exception: the worker died during the job, or lost hold of it; start it again")
    );
    assert!(log.errors_with("severity", "CRITICAL").is_empty());
    assert!(world.account().await.is_empty(), "nothing of the study has changed");
}

/// The worker of the world, as the registry knows it.
async fn own_process(world: &World) -> ProcessId {
    let live = world.read().await.live_processes().await.expect("processes");
    live.first().expect("the worker is registered").id
}

/// The claim was committed and the answer to its COMMIT was lost: the database has the piece in the name of a worker that lives
/// and does not know of it.
#[rstest]
#[tokio::test]
async fn a_sync_claimed_in_the_name_of_a_worker_that_does_not_know_it_has_failed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let visit = world.visit_of("7", BASELINE).await.id;
    let id = world.submit(&participant, Some(visit), json!({"median_ms": 412.5})).await;
    let tx = world.tx().await;
    tx.claim_job(own_process(&world).await, usize::MAX).await.expect("an answer").expect("the sync");
    done(tx).await;
    let log = Log::capture();
    world.worker.run_until_idle().await;
    let SessionSync::Failed { error_type, message } = world.session(id).await.sync else { panic!("not failed") };
    assert_eq!(error_type, SyncErrorType::Exception);
    assert!(message.starts_with("outcome unknown; re-sync is safe"), "{message}");
    assert_eq!(log.errors_with("severity", "CRITICAL").len(), 1);
    assert_eq!(world.account().await.last().map(String::as_str), Some("fail_sync"));
    assert_eq!(world.resync(id).await.sync, SessionSync::Synced);
}

#[rstest]
#[tokio::test]
async fn a_reread_claimed_in_the_name_of_a_worker_that_does_not_know_it_is_ended(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let tx = world.tx().await;
    tx.ask_reread(world.study, "7").await.expect("asked");
    tx.claim_reread(own_process(&world).await, usize::MAX).await.expect("an answer").expect("the re-read");
    done(tx).await;
    assert_eq!(world.worker.run_until_idle().await, 0);
    let troubled = world.read().await.troubled_rereads(world.study).await.expect("re-reads");
    assert!(troubled[0].error.as_deref().is_some_and(|error| error.contains("ask again is safe")), "{troubled:?}");
}

/// The same look at the registry while the worker is in its call: what it works on is its own.
#[rstest]
#[tokio::test]
async fn what_a_worker_works_on_is_left_to_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let visit = world.visit_of("7", BASELINE).await.id;
    let id = world.submit(&participant, Some(visit), json!({"median_ms": 412.5})).await;
    world.break_redcap(Fault::Slow { ms: 500 });
    let (calls, log) = (world.calls(), Log::capture());
    let working = world.worker.clone();
    let running = tokio::spawn(async move { working.run_until_idle().await });
    while world.calls() == calls {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.worker.tick().await, 0, "nothing else is to be done");
    running.await.expect("no panic");
    assert_eq!(world.session(id).await.sync, SessionSync::Synced);
    assert!(!log.text().contains("nobody works on"), "{}", log.text());
}
