//! What lists can be narrowed by, and what a participant may see of their own; another study's ids find nothing.

use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona, det_body, signed_det};
use crate::world::{SECRET, World};

async fn list(world: &World, path: &str, name: &str) -> Vec<Value> {
    let found = world.send_as(Persona::Ben, Ask::get(world.at(path))).await.ok();
    found[name].as_array().expect("a list").clone()
}

#[rstest]
#[tokio::test]
async fn sessions_are_listed_by_participant(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.fail_a_sync("k").await;
    let stranger = world.add_participant(world.other, "1").await;
    for (participant, count) in [(world.pia, 1), (stranger, 0)] {
        let found =
            list(&world, &format!("/sessions?participant_id={participant}&sync_status=failed"), "sessions").await;
        assert_eq!(found.len(), count);
    }
}

#[rstest]
#[tokio::test]
async fn a_session_names_its_participant_and_its_visit(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.fail_a_sync("k").await;
    let detail = world.send_as(Persona::Ben, Ask::get(world.at(&format!("/participants/{}", world.pia)))).await.ok();
    let listed = &list(&world, "/sessions?sync_status=failed", "sessions").await[0];
    for session in [listed, &detail["sessions"][0]] {
        assert_eq!(session["participant_code"], "P-332-1");
        let visit = detail["visits"].as_array().and_then(|all| all.iter().find(|one| one["id"] == session["visit_id"]));
        assert_eq!(session["visit_label"], visit.expect("its visit")["label"]);
    }
}

#[rstest]
#[tokio::test]
async fn events_are_found_by_their_names_and_by_what_they_repeat(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    for record in ["332-1", "332-1", "9%"] {
        world.send(signed_det(det_body(&[("record", record)]), SECRET)).await.ok();
    }
    let all = list(&world, "/webhooks", "events").await;
    let duplicate = all.iter().find(|event| event["status"] == "duplicate").expect("a duplicate");
    let original = duplicate["duplicate_of_id"].as_str().expect("its original");
    let found = list(&world, &format!("/webhooks?duplicate_of={original}"), "events").await;
    assert_eq!(found.iter().map(|event| &event["id"]).collect::<Vec<_>>(), [&duplicate["id"]]);
    for (search, count) in [("332", 2), ("ENROLL", 3), ("%25", 1), ("nothing", 0), ("%20", 3)] {
        assert_eq!(list(&world, &format!("/webhooks?q={search}"), "events").await.len(), count, "{search}");
    }
}

#[rstest]
#[tokio::test]
async fn audit_rows_are_found_by_object_action_actor_and_time(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.clock.advance(chrono::Duration::hours(1));
    let link = Ask::post(world.at(&format!("/participants/{}/link", world.pia)));
    world.send_as(Persona::Ben, link).await.ok();
    let (pia, ben, ada) = (world.pia, world.user("ben"), world.user("ada"));
    for (query, count) in [
        ("".to_owned(), 2),
        (format!("?object_kind=participant&object_id={pia}"), 1),
        (format!("?object_kind=session&object_id={pia}"), 0),
        ("?action=create_participant_link".to_owned(), 1),
        (format!("?actor={ben}"), 1),
        (format!("?actor={ada}"), 0),
        ("?from=2026-03-02T09:30:00Z".to_owned(), 1),
        ("?to=2026-03-02T09:30:00Z".to_owned(), 1),
        ("?from=2026-03-02T09:30:00Z&to=2026-03-02T10:00:00Z".to_owned(), 0),
    ] {
        assert_eq!(list(&world, &format!("/audit{query}"), "rows").await.len(), count, "{query}");
    }
    world.send_as(Persona::Ben, Ask::get(world.at("/audit?from=monday"))).await.problem(400, "malformed-request");
}

#[rstest]
#[tokio::test]
async fn a_participant_has_an_address_in_redcap(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let path = world.at(&format!("/participants/{}", world.pia));
    let address = async || world.send_as(Persona::Ben, Ask::get(path.as_str())).await.ok()["redcap_record_url"].clone();
    let page = "DataEntry/record_home.php?pid=18&id=332-1";
    assert_eq!(address().await, format!("https://redcap.example.edu/{page}"));
    for (study, version) in [(world.other, "9.9.9"), (world.study, "14.9.1")] {
        let tx = world.tx().await;
        let job = tx.enqueue_job(study, &JobKind::TestConnection).await.expect("a job");
        tx.claim_job(metricis_core::ids::ProcessId::at(world.now()), usize::MAX).await.expect("an answer").expect("it");
        tx.finish_job(job, json!({ "success": true, "version": version })).await.expect("running");
        world.done(tx).await;
    }
    assert_eq!(address().await, format!("https://redcap.example.edu/redcap_v14.9.1/{page}"));
}

#[rstest]
#[tokio::test]
async fn a_participant_sees_their_schedule_and_what_was_received(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.add_participant(world.other, "1").await;
    let get = async |path: &str| world.send_as(Persona::Pia, Ask::get(path)).await.ok();
    let visits = world.visits(world.pia).await;
    let schedule = get("/api/portal/schedule").await;
    assert_eq!(
        (&schedule["time_zone"], schedule["visits"].as_array().map(Vec::len)),
        (&json!("Europe/Zurich"), Some(2))
    );
    let first = json!({
        "visit_id": visits[0], "label": "Visit 1", "status": "pending", "target_date": "2026-03-02",
        "window_start": "2026-02-28", "window_end": "2026-03-05", "opens_at": "2026-02-27T23:00:00Z",
        "closes_at": "2026-03-05T23:00:00Z", "done": false,
    });
    assert_eq!(schedule["visits"][0], first);
    assert_eq!(get("/api/portal/sessions").await, json!({ "sessions": [] }));
    world.fail_a_sync("k").await;
    assert_eq!(get("/api/portal/schedule").await["visits"][0]["done"], true);
    let sent = json!({
        "submission_key": "k", "task": "nback", "visit_id": visits[0], "received_at": "2026-03-02T09:00:00Z",
        "sync_status": "failed",
    });
    assert_eq!(get("/api/portal/sessions").await["sessions"], json!([sent]));
    let cancel = "UPDATE visits SET status = 'cancelled' WHERE status = 'pending'";
    world.db.as_server(cancel).await.expect("cancelled");
    assert_eq!(
        get("/api/portal/schedule").await["visits"].as_array().map(Vec::len),
        Some(1),
        "a cancelled one is gone"
    );
}
