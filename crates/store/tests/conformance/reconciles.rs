//! How far a reconcile came, what keeps one from making an event, and when the next one is due.

use chrono::{Duration, NaiveDateTime};
use metricis_core::words::{EventStatus, StudyStatus};
use metricis_store::testing::Engine;
use metricis_store::{JobKind, StoreError};
use rstest::rstest;
use serde_json::json;

use crate::world::{World, done, quoted};

const HOUR: Duration = Duration::hours(1);

async fn queue_due(world: &World) -> usize {
    let tx = world.tx().await;
    let queued = tx.queue_due_reconciles(HOUR).await.expect("an answer");
    done(tx).await;
    queued
}

/// Ends every job, as workers would.
async fn end_jobs(world: &World) {
    let worker = world.add_process("worker").await;
    let tx = world.tx().await;
    while let Some(job) = tx.claim_job(worker, usize::MAX).await.expect("an answer") {
        tx.finish_job(job.id, json!({})).await.expect("running");
    }
    done(tx).await;
}

async fn activate(world: &World) {
    let tx = world.tx().await;
    let mut config = tx.study(world.study).await.expect("an answer").expect("the study").config;
    config.redcap.api_token = Some("enc:v2:x".to_owned());
    tx.set_study_config(world.study, &config).await.expect("a configuration");
    tx.set_study_status(world.study, StudyStatus::Active).await.expect("a status");
    done(tx).await;
}

#[rstest]
#[tokio::test]
async fn a_study_is_due_by_the_hour_or_when_a_det_was_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    assert_eq!(queue_due(&world).await, 0, "a draft is left to people");
    activate(&world).await;
    assert_eq!(queue_due(&world).await, 0, "seen for the first time");
    world.advance(HOUR);
    assert_eq!((queue_due(&world).await, queue_due(&world).await), (1, 0));
    assert_eq!(world.read().await.reconcile_under_way(world.study).await, Ok(true));
    world.advance(HOUR * 2);
    assert_eq!(queue_due(&world).await, 0, "the last one waits still");
    end_jobs(&world).await;
    assert_eq!(queue_due(&world).await, 1);
    end_jobs(&world).await;
    let (study, now) = (world.uuid(world.study.0), world.moment(world.now));
    let mark =
        format!("INSERT INTO reconcile_marks (study_id, refused, first_at, last_at) VALUES ({study}, 3, {now}, {now})");
    world.db.as_server(&mark).await.expect("a mark");
    world.advance(Duration::minutes(4));
    assert_eq!(queue_due(&world).await, 0, "one has just been");
    world.advance(Duration::minutes(2));
    assert_eq!(queue_due(&world).await, 1);
    end_jobs(&world).await;
    let tx = world.tx().await;
    let at = NaiveDateTime::default();
    tx.finish_reconcile(world.study, at, true, world.now).await.expect("an answer");
    done(tx).await;
    world.advance(Duration::minutes(10));
    assert_eq!(queue_due(&world).await, 0, "made good");
    let tx = world.tx().await;
    tx.set_study_status(world.study, StudyStatus::Completed).await.expect("a status");
    done(tx).await;
    world.advance(HOUR);
    assert_eq!(queue_due(&world).await, 0, "completed");
}

#[rstest]
#[tokio::test]
async fn of_many_workers_one_queues_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    activate(&world).await;
    queue_due(&world).await;
    world.advance(HOUR);
    let queued = world.race(8, |store, now, _| async move {
        let tx = store.write(now).await.expect("a transaction");
        let queued = tx.queue_due_reconciles(HOUR).await.expect("an answer");
        done(tx).await;
        queued
    });
    assert_eq!(queued.await.iter().sum::<usize>(), 1);
}

#[rstest]
#[tokio::test]
async fn how_far_it_came_is_read_back(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let (first, study) = (world.now, world.study);
    let state = world.read().await.reconcile_state(study).await.expect("a state");
    assert_eq!((state.log_mark, state.ran_at, state.full_at, state.study_since), (None, None, None, first));
    let mark = NaiveDateTime::parse_from_str("2026-10-25 02:30", "%Y-%m-%d %H:%M").expect("a minute");
    for full in [true, false] {
        world.advance(HOUR);
        let tx = world.tx().await;
        tx.finish_reconcile(study, mark, full, world.now).await.expect("an answer");
        done(tx).await;
    }
    let state = world.read().await.reconcile_state(study).await.expect("a state");
    assert_eq!((state.log_mark, state.ran_at, state.full_at), (Some(mark), Some(first + HOUR * 2), Some(first + HOUR)));
    let nobody = metricis_core::ids::StudyId::at(world.now);
    assert!(matches!(world.read().await.reconcile_state(nobody).await, Err(StoreError::Inconsistent(_))));
}

#[rstest]
#[tokio::test]
async fn an_event_that_is_open_or_failed_last_blocks_another(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let blocking = async |world: &World, record: &str| {
        world.read().await.blocking_event(world.study, record).await.expect("an answer")
    };
    assert_eq!(blocking(&world, "7").await, None);
    let failed = [("status", quoted("failed")), ("error_message", quoted("x"))];
    let first = world.add_event("7", &failed).await;
    assert_eq!(blocking(&world, "7").await, Some((first, EventStatus::Failed)));
    world.advance(HOUR);
    let processed = [("status", quoted("processed")), ("processed_at", world.moment(world.now))];
    world.add_event("7", &processed).await;
    assert_eq!(blocking(&world, "7").await, None, "a later one went well");
    let waiting = world.add_event("7", &[("received_at", world.moment(world.now - HOUR * 2))]).await;
    assert_eq!(blocking(&world, "7").await, Some((waiting, EventStatus::Received)), "whenever it came");
    for record in ["9", "10", "1"] {
        world.add_participant(record).await;
    }
    assert_eq!(
        world.read().await.participant_records(world.study).await,
        Ok(vec!["1".into(), "10".into(), "9".into()])
    );
}

#[rstest]
#[tokio::test]
async fn the_lock_makes_a_second_run_wait(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let ends = world.race(4, |store, now, _| async move {
        let tx = store.write(now).await.expect("a transaction");
        let study = tx.studies().await.expect("studies")[0].id;
        tx.lock_reconcile(study).await.expect("a lock");
        let queued = tx.reconcile_under_way(study).await.expect("an answer");
        if !queued {
            tx.enqueue_job(study, &JobKind::Reconcile { full: false, dry_run: false }).await.expect("a job");
        }
        done(tx).await;
        queued
    });
    assert_eq!(ends.await.iter().filter(|queued| !**queued).count(), 1, "one after the other");
}
