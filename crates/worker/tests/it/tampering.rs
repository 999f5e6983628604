//! A result that was changed after its submission does not leave, and its failure is loud.

use metricis_core::sync::SessionSync;
use metricis_core::words::SyncErrorType;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::log::Log;
use crate::world::{BASELINE, World};

#[rstest]
#[tokio::test]
async fn a_changed_result_is_not_sent_and_fails_loudly(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let visit = world.visit_of("7", BASELINE).await.id;
    let participant = world.participant("7").await.expect("a participant");
    let id = world.submit(&participant, Some(visit), json!({"median_ms": 412.5, "misses": 2})).await;
    let change = "UPDATE sessions SET results = '{\"median_ms\":250.5,\"misses\":0}'";
    world.db.as_server(change).await.expect("the server may");
    let log = Log::capture();
    world.worker.run_until_idle().await;
    let session = world.session(id).await;
    let SessionSync::Failed { error_type, message } = &session.sync else { panic!("{session:?}") };
    assert_eq!(*error_type, SyncErrorType::Exception);
    assert!(message.starts_with("the stored result does not match the audit log; nothing was sent"), "{message}");
    assert_eq!(world.value("7", BASELINE, "rt_median_ms"), None, "nothing is sent");
    let critical = log.errors_with("severity", "CRITICAL");
    assert_eq!((critical.len(), &critical[0]["error_message"]), (1, &json!(message)));
    assert!(!log.text().contains("250.5") && !log.text().contains("412.5"), "no answer is logged");
    assert_eq!(world.account().await.last().map(String::as_str), Some("fail_sync"));
}

#[rstest]
#[tokio::test]
async fn a_result_older_than_the_digests_is_sent(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let visit = world.visit_of("7", BASELINE).await.id;
    let participant = world.participant("7").await.expect("a participant");
    let id = world.submit(&participant, Some(visit), json!({"median_ms": 412.5})).await;
    let off = match engine {
        Engine::Sqlite => "DROP TRIGGER audit_logs_no_update;",
        Engine::Postgres => "ALTER TABLE audit_logs DISABLE TRIGGER USER;",
    };
    let strip = format!(
        "{off} UPDATE audit_logs SET detail = '{{}}' WHERE action = 'submit_session'; UPDATE sessions SET result_salt = NULL"
    );
    world.db.tamper(&strip).await.expect("as it was before");
    world.worker.run_until_idle().await;
    assert_eq!(world.session(id).await.sync, SessionSync::Synced);
}
