//! Stage 4: a completed task's result reaches REDCap, or its failure is loud (guarantee 14).

use metricis_core::sync::SessionSync;
use metricis_core::words::SyncErrorType;
use metricis_redcap_sim::Fault;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::log::Log;
use crate::world::{BASELINE, World};

#[rstest]
#[tokio::test]
async fn a_result_is_read_back_out_of_redcap(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let session = world.sync_one("7").await;
    assert_eq!((session.sync, session.synced_at), (SessionSync::Synced, Some(world.now())));
    assert_eq!(world.value("7", BASELINE, "rt_median_ms").as_deref(), Some("412.5"));
    assert_eq!(world.value("7", BASELINE, "rt_misses").as_deref(), Some("2"));
    assert_eq!(world.value("7", BASELINE, "reaction_time_complete").as_deref(), Some("2"));
    assert_eq!(world.value("7", BASELINE, "rt_mean_ms"), None, "what was not measured is not written");
    assert_eq!(world.account().await.last().map(String::as_str), Some("sync_session"));
}

#[rstest]
#[tokio::test]
async fn a_failure_is_failed_loud_and_without_substitute(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world.break_redcap(Fault::Down);
    let log = Log::capture();
    let session = world.sync_one("7").await;
    let SessionSync::Failed { error_type, message } = &session.sync else { panic!("{session:?}") };
    assert_eq!((*error_type, session.sync_attempts), (SyncErrorType::ApiError, 1));
    let critical = log.errors_with("severity", "CRITICAL");
    assert_eq!(critical.len(), 1, "one line for one failure");
    let expected = json!({
        "message": "a session's result did not reach REDCap",
        "severity": "CRITICAL",
        "source": "redcap_sync_failure",
        "requires_investigation": true,
        "fallback_used": false,
        "error_type": "api_error",
        "error_message": message,
        "study": world.study.to_string(),
        "session": session.id.to_string(),
    });
    assert_eq!(critical[0], expected);
    assert!(!log.text().contains("412.5") && !log.text().contains(&world.project.token), "no answer, no token");
    assert_eq!(world.account().await.last().map(String::as_str), Some("fail_sync"));
    assert_eq!(world.value("7", BASELINE, "rt_median_ms"), None);
    assert_eq!(world.worker.run_until_idle().await, 0, "nothing retries by itself");
}

#[rstest]
#[tokio::test]
async fn a_persons_resync_takes_the_same_way(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world.break_redcap(Fault::GatewayHtml(503));
    let failed = world.sync_one("7").await;
    assert!(matches!(failed.sync, SessionSync::Failed { .. }));
    world.break_redcap(None);
    let synced = world.resync(failed.id).await;
    assert_eq!((synced.sync, synced.sync_attempts), (SessionSync::Synced, 2));
    assert_eq!(world.value("7", BASELINE, "rt_median_ms").as_deref(), Some("412.5"));
}

#[rstest]
#[tokio::test]
async fn a_refused_value_is_named_by_field_and_never_shown(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let visit = world.visit_of("7", BASELINE).await.id;
    let log = Log::capture();
    let results = json!({"median_ms": "slow, I was ill", "misses": 2});
    let id = world.submit(&participant, Some(visit), results).await;
    world.worker.run_until_idle().await;
    let SessionSync::Failed { error_type, message } = world.session(id).await.sync else { panic!("not failed") };
    assert_eq!(error_type, SyncErrorType::Validation);
    assert!(message.contains("rt_median_ms"), "{message}");
    assert!(!message.contains("ill") && !log.text().contains("ill,"), "{message}");
    assert_eq!(world.value("7", BASELINE, "rt_misses"), None, "all of the row or nothing");
}
