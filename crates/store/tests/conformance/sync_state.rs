//! The sync state of a session: each step only from where the core's machine takes it (guarantee 14).

use chrono::Duration;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::sync::{SessionSync, SyncFacts};
use metricis_core::words::SyncErrorType;
use metricis_store::testing::Engine;
use metricis_store::{JobKind, SyncProof};
use rstest::rstest;

use crate::world::{World, conflict, done};

#[rstest]
#[tokio::test]
async fn only_a_person_leads_out_of_failed_and_synced_is_final(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let participant = world.add_participant("1").await;
    let id = world.add_session(participant, "k").await;
    let tx = world.tx().await;
    conflict(tx.mark_session_pending(&[id]).await);
    tx.mark_session_failed(id, SyncErrorType::ApiError, "REDCap answered 503").await.expect("pending");
    conflict(tx.mark_session_synced(id).await);
    conflict(tx.mark_session_failed(id, SyncErrorType::Exception, "again").await);
    let session = tx.session(id).await.expect("an answer").expect("a session");
    let message = "REDCap answered 503".to_owned();
    assert_eq!(session.sync, SessionSync::Failed { error_type: SyncErrorType::ApiError, message });
    assert_eq!((session.sync_attempts, session.pending_since), (1, None));
    done(tx).await;
    world.advance(Duration::hours(1));
    let tx = world.tx().await;
    tx.mark_session_pending(&[id, id]).await.expect("failed; asked for twice");
    let session = tx.session(id).await.expect("an answer").expect("a session");
    assert_eq!((session.sync, session.pending_since), (SessionSync::Pending, Some(world.now)));
    tx.mark_session_synced(id).await.expect("pending");
    conflict(tx.mark_session_failed(id, SyncErrorType::Exception, "late").await);
    conflict(tx.mark_session_pending(&[id]).await);
    let session = tx.session(id).await.expect("an answer").expect("a session");
    assert_eq!((session.sync, session.sync_attempts), (SessionSync::Synced, 2));
    assert_eq!(session.synced_at, Some(world.now));
}

#[rstest]
#[tokio::test]
async fn a_resync_takes_all_or_none(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let participant = world.add_participant("1").await;
    let (failed, pending) = (world.add_session(participant, "a").await, world.add_session(participant, "b").await);
    let tx = world.tx().await;
    tx.mark_session_failed(failed, SyncErrorType::Validation, "refused").await.expect("pending");
    done(tx).await;
    conflict(world.tx().await.mark_session_pending(&[failed, pending]).await);
    let session = world.read().await.session(failed).await.expect("an answer").expect("a session");
    assert!(matches!(session.sync, SessionSync::Failed { .. }), "rolled back");
    assert_eq!(world.tx().await.mark_session_pending(&[]).await, Ok(()));
}

#[rstest]
#[tokio::test]
async fn what_waits_is_counted_since_it_waits(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let (ada, ben) = (world.add_participant("1").await, world.add_participant("2").await);
    let nothing = world.read().await.sync_facts(ada).await;
    assert_eq!(nothing, Ok(SyncFacts::default()));
    let resynced = world.add_session(ada, "a").await;
    world.add_session(ada, "b").await;
    let other = world.add_session(ben, "c").await;
    let start = world.now;
    let tx = world.tx().await;
    tx.mark_session_failed(resynced, SyncErrorType::ApiError, "down").await.expect("pending");
    tx.mark_session_failed(other, SyncErrorType::ApiError, "down").await.expect("pending");
    done(tx).await;
    world.advance(Duration::minutes(20));
    let tx = world.tx().await;
    tx.mark_session_pending(&[resynced]).await.expect("failed");
    done(tx).await;
    world.advance(Duration::microseconds(1));
    let read = world.read().await;
    let facts = SyncFacts { failed_count: 0, pending_count: 2, oldest_pending_at: Some(start) };
    assert_eq!(read.sync_facts(ada).await, Ok(facts));
    let facts = SyncFacts { failed_count: 1, pending_count: 0, oldest_pending_at: None };
    assert_eq!(read.sync_facts(ben).await, Ok(facts));
}

#[rstest]
#[tokio::test]
async fn a_second_job_without_a_persons_resync_speaks_against_no_fallback(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let participant = world.add_participant("1").await;
    let session = world.add_session(participant, "k").await;
    let kind = JobKind::SyncSession { session };
    let tx = world.tx().await;
    tx.enqueue_job(world.study, &kind).await.expect("the first job");
    let proof = tx.sync_proof(world.study).await.expect("an answer");
    assert_eq!(proof, SyncProof { sessions: 1, unexplained: 0, sent_unasked: 0 });
    let job = tx.enqueue_job(world.study, &kind).await.expect("a second job");
    assert_eq!(tx.sync_proof(world.study).await.expect("an answer").sent_unasked, 1);
    let asked = Action::ResyncSession { session, job };
    tx.commit(Entry::study(world.study, Actor::System, asked)).await.expect("a commit");
    assert_eq!(world.read().await.sync_proof(world.study).await.expect("an answer").sent_unasked, 0);
}
