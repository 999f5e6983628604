//! Jobs: taken in order and fairly by study, ended once.

use chrono::Duration;
use metricis_core::ids::JobId;
use metricis_core::operation::{GivenDesign, Order};
use metricis_core::words::JobState;
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::world::{World, conflict, done};

#[rstest]
#[tokio::test]
async fn each_kind_comes_back_as_it_was_queued(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let session = world.add_session(world.add_participant("1").await, "k").await;
    let order = Order::Apply("ab".repeat(32));
    let design = Some(GivenDesign { dictionary: "x".to_owned(), ..GivenDesign::default() });
    let kinds = [
        JobKind::SyncEvents,
        JobKind::SyncSession { session },
        JobKind::TestConnection,
        JobKind::Reconcile { full: true, dry_run: false },
        JobKind::PushDictionary { dictionary: "a,b\n".to_owned(), order: Order::Preview },
        JobKind::InitProject { design, order: order.clone() },
        JobKind::DeleteForm { form: "mood".to_owned(), order: Order::Preview },
        JobKind::ImportParticipants { records: Some(vec!["332-1".to_owned()]), order },
    ];
    for kind in kinds {
        let tx = world.tx().await;
        let id = tx.enqueue_job(world.study, &kind).await.expect("a job");
        let named = tx.job(id).await.expect("an answer").expect("a job");
        assert_eq!((named.kind.clone(), named.state, named.result), (kind.clone(), JobState::Queued, None));
        let claimed = tx.claim_job(worker, usize::MAX).await.expect("an answer").expect("a job");
        assert_eq!((claimed.id, claimed.study, claimed.kind), (id, world.study, kind.clone()));
        tx.finish_job(id, json!({ "success": true })).await.expect("running");
        done(tx).await;
        let query = format!("SELECT count(*) FROM jobs WHERE kind = '{}'", kind.name());
        assert_eq!(world.db.count(&query).await, 1);
    }
}

#[rstest]
#[tokio::test]
async fn the_study_with_the_fewest_running_jobs_is_served_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let small = world.add_study("MEM-2").await;
    for study in [world.study, world.study, world.study, small, small] {
        let tx = world.tx().await;
        tx.enqueue_job(study, &JobKind::SyncEvents).await.expect("a job");
        done(tx).await;
        world.advance(Duration::microseconds(1));
    }
    let mut served = vec![];
    let tx = world.tx().await;
    while let Some(job) = tx.claim_job(worker, usize::MAX).await.expect("an answer") {
        served.push((job.study == small, job.created_at));
    }
    assert_eq!(served.iter().map(|(small, _)| *small).collect::<Vec<_>>(), [false, true, false, true, false]);
    assert!([served[0].1, served[2].1, served[4].1].is_sorted(), "the oldest of a study first");
}

#[rstest]
#[tokio::test]
async fn a_job_ends_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let tx = world.tx().await;
    let id = tx.enqueue_job(world.study, &JobKind::SyncEvents).await.expect("a job");
    conflict(tx.finish_job(id, json!({})).await);
    conflict(tx.fail_job(id, "not begun").await);
    tx.claim_job(worker, usize::MAX).await.expect("an answer").expect("a job");
    done(tx).await;
    let claimed_at = world.now;
    world.advance(Duration::seconds(2));
    let tx = world.tx().await;
    tx.fail_job(id, "REDCap answered 503").await.expect("running");
    conflict(tx.finish_job(id, json!({})).await);
    assert_eq!(tx.claim_job(worker, usize::MAX).await, Ok(None), "never retried by itself");
    done(tx).await;
    let job = world.read().await.job(id).await.expect("an answer").expect("a job");
    assert_eq!((job.state, job.error.as_deref()), (JobState::Failed, Some("REDCap answered 503")));
    assert_eq!((job.claimed_at, job.finished_at), (Some(claimed_at), Some(world.now)));
    assert_eq!(world.read().await.job(JobId::at(world.now)).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn the_jobs_of_a_dead_process_are_taken_and_nobody_elses(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let (lost, stopped, alive) =
        (world.add_process("worker").await, world.add_process("worker").await, world.add_process("worker").await);
    let tx = world.tx().await;
    let mut jobs = vec![];
    for process in [lost, stopped, alive] {
        tx.enqueue_job(world.study, &JobKind::SyncEvents).await.expect("a job");
        jobs.push(tx.claim_job(process, usize::MAX).await.expect("an answer").expect("a job"));
    }
    tx.enqueue_job(world.study, &JobKind::SyncEvents).await.expect("a job nobody holds");
    done(tx).await;
    world.advance(Duration::minutes(1));
    let tx = world.tx().await;
    tx.see_process(alive).await.expect("seen");
    tx.stop_process(stopped).await.expect("stopped");
    done(tx).await;
    let tx = world.tx().await;
    let mut dead = tx.take_dead_jobs(&[]).await.expect("jobs");
    dead.sort_by_key(|job| jobs.iter().position(|other| other.id == job.id));
    assert_eq!(dead, jobs[..2]);
    for job in &dead {
        tx.fail_job(job.id, "outcome unknown; re-sync is safe").await.expect("still running");
    }
    done(tx).await;
    assert_eq!(world.tx().await.take_dead_jobs(&[]).await, Ok(vec![]));
}

#[rstest]
#[tokio::test]
async fn a_participants_results_go_one_after_the_other_in_the_order_they_were_completed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let (one, two) = (world.add_participant("1").await, world.add_participant("2").await);
    let mut expected = vec![];
    for (participant, key, minutes) in [(one, "newer", 1), (one, "older", 9), (two, "other", 5)] {
        let mut new = world.new_session(participant, key);
        new.completed_at = world.now - Duration::minutes(minutes);
        new.started_at = new.completed_at;
        let tx = world.tx().await;
        tx.insert_session(&new).await.expect("a session");
        tx.enqueue_job(world.study, &JobKind::SyncSession { session: new.id }).await.expect("a job");
        done(tx).await;
        expected.push(JobKind::SyncSession { session: new.id });
    }
    let tx = world.tx().await;
    let claim = async || tx.claim_job(worker, usize::MAX).await.expect("an answer");
    let first = [claim().await.expect("a job"), claim().await.expect("a job")];
    let kinds: Vec<_> = first.iter().map(|job| job.kind.clone()).collect();
    assert!(
        kinds.contains(&expected[1]) && kinds.contains(&expected[2]),
        "the older of one, and the other's: {kinds:?}"
    );
    assert_eq!(claim().await, None, "the newer waits for the older");
    let older = first.iter().find(|job| job.kind == expected[1]).expect("the older");
    tx.finish_job(older.id, json!({})).await.expect("running");
    assert_eq!(claim().await.map(|job| job.kind), Some(expected[0].clone()));
}

