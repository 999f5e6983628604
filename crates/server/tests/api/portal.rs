//! What a participant sees and sends.

use chrono::Duration;
use metricis_core::ids::SessionId;
use metricis_core::schedule::move_anchor;
use metricis_core::words::VisitStatus;
use metricis_store::NewSession;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona, Reply};
use crate::world::{World, day};

async fn submit(world: &World, body: &Value) -> Reply {
    world.send_as(Persona::Pia, Ask::post("/api/portal/sessions").json(body.clone())).await
}

#[rstest]
#[tokio::test]
async fn sent_twice_it_is_one_session(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let body = world.submission("k").await;
    let first = submit(&world, &body).await;
    assert_eq!(first.status, 201);
    let mut reordered = body.clone();
    reordered["results"] = json!({ "note": "unwell", "accuracy": 0.875 });
    let again = submit(&world, &reordered).await;
    assert_eq!(again.status, 200);
    assert_eq!(first.json, again.json);
    let mut other = body;
    other["results"]["accuracy"] = json!(0.5);
    submit(&world, &other).await.problem(409, "conflict");
    for table in ["sessions", "jobs"] {
        assert_eq!(world.count(&format!("SELECT count(*) FROM {table}")).await, 1, "{table}");
    }
    assert_eq!(world.actions(1).await, ["submit_session"]);
    assert_eq!(world.count("SELECT count(*) FROM audit_logs WHERE detail LIKE '%unwell%'").await, 0);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_at_once_make_one_session(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let body = world.submission("k").await;
    let token = world.token_of(Persona::Pia).expect("a token");
    let send = || Ask::post("/api/portal/sessions").json(body.clone()).token(&token).send(world.router.clone());
    let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(send())).collect();
    let mut created = 0;
    for task in tasks {
        created += usize::from(task.await.expect("no panic").status == 201);
    }
    assert_eq!((created, world.count("SELECT count(*) FROM sessions").await), (1, 1));
}

#[rstest]
#[tokio::test]
async fn a_result_holds_its_visit_on_the_participants_day(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    // 23:30 UTC on Monday is Tuesday in Zurich.
    world.clock.advance(Duration::minutes(14 * 60 + 30));
    submit(&world, &world.submission("k").await).await.ok();
    let visit = world.read().await.visits(world.pia).await.expect("visits").remove(0);
    assert_eq!((visit.status, visit.actual_visit_date), (VisitStatus::Completed, Some(day("2026-03-03"))));
}

#[rstest]
#[tokio::test]
async fn late_is_stored_and_flagged(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.clock.advance(Duration::days(4));
    let stored = submit(&world, &world.submission("k").await).await.ok();
    assert_eq!((&stored["review_flag"], &stored["sync_status"]), (&"late".into(), &"pending".into()));
}

#[rstest]
#[tokio::test]
async fn for_a_cancelled_visit_it_is_stored_and_flagged(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let body = world.submission("k").await;
    let tx = world.tx().await;
    let config = tx.study(world.study).await.expect("an answer").expect("the study").config;
    let facts = tx.anchor_facts(world.pia, &config, day("2026-03-02")).await.expect("an answer").expect("facts");
    tx.apply_anchor_plan(&move_anchor(&facts, day("2026-03-09")).expect("a plan")).await.expect("moved");
    world.done(tx).await;
    let stored = submit(&world, &body).await.ok();
    assert_eq!(stored["review_flag"], "visit_cancelled");
    let visit = world.read().await.visits(world.pia).await.expect("visits").remove(0);
    assert_eq!(visit.status, VisitStatus::Cancelled, "a cancelled visit stays cancelled");
}

#[rstest]
#[case::unmapped("task", json!("stroop"))]
#[case::blank_key("submission_key", json!(""))]
#[case::long_key("submission_key", json!("k".repeat(65)))]
#[case::backwards("completed_at", json!("2026-03-02T08:00:00Z"))]
#[case::no_object("results", json!([1, 2]))]
#[case::strangers_visit("visit_id", json!("00000000-0000-0000-0000-000000000007"))]
#[tokio::test]
async fn what_cannot_be_a_submission_is_refused(#[case] field: &str, #[case] value: Value) {
    let world = World::new(Engine::Sqlite).await;
    let mut body = world.submission("k").await;
    body[field] = value;
    submit(&world, &body).await.problem(422, "invalid");
    assert_eq!(world.count("SELECT count(*) FROM sessions").await, 0);
}

#[rstest]
#[tokio::test]
async fn results_are_bounded(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let mut body = world.submission("k").await;
    body["results"]["note"] = json!("x".repeat(300_000));
    submit(&world, &body).await.problem(413, "payload-too-large");
}

#[rstest]
#[tokio::test]
async fn a_failed_sync_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let status = || Ask::get("/api/portal/data-status");
    assert_eq!(world.send_as(Persona::Pia, status()).await.ok()["has_failed_sync"], false);
    world.fail_a_sync("k").await;
    let told = world.send_as(Persona::Pia, status()).await.ok();
    assert_eq!((&told["has_failed_sync"], &told["failed_count"]), (&true.into(), &1.into()));
    let banner = "Your responses were saved on this device. The study team has been notified.";
    assert_eq!(told["banner"], banner, "the checklist's words, §9.1");
    let dashboard = world.send_as(Persona::Ben, Ask::get(world.at("/dashboard"))).await.ok();
    assert_eq!(dashboard["failed_syncs"], 1);
}

