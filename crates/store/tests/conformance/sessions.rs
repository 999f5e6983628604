//! Submissions: sent twice, on a bad line or from two tabs, they make one session.

use chrono::Duration;
use metricis_core::sync::SessionSync;
use metricis_core::words::SyncStatus;
use metricis_store::testing::Engine;
use metricis_store::{NewSession, SentSession, SessionInsert};
use rstest::rstest;

use crate::world::{World, done};

#[rstest]
#[tokio::test]
async fn a_session_is_stored_as_it_was_sent(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.add_windows(&[0]).await;
    let (participant, _, visits) = world.add_schedule("1").await;
    let new = NewSession {
        visit: Some(visits[0]),
        review_flag: Some("after_window".to_owned()),
        ..world.new_session(participant, "k1")
    };
    let tx = world.tx().await;
    assert_eq!(tx.insert_session(&new).await, Ok(SessionInsert::Inserted));
    done(tx).await;
    let stored = world.read().await.session(new.id).await.expect("an answer").expect("a session");
    assert_eq!((stored.participant, stored.visit, stored.study), (participant, Some(visits[0]), world.study));
    assert_eq!((&stored.results, &stored.task, &stored.review_flag), (&new.results, &new.task, &new.review_flag));
    assert_eq!((stored.started_at, stored.completed_at), (new.started_at, new.completed_at));
    assert_eq!((stored.received_at, stored.pending_since), (world.now, Some(world.now)));
    assert_eq!((stored.sync.clone(), stored.sync_attempts), (SessionSync::Pending, 0));
    for text in [format!("{stored:?}"), format!("{new:?}")] {
        assert!(!text.contains("412.5") && !text.contains("unwell"), "no answer in {text}");
    }
}

#[rstest]
#[tokio::test]
async fn a_key_sent_again_finds_the_first_session(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let (ada, ben) = (world.add_participant("1").await, world.add_participant("2").await);
    let first = world.add_session(ada, "k").await;
    let tx = world.tx().await;
    let again = world.new_session(ada, "k");
    let answer = tx.insert_session(&again).await;
    assert_eq!(answer, Ok(SessionInsert::AlreadyThere { id: first, same_fingerprint: true }));
    let other = NewSession { fingerprint: "e".repeat(64), ..again };
    let answer = tx.insert_session(&other).await;
    assert_eq!(answer, Ok(SessionInsert::AlreadyThere { id: first, same_fingerprint: false }));
    assert_eq!(tx.insert_session(&world.new_session(ben, "k")).await, Ok(SessionInsert::Inserted), "another's key");
    done(tx).await;
    assert_eq!(world.db.count("SELECT count(*) FROM sessions").await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_at_once_make_one_session(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let participant = world.add_participant("1").await;
    let answers = world
        .race(8, |store, now, _| {
            let new = world.new_session(participant, "k");
            async move {
                let tx = store.write(now).await.expect("a transaction");
                let answer = tx.insert_session(&new).await.expect("an answer");
                done(tx).await;
                (answer, new.id)
            }
        })
        .await;
    let made: Vec<_> = answers.iter().filter(|(answer, _)| *answer == SessionInsert::Inserted).collect();
    assert_eq!(made.len(), 1);
    let there = SessionInsert::AlreadyThere { id: made[0].1, same_fingerprint: true };
    assert_eq!(answers.iter().filter(|(answer, _)| *answer == there).count(), 7);
}

#[rstest]
#[tokio::test]
async fn lists_are_newest_first_and_of_one_state(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let (ada, ben) = (world.add_participant("1").await, world.add_participant("2").await);
    let mut ids = vec![];
    for (participant, key) in [(ada, "a"), (ben, "b"), (ada, "c")] {
        ids.push(world.add_session(participant, key).await);
        world.advance(Duration::microseconds(1));
    }
    let tx = world.tx().await;
    tx.mark_session_synced(ids[1]).await.expect("a pending session");
    done(tx).await;
    let read = world.read().await;
    let all: Vec<_> =
        read.sessions(world.study, None, None, 2).await.expect("sessions").iter().map(|row| row.id).collect();
    assert_eq!(all, [ids[2], ids[1]]);
    let pending = read.sessions(world.study, Some(SyncStatus::Pending), None, 9).await.expect("sessions");
    assert_eq!(pending.iter().map(|row| row.id).collect::<Vec<_>>(), [ids[2], ids[0]]);
    let own = read.sessions_of(ada).await.expect("sessions");
    assert_eq!(own.iter().map(|row| row.id).collect::<Vec<_>>(), [ids[2], ids[0]]);
}

/// Not even what cannot be read keeps a receipt from the participant: only the five columns are looked at.
#[rstest]
#[tokio::test]
async fn receipts_are_the_participants_own_and_no_result_is_read(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let (ada, ben) = (world.add_participant("1").await, world.add_participant("2").await);
    let start = world.now;
    let older = world.add_session(ada, "a").await;
    world.advance(Duration::seconds(1));
    world.add_session(ada, "c").await;
    world.add_session(ben, "b").await;
    let tx = world.tx().await;
    tx.mark_session_synced(older).await.expect("a pending session");
    done(tx).await;
    world.db.tamper("UPDATE sessions SET results = '[]'").await.expect("no object any more");
    let read = world.read().await;
    assert!(read.sessions_of(ada).await.is_err(), "whoever reads the answers stops here");
    let receipt = |key: &str, received_at, sync| SentSession {
        submission_key: key.to_owned(),
        task: "reaction_time".to_owned(),
        visit: None,
        received_at,
        sync,
    };
    let newest_first = [receipt("c", world.now, SyncStatus::Pending), receipt("a", start, SyncStatus::Synced)];
    assert_eq!(read.sent_sessions(ada).await.expect("receipts"), newest_first);
}
