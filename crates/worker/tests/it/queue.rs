//! Who does what: several workers on one queue, a worker that is told to stop, work that panics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::Duration;
use metricis_core::clock::ManualClock;
use metricis_core::sync::SessionSync;
use metricis_core::words::{EventStatus, SyncErrorType};
use metricis_core::{Clock, Timestamp};
use metricis_redcap_sim::Fault;
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::fixtures::{build_worker, settings, without_surveys};
use crate::log::Log;
use crate::world::{BASELINE, World, done};

const DATE: [(&str, &str); 1] = [("enroll_date", "2026-03-02")];

#[rstest]
#[tokio::test]
async fn two_workers_process_each_event_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::with(engine, without_surveys, |_| {}).await;
    world.sync_events().await;
    let other = build_worker(world.db.store.clone(), world.clock.clone(), settings(), Arc::new(Notify::new()));
    for number in 0..20 {
        let record = format!("{}", number % 10);
        world.save(&record, BASELINE, "enrollment", &DATE).await;
        // Two events of each record: of one record, one is worked on at a time.
        world.det(&record, BASELINE, if number < 10 { "enrollment" } else { "contact" }, 2).await;
    }
    let (mine, others) = tokio::join!(world.worker.run_until_idle(), other.run_until_idle());
    // A worker may find nothing while the other holds every record; what is left is due now.
    assert_eq!(mine + others + world.worker.run_until_idle().await, 20);
    assert!(mine > 0 && others > 0, "{mine} and {others}");
    assert_eq!((world.count("participants").await, world.count("schedule_versions").await), (10, 10));
    assert_eq!(world.account().await.iter().filter(|action| *action == "process_event").count(), 20);
    assert_eq!(world.count("webhook_events WHERE status <> 'processed'").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_study_with_a_slow_redcap_holds_up_no_other(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::with(engine, |_| {}, |settings| settings.call_timeout_s = 60).await;
    for number in 0..12 {
        world.save(&number.to_string(), BASELINE, "enrollment", &DATE).await;
        world.det(&number.to_string(), BASELINE, "enrollment", 2).await;
    }
    world.break_redcap(Fault::Slow { ms: 60_000 });
    world.clock.advance(Duration::seconds(1));
    world.move_to_another_study().await;
    world.save("1", BASELINE, "enrollment", &DATE).await;
    let (id, _) = world.det("1", BASELINE, "enrollment", 2).await;
    let (worker, shutdown) = (world.worker.clone(), CancellationToken::new());
    let running = tokio::spawn(async move { worker.run(shutdown).await });
    while world.event(id).await.status != EventStatus::Processed {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        world.count("webhook_events WHERE status IN ('processed', 'failed')").await,
        1,
        "the slow ones are slow"
    );
    running.abort();
}

#[rstest]
#[tokio::test]
async fn a_running_worker_is_woken_and_stops_when_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.save("7", BASELINE, "enrollment", &DATE).await;
    let (shutdown, mut idle) = (CancellationToken::new(), settings());
    // Only the wake of the intake can bring this worker to look a second time within the life of a test.
    idle.poll_ms = 3_600_000;
    let worker = build_worker(world.db.store.clone(), world.clock.clone(), idle, Arc::clone(&world.wake));
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { worker.run(shutdown).await }
    });
    let live = async || world.read().await.live_processes().await.expect("processes");
    while live().await.is_empty() {
        tokio::task::yield_now().await;
    }
    let process = &live().await[0];
    assert_eq!((process.role.as_str(), process.environment.as_str()), ("worker", "test"));
    let (id, _) = world.det("7", BASELINE, "enrollment", 2).await;
    while world.event(id).await.status != EventStatus::Processed {
        tokio::task::yield_now().await;
    }
    shutdown.cancel();
    running.await.expect("no panic").expect("an orderly end");
    assert!(live().await.is_empty(), "it has signed off");
}