#[rstest]
#[tokio::test]
async fn tasks_open_and_close_with_the_window_in_the_participants_zone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let tasks = || Ask::get("/api/portal/tasks");
    let listed = world.send_as(Persona::Pia, tasks()).await.ok();
    let listed = listed["tasks"].as_array().expect("a list").clone();
    assert_eq!(listed.len(), 2);
    let first = &listed[0];
    assert_eq!((&first["kind"], &first["task"], &first["open"]), (&"assessment".into(), &"nback".into(), &true.into()));
    assert_eq!(first["opens_at"], "2026-02-27T23:00:00Z", "midnight in Zurich");
    assert_eq!(first["closes_at"], "2026-03-05T23:00:00Z");
    // The clocks go forward on 29 March: the second window opens at 22:00 UTC.
    assert_eq!((&listed[1]["opens_at"], &listed[1]["open"]), (&"2026-03-29T22:00:00Z".into(), &false.into()));
    submit(&world, &world.submission("k").await).await.ok();
    assert_eq!(world.send_as(Persona::Pia, tasks()).await.ok()["tasks"][0]["done"], true);
    world.clock.advance(Duration::days(4));
    let later = world.send_as(Persona::Pia, tasks()).await.ok();
    assert_eq!(later["tasks"].as_array().map(Vec::len), Some(1), "the first window has closed");
}

/// Two tasks of one visit and two results of one task, all at once: none is refused, and the visit is held. On PostgreSQL nobody
/// can store a result until all four have begun, so that without an order among them none would see another.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn results_that_arrive_together_are_all_stored_and_hold_the_visit(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let settings = json!({ "redcap_field_mapping": {
        "nback": { "instrument": "nback", "fields": { "accuracy": "nb_acc" } },
        "stroop": { "instrument": "nback", "fields": { "accuracy": "st_acc" } },
    } });
    world.send_as(Persona::Ada, Ask::put(world.at("/redcap/settings")).json(settings)).await.ok();
    let token = world.token_of(Persona::Pia).expect("a token");
    let gate = match engine {
        Engine::Postgres => Some(world.db.hold("LOCK TABLE sessions IN SHARE MODE").await),
        Engine::Sqlite => None,
    };
    let mut tasks = vec![];
    for (key, task) in [("a", "nback"), ("b", "stroop"), ("c", "nback"), ("d", "stroop")] {
        let mut body = world.submission(key).await;
        body["task"] = json!(task);
        let ask = Ask::post("/api/portal/sessions").json(body).token(&token);
        tasks.push(tokio::spawn(ask.send(world.router.clone())));
    }
    if let Some(gate) = gate {
        gate.until_waiting(4).await;
        gate.release().await;
    }
    let mut flags = vec![];
    for task in tasks {
        let reply = task.await.expect("no panic");
        assert_eq!(reply.status, 201, "{}", reply.json);
        flags.push(reply.json["review_flag"].clone());
    }
    assert_eq!(flags.iter().filter(|flag| **flag == "repeated").count(), 2, "{flags:?}");
    let visit = world.read().await.visits(world.pia).await.expect("visits").remove(0);
    assert_eq!(visit.status, VisitStatus::Completed);
}

#[rstest]
#[tokio::test]
async fn a_result_before_its_window_is_stored_and_flagged_and_holds_no_visit(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let mut body = world.submission("k").await;
    body["visit_id"] = json!(world.visits(world.pia).await[1]);
    body["completed_at"] = json!("2099-01-01T00:00:00Z");
    assert_eq!(submit(&world, &body).await.ok()["review_flag"], "early,clock_ahead");
    let visit = world.read().await.visits(world.pia).await.expect("visits").remove(1);
    assert_eq!((visit.status, visit.actual_visit_date), (VisitStatus::Pending, None));
}

/// A submission that is not committed yet, and one of the visit's other task: the second waits for the first and sees it, or the
/// visit would stay pending with every task submitted. SQLite's single writer cannot show it.
#[tokio::test(flavor = "multi_thread")]
async fn a_submission_waits_for_the_one_before_it() {
    let world = World::new(Engine::Postgres).await;
    let settings = json!({ "redcap_field_mapping": {
        "nback": { "instrument": "nback", "fields": { "accuracy": "nb_acc" } },
        "stroop": { "instrument": "nback", "fields": { "accuracy": "st_acc" } },
    } });
    world.send_as(Persona::Ada, Ask::put(world.at("/redcap/settings")).json(settings)).await.ok();
    let tx = world.tx().await;
    tx.lock_participant(world.pia).await.expect("locked");
    let first = NewSession {
        id: SessionId::at(tx.now()),
        study: world.study,
        participant: world.pia,
        visit: Some(world.visits(world.pia).await[0]),
        task: "stroop".to_owned(),
        submission_key: "first".to_owned(),
        fingerprint: "f".repeat(64),
        results: serde_json::Map::new(),
        started_at: tx.now(),
        completed_at: tx.now(),
        review_flag: None,
        result_salt: "5a".repeat(32),
    };
    tx.insert_session(&first).await.expect("a session");
    let token = world.token_of(Persona::Pia).expect("a token");
    let body = world.submission("second").await;
    let second = Ask::post("/api/portal/sessions").json(body).token(&token).send(world.router.clone());
    let mut second = tokio::spawn(second);
    // Time for a second that does not wait to come through; one that waits is let go by the commit.
    let early = tokio::time::timeout(std::time::Duration::from_secs(1), &mut second).await;
    world.done(tx).await;
    let reply = match early {
        Ok(reply) => reply.expect("no panic"),
        Err(_) => second.await.expect("no panic"),
    };
    assert_eq!(reply.status, 201, "{}", reply.json);
    let visit = world.read().await.visits(world.pia).await.expect("visits").remove(0);
    assert_eq!(visit.status, VisitStatus::Completed);
}
