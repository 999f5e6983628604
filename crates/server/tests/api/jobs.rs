//! Requests that wait for a job: 200 with what came of it, 202 while it goes on; and re-syncing failed sessions.

use metricis_core::ids::ProcessId;
use metricis_core::words::SyncErrorType;
use metricis_store::testing::Engine;
use metricis_store::{ClaimedJob, JobKind, Tx};
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona, Reply};
use crate::world::World;

pub async fn patient(engine: Engine) -> World {
    World::with(engine, |settings| settings.job_wait_ms = 25_000).await
}

/// The next job, as soon as one is committed. An earlier commit may have left its call: then there is none yet.
async fn next_job(world: &World) -> (Tx, ClaimedJob) {
    loop {
        world.wake.notified().await;
        let tx = world.tx().await;
        if let Some(job) = tx.claim_job(ProcessId::at(tx.now()), usize::MAX).await.expect("an answer") {
            return (tx, job);
        }
    }
}

/// Sends the request while a worker ends the next job in the given way.
pub async fn while_working(world: &World, ask: Ask, outcome: Result<Value, &str>) -> Reply {
    let persona = Persona::Ada;
    let work = async {
        let (tx, job) = next_job(world).await;
        match (&job.kind, outcome) {
            (JobKind::SyncSession { session }, Ok(result)) => {
                tx.mark_session_synced(*session).await.expect("pending");
                tx.finish_job(job.id, result).await.expect("running");
            }
            (JobKind::SyncSession { session }, Err(error)) => {
                tx.mark_session_failed(*session, SyncErrorType::CircuitOpen, error).await.expect("pending");
                tx.fail_job(job.id, error).await.expect("running");
            }
            (_, Ok(result)) => tx.finish_job(job.id, result).await.expect("running"),
            (_, Err(error)) => tx.fail_job(job.id, error).await.expect("running"),
        }
        world.done(tx).await;
    };
    tokio::join!(world.send_as(persona, ask), work).0
}

#[rstest]
#[tokio::test]
async fn sync_events_answers_with_the_checklists_body(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = patient(engine).await;
    let result = json!({ "success": true, "created": 4, "updated": 0, "retired": 0, "unscheduled": [] });
    let answer = while_working(&world, Ask::post(world.at("/redcap/sync-events")), Ok(result)).await.ok();
    assert_eq!((&answer["success"], &answer["created"], &answer["updated"]), (&true.into(), &4.into(), &0.into()));
}

#[rstest]
#[tokio::test]
async fn a_failed_call_is_told_with_its_type(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = patient(engine).await;
    let ask = Ask::post(world.at("/redcap/test-connection"));
    let answer = while_working(&world, ask, Err("api_error: REDCap answered 503: try later")).await.ok();
    assert_eq!((&answer["success"], &answer["error_type"]), (&false.into(), &"api_error".into()));
    assert_eq!(answer["error"], "REDCap answered 503: try later");
}

#[rstest]
#[tokio::test]
async fn a_test_that_finds_wrong_settings_is_no_success(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = patient(engine).await;
    let result =
        json!({ "success": false, "version": "14.9.1", "problems": ["the project has no instrument enrolment"] });
    let ask = Ask::post(world.at("/redcap/test-connection"));
    let answer = while_working(&world, ask, Ok(result)).await.ok();
    assert_eq!((&answer["success"], answer["problems"].as_array().map(Vec::len)), (&false.into(), Some(1)));
}

#[rstest]
#[tokio::test]
async fn without_an_answer_in_time_it_says_where_to_look(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let reply = world.send_as(Persona::Ada, Ask::post(world.at("/redcap/sync-events"))).await;
    assert_eq!(reply.status, 202);
    let address = reply.headers.get("location").expect("an address").to_str().expect("text").to_owned();
    assert_eq!(reply.json["jobs"][0], address);
    let job = world.send_as(Persona::Ben, Ask::get(address)).await.ok();
    assert_eq!((&job["kind"], &job["state"]), (&"sync_events".into(), &"queued".into()));
    assert_eq!((&reply.json["job_ids"][0], &job["event_sync"]), (&job["id"], &Value::Null));
}

#[rstest]
#[case("sync-events", "event_sync", json!({ "success": true, "created": 1, "message": "classic" }))]
#[case("test-connection", "connection_test", json!({ "success": false, "problems": ["no field arm"] }))]
#[tokio::test]
async fn what_came_of_a_call_is_told_the_same_way_later(
    #[case] path: &str,
    #[case] member: &str,
    #[case] result: Value,
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(true, false)] well: bool,
) {
    let world = patient(engine).await;
    let outcome = if well { Ok(result) } else { Err("validation: the event has the arm number 0") };
    let told = while_working(&world, Ask::post(world.at(&format!("/redcap/{path}"))), outcome).await.ok();
    let address = world.at(&format!("/jobs/{}", told["job"].as_str().expect("an id")));
    let job = world.send_as(Persona::Ben, Ask::get(address)).await.ok();
    assert_eq!(job[member], told);
    assert_eq!(told["error"].as_str(), (!well).then_some("the event has the arm number 0"));
    assert_eq!(told["problems"].as_array().map(Vec::len), Some(usize::from(well && member == "connection_test")));
}

#[rstest]
#[tokio::test]
async fn a_study_without_a_connection_has_nothing_to_ask(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let tx = world.tx().await;
    tx.set_study_config(world.study, &Default::default()).await.expect("written");
    world.done(tx).await;
    world.send_as(Persona::Ada, Ask::post(world.at("/redcap/sync-events"))).await.problem(409, "conflict");
    assert_eq!(world.count("SELECT count(*) FROM jobs").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_resync_goes_through_the_same_pipeline(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = patient(engine).await;
    let session = world.fail_a_sync("k").await;
    let answer = while_working(&world, Ask::post(world.at("/sync")).json(json!({})), Ok(json!({}))).await.ok();
    assert_eq!(answer, json!({ "success": true, "synced": 1, "failed": [] }));
    assert_eq!(world.actions(1).await, ["resync_session"]);
    let listed = world.send_as(Persona::Ben, Ask::get(world.at("/sessions?sync_status=synced"))).await.ok();
    assert_eq!(listed["sessions"][0]["id"], session.to_string());
    assert!(!listed.to_string().contains("accuracy"), "no result is in an answer to staff");
}

#[rstest]
#[tokio::test]
async fn a_resync_that_fails_again_says_which_and_why(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = patient(engine).await;
    let session = world.fail_a_sync("k").await;
    let order = Ask::post(world.at("/sync")).json(json!({ "session_ids": [session] }));
    let answer = while_working(&world, order, Err("the breaker is open")).await.ok();
    let failed = json!([{ "session": session, "error_type": "circuit_open", "message": "the breaker is open" }]);
    assert_eq!(answer, json!({ "success": false, "synced": 0, "failed": failed }));
}

#[rstest]
#[tokio::test]
async fn only_failed_sessions_of_the_study_can_be_resynced(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let session = world.fail_a_sync("k").await;
    let order = |id: String| Ask::post(world.at("/sync")).json(json!({ "session_ids": [id] }));
    world.send_as(Persona::Ben, order(uuid::Uuid::nil().to_string())).await.problem(422, "invalid");
    assert_eq!(world.send_as(Persona::Ben, order(session.to_string())).await.status, 202);
    world.send_as(Persona::Ben, order(session.to_string())).await.problem(409, "conflict");
    let others = Ask::post(format!("/api/studies/{}/sync", world.other)).json(json!({ "session_ids": [session] }));
    world.send_as(Persona::Cleo, others).await.problem(422, "invalid");
}
