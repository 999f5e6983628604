//! What changes while REDCap is being asked: the facts that count are those of the transaction that applies the answer.

use std::sync::Arc;

use chrono::Duration;
use metricis_core::words::{EventStatus, StudyStatus};
use metricis_redcap_sim::Fault;
use metricis_store::testing::Engine;
use metricis_worker::Worker;
use rstest::rstest;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::fixtures::{build_worker, settings};
use crate::world::{BASELINE, World};

/// Another worker whose call to REDCap is under way when this returns.
async fn in_its_call(world: &World) -> JoinHandle<usize> {
    world.break_redcap(Fault::Slow { ms: 300 });
    let mut patient = settings();
    patient.call_timeout_s = 60;
    let store = world.db.store.clone();
    let worker: Worker = build_worker(store, world.clock.clone(), patient, Arc::new(Notify::new()));
    let calls = world.calls();
    let running = tokio::spawn(async move { worker.run_until_idle().await });
    while world.calls() == calls {
        tokio::task::yield_now().await;
    }
    world.break_redcap(None);
    running
}

#[rstest]
#[tokio::test]
async fn a_study_paused_during_the_call_enrols_nobody(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.set_status(StudyStatus::Active).await;
    world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-02")]).await;
    let (id, _) = world.det("7", BASELINE, "enrollment", 2).await;
    let running = in_its_call(&world).await;
    world.set_status(StudyStatus::Paused).await;
    assert_eq!(running.await.expect("no panic"), 1);
    let event = world.event(id).await;
    assert_eq!(event.error_message.as_deref(), Some("study paused: enrolment halted"));
    assert_eq!(world.count("participants").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_record_enrolled_by_another_worker_during_the_call_is_updated(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-02")]).await;
    let (slow, _) = world.det("7", BASELINE, "enrollment", 2).await;
    let running = in_its_call(&world).await;
    // Only now, with the first one taken for stuck, may another event of the record be worked on.
    world.clock.advance(Duration::minutes(16));
    let (quick, duplicate) = world.det("7", BASELINE, "enrollment", 2).await;
    assert!(!duplicate, "a stuck original swallows nothing");
    world.worker.run_until_idle().await;
    assert_eq!(world.event(quick).await.status, EventStatus::Processed);
    assert_eq!(running.await.expect("no panic"), 1);
    assert_eq!(world.event(slow).await.status, EventStatus::Processed);
    assert_eq!((world.count("participants").await, world.count("schedule_versions").await), (1, 1));
    assert_eq!(world.account().await.iter().filter(|action| *action == "enrol_participant").count(), 1);
}