/// A worker in another process than the server, and the connection on which it listens breaks. On SQLite it looks by the clock.
#[tokio::test]
async fn a_worker_hears_of_work_that_another_process_has_committed() {
    let world = World::new(Engine::Postgres).await;
    let (shutdown, mut idle) = (CancellationToken::new(), settings());
    idle.poll_ms = 3_600_000;
    let worker = build_worker(world.db.store.clone(), world.clock.clone(), idle, Arc::new(Notify::new()));
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { worker.run(shutdown).await }
    });
    for record in ["7", "8", "9"] {
        if record == "9" {
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE datname = current_database() AND query LIKE 'LISTEN %'";
            world.db.tamper(cut).await.expect("cut");
        }
        world.save(record, BASELINE, "enrollment", &DATE).await;
        let (id, _) = world.det(record, BASELINE, "enrollment", 2).await;
        world.db.store.signal_work().await.expect("signalled");
        while world.event(id).await.status != EventStatus::Processed {
            tokio::task::yield_now().await;
        }
    }
    shutdown.cancel();
    running.await.expect("no panic").expect("an orderly end");
}

#[rstest]
#[tokio::test]
async fn a_job_that_cannot_be_read_keeps_back_no_event(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(0, 1, 2)] turns: usize,
) {
    let world = World::new(engine).await;
    for _ in 0..turns {
        assert_eq!(world.worker.tick().await, 0);
    }
    world.save("7", BASELINE, "enrollment", &DATE).await;
    let (id, _) = world.det("7", BASELINE, "enrollment", 2).await;
    let tx = world.tx().await;
    tx.enqueue_job(world.study, &JobKind::TestConnection).await.expect("a job");
    done(tx).await;
    world.db.tamper("UPDATE jobs SET payload = '{\"kind\": \"of_tomorrow\"}'").await.expect("tampered");
    let log = Log::capture();
    world.worker.tick().await;
    assert_eq!(world.event(id).await.status, EventStatus::Processed);
    assert!(log.text().contains("no work could be claimed"), "{}", log.text());
}

#[rstest]
#[tokio::test]
async fn a_worker_told_to_stop_ends_what_it_began_and_begins_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let visit = world.visit_of("7", BASELINE).await.id;
    world.break_redcap(Fault::Slow { ms: 200 });
    let first = world.submit(&participant, Some(visit), json!({"misses": 1})).await;
    let (shutdown, mut patient) = (CancellationToken::new(), settings());
    (patient.call_timeout_s, patient.concurrency) = (60, 1);
    let worker = build_worker(world.db.store.clone(), world.clock.clone(), patient, Arc::new(Notify::new()));
    let calls = world.calls();
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { worker.run(shutdown).await }
    });
    while world.calls() == calls {
        tokio::task::yield_now().await;
    }
    let second = world.submit(&participant, Some(visit), json!({"misses": 2})).await;
    shutdown.cancel();
    running.await.expect("no panic").expect("an orderly end");
    assert_eq!(world.session(first).await.sync, SessionSync::Synced);
    assert_eq!(world.session(second).await.sync, SessionSync::Pending, "for the next worker");
}

/// A clock that panics once, in the next spawned task that reads it: a defect in the middle of a job.
struct TrickClock {
    clock: Arc<ManualClock>,
    armed: AtomicBool,
}

impl Clock for TrickClock {
    fn now(&self) -> Timestamp {
        assert!(tokio::task::try_id().is_none() || !self.armed.swap(false, Ordering::SeqCst), "a defect");
        self.clock.now()
    }
}

#[rstest]
#[tokio::test]
async fn a_job_that_panics_has_failed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let visit = world.visit_of("7", BASELINE).await.id;
    let clock = Arc::new(TrickClock { clock: world.clock.clone(), armed: AtomicBool::new(false) });
    let worker = build_worker(world.db.store.clone(), clock.clone(), settings(), Arc::new(Notify::new()));
    let session = world.submit(&participant, Some(visit), json!({"misses": 1})).await;
    let log = Log::capture();
    clock.armed.store(true, Ordering::SeqCst);
    worker.run_until_idle().await;
    let SessionSync::Failed { error_type, message } = world.session(session).await.sync else { panic!("not failed") };
    assert_eq!((error_type, message.contains("panic")), (SyncErrorType::Exception, true));
    assert_eq!(log.errors_with("severity", "CRITICAL").len(), 1);
    world.save("8", BASELINE, "enrollment", &DATE).await;
    let (event, _) = world.det("8", BASELINE, "enrollment", 2).await;
    clock.armed.store(true, Ordering::SeqCst);
    worker.run_until_idle().await;
    let event = world.event(event).await;
    assert_eq!(event.status, EventStatus::Failed);
    assert!(event.error_message.unwrap_or_default().starts_with("exception: a defect ended the job"));
    assert_eq!(world.count("jobs WHERE state = 'running'").await, 0);
}
