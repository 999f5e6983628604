//! What the database itself refuses, it refuses alike on both engines.

use metricis_core::ids::{ParticipantId, SessionId};
use metricis_store::testing::Engine;
use metricis_store::{NewParticipant, NewSession};
use rstest::rstest;

use crate::world::{World, conflict, day, is_refused};

#[rstest]
#[case::unknown_status("UPDATE visits SET status = 'done'")]
#[case::completed_without_date("UPDATE visits SET status = 'completed'")]
#[case::date_without_completion("UPDATE visits SET actual_visit_date = '2026-03-03'")]
#[case::reconciled_without_snapshot("UPDATE visits SET anchor_reconciled = TRUE")]
#[case::target_outside_its_window("UPDATE visits SET window_end = '2026-03-01'")]
#[case::current_but_superseded("UPDATE schedule_versions SET status = 'superseded'")]
#[case::version_zero("UPDATE schedule_versions SET version_number = 0")]
#[case::contradicting_mode("UPDATE studies SET integration_mode = 'metricis'")]
#[case::failed_without_type("UPDATE sessions SET sync_status = 'failed', pending_since = NULL")]
#[case::synced_without_moment("UPDATE sessions SET sync_status = 'synced', pending_since = NULL")]
#[case::pending_since_never("UPDATE sessions SET pending_since = NULL")]
#[case::synced_and_waiting("UPDATE sessions SET sync_status = 'synced', synced_at = received_at")]
#[case::failed_without_reason("UPDATE webhook_events SET status = 'failed'")]
#[case::duplicate_of_nothing("UPDATE webhook_events SET status = 'duplicate'")]
#[case::processing_by_nobody("UPDATE webhook_events SET status = 'processing'")]
#[case::unknown_participant_status("UPDATE participants SET status = 'deleted'")]
#[tokio::test]
async fn an_impossible_row_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] statement: &str,
) {
    let world = World::new(engine).await;
    world.add_windows(&[0]).await;
    let (participant, _, _) = world.add_schedule("1").await;
    world.add_session(participant, "k").await;
    world.add_event("1", &[]).await;
    let result = world.db.as_server(statement).await;
    assert!(is_refused(&result), "{result:?}");
}

#[rstest]
#[tokio::test]
async fn a_row_of_nothing_is_a_conflict(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let nobody = ParticipantId::at(world.now);
    conflict(world.tx().await.insert_version(nobody, 1, day("2026-03-02")).await);
    conflict(world.tx().await.insert_session(&world.new_session(nobody, "k")).await);
    conflict(world.tx().await.insert_link("hash", nobody, world.now).await);
}

#[rstest]
#[tokio::test]
async fn texts_from_outside_have_their_length(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let participant = world.add_participant("1").await;
    let session = |key: &str, task: &str| NewSession {
        id: SessionId::at(world.now),
        task: task.to_owned(),
        ..world.new_session(participant, key)
    };
    let most = "ß".repeat(64);
    for (key, task) in [("", "t"), (&format!("{most}k"), "t"), ("k", ""), ("k", &format!("{most}t"))] {
        assert!(is_refused(&world.tx().await.insert_session(&session(key, task)).await), "{key:?} {task:?}");
    }
    world.tx().await.insert_session(&session(&most, &most)).await.expect("64 characters, whatever their bytes");
    let coded =
        |code: String, record: String| NewParticipant { code, external_id: record, ..world.new_participant("") };
    for (code, record) in [(format!("{most}c"), "r".into()), (String::new(), "r".into()), ("c".into(), "r".repeat(256))]
    {
        assert!(is_refused(&world.tx().await.insert_participant(&coded(code, record)).await));
    }
}