#[rstest]
#[tokio::test]
async fn a_process_is_told_which_jobs_run_in_its_name(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let (mine, other) = (world.add_process("worker").await, world.add_process("worker").await);
    let tx = world.tx().await;
    let mut claimed = vec![];
    for process in [mine, other, mine] {
        tx.enqueue_job(world.study, &JobKind::SyncEvents).await.expect("a job");
        claimed.push(tx.claim_job(process, usize::MAX).await.expect("an answer").expect("a job").id);
    }
    tx.enqueue_job(world.study, &JobKind::SyncEvents).await.expect("a job nobody holds");
    let mut both = [claimed[0], claimed[2]];
    both.sort();
    assert_eq!(tx.running_jobs(mine).await, Ok(both.to_vec()));
    tx.fail_job(claimed[0], "REDCap answered 503").await.expect("running");
    assert_eq!(tx.running_jobs(mine).await, Ok(vec![claimed[2]]));
}

#[rstest]
#[tokio::test]
async fn redcaps_version_is_what_the_last_successful_test_of_the_study_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let other = world.add_study("MEM-2").await;
    assert_eq!(world.read().await.redcap_version(world.study).await, Ok(None));
    for (study, kind, version) in [
        (world.study, JobKind::TestConnection, Some("14.0.1")),
        (world.study, JobKind::TestConnection, Some("14.5.9")),
        (world.study, JobKind::TestConnection, None),
        (world.study, JobKind::SyncEvents, Some("1.0.0")),
        (other, JobKind::TestConnection, Some("13.0.0")),
    ] {
        world.advance(Duration::seconds(1));
        let tx = world.tx().await;
        let id = tx.enqueue_job(study, &kind).await.expect("a job");
        tx.claim_job(worker, usize::MAX).await.expect("an answer").expect("a job");
        match version {
            Some(version) => tx.finish_job(id, json!({ "version": version })).await.expect("running"),
            None => tx.fail_job(id, "REDCap answered 503").await.expect("running"),
        }
        done(tx).await;
    }
    let read = world.read().await;
    assert_eq!(read.redcap_version(world.study).await, Ok(Some("14.5.9".to_owned())));
    assert_eq!(read.redcap_version(other).await, Ok(Some("13.0.0".to_owned())));
}

#[rstest]
#[tokio::test]
async fn a_running_job_tells_how_far_it_is_and_keeps_that_when_it_fails(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let tx = world.tx().await;
    let id = tx.enqueue_job(world.study, &JobKind::SyncEvents).await.expect("a job");
    done(tx).await;
    conflict(world.tx().await.note_progress(id, json!({ "enrolled": 1 })).await);
    let tx = world.tx().await;
    tx.claim_job(worker, usize::MAX).await.expect("an answer").expect("the job");
    tx.note_progress(id, json!({ "enrolled": 50 })).await.expect("running");
    tx.fail_job(id, "exception: planted").await.expect("running");
    done(tx).await;
    let job = world.read().await.job(id).await.expect("an answer").expect("the job");
    assert_eq!((job.state, job.result), (JobState::Failed, Some(json!({ "enrolled": 50 }))));
}

#[rstest]
#[tokio::test]
async fn high_risk_operations_of_a_study_run_one_after_the_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let delete = JobKind::DeleteForm { form: "mood".to_owned(), order: Order::Preview };
    let import = JobKind::ImportParticipants { records: None, order: Order::Preview };
    for kind in [&delete, &import, &JobKind::TestConnection] {
        let tx = world.tx().await;
        tx.enqueue_job(world.study, kind).await.expect("a job");
        done(tx).await;
        world.advance(Duration::microseconds(1));
    }
    let tx = world.tx().await;
    let claim = async || tx.claim_job(worker, usize::MAX).await.expect("an answer").map(|job| job.kind);
    assert_eq!(claim().await, Some(delete));
    assert_eq!(claim().await, Some(JobKind::TestConnection), "which waits for none of them");
    assert_eq!(claim().await, None);
    done(tx).await;
}
