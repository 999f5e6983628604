//! The four high-risk operations as they are asked for: a preview first, an order with its digest, the account of who ordered it.

use metricis_core::words::StudyRole;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona};
use crate::jobs::{patient, while_working};
use crate::world::World;

const DICTIONARY: &str = "Variable / Field Name,Form Name,Field Type,Field Label\nrecord_id,enrollment,text,Record\n";
const OPERATIONS: [(&str, &str); 4] = [
    ("push-dictionary", "push_dictionary"),
    ("init-project", "init_project"),
    ("delete-form", "delete_form"),
    ("import-participants", "import_participants"),
];

/// What each operation needs besides its order.
fn body(path: &str, more: Value) -> Value {
    let mut body = match path {
        "push-dictionary" => json!({ "dictionary": DICTIONARY }),
        "init-project" => json!({ "design": { "dictionary": DICTIONARY } }),
        "delete-form" => json!({ "form": "contact" }),
        _ => json!({ "records": ["7", "8", "7"] }),
    };
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

fn ask(world: &World, path: &str, more: Value) -> Ask {
    Ask::post(world.at(&format!("/redcap/{path}"))).json(body(path, more))
}

fn digest() -> String {
    "ab".repeat(32)
}

#[rstest]
#[tokio::test]
async fn nothing_is_ordered_without_the_digest_of_a_preview(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    for (path, _) in OPERATIONS {
        for more in [json!({}), json!({ "dry_run": false }), json!({ "expected_digest": "ab" })] {
            let refused = world.send_as(Persona::Ada, ask(&world, path, more)).await;
            assert!(refused.json["detail"].as_str().is_some_and(|told| told.contains("preview")), "{}", refused.json);
            refused.problem(422, "invalid");
        }
    }
    assert_eq!(world.count("SELECT count(*) FROM jobs").await, 0);
}

#[rstest]
#[tokio::test]
async fn an_order_is_recorded_with_who_gave_it_and_a_preview_is_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    for (path, operation) in OPERATIONS {
        let before = world.actions(50).await.len();
        let reply = world.send_as(Persona::Ada, ask(&world, path, json!({ "dry_run": true }))).await;
        assert_eq!((reply.status.as_u16(), world.actions(50).await.len()), (202, before), "{path}");
        let reply = world.send_as(Persona::Ada, ask(&world, path, json!({ "expected_digest": digest() }))).await;
        assert_eq!(reply.status, 202, "{path}");
        assert_eq!(world.actions(1).await, ["order_operation"]);
        let row = &world.read().await.audit_rows(Some(world.study), None, 1).await.expect("rows")[0];
        let detail: Value = serde_json::from_str(&row.detail).expect("JSON");
        assert_eq!((&detail["operation"], &detail["digest"]), (&operation.into(), &digest().into()));
        assert_eq!(
            (&detail["job"], row.actor_id.as_str()),
            (&reply.json["job_ids"][0], world.user("ada").to_string().as_str())
        );
        assert_eq!(detail["named"], json!(if path == "import-participants" { 2 } else { 1 }), "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn an_admin_of_the_study_may_order_and_a_coordinator_may_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    for (path, _) in OPERATIONS {
        world.send_as(Persona::Ben, ask(&world, path, json!({ "dry_run": true }))).await.problem(403, "forbidden");
        world.send_as(Persona::Gus, ask(&world, path, json!({ "dry_run": true }))).await.problem(404, "not-found");
    }
    let tx = world.tx().await;
    tx.grant_role(world.study, world.user("ben"), StudyRole::Admin).await.expect("a role");
    world.done(tx).await;
    for (path, _) in OPERATIONS {
        let reply = world.send_as(Persona::Ben, ask(&world, path, json!({ "dry_run": true }))).await;
        assert_eq!(reply.status, 202, "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn what_came_of_an_operation_is_told_the_same_way_later(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(0, 1, 2, 3)] which: usize,
    #[values(true, false)] well: bool,
) {
    let world = patient(engine).await;
    let (path, member) = OPERATIONS[which];
    let result = json!({ "success": true, "dry_run": true, "digest": digest(), "refusals": [], "enrolled": 3 });
    let stale = "validation: REDCap or the study's settings are not what the preview showed any more";
    let outcome = if well { Ok(result) } else { Err(stale) };
    let told = while_working(&world, ask(&world, path, json!({ "dry_run": true })), outcome).await.ok();
    assert_eq!(told["success"], json!(well));
    assert_eq!(told["error_type"], if well { Value::Null } else { "validation".into() });
    assert_eq!(told["digest"], if well { digest() } else { String::new() });
    let address = world.at(&format!("/jobs/{}", told["job"].as_str().expect("an id")));
    let job = world.send_as(Persona::Ben, Ask::get(address)).await.ok();
    assert_eq!((&job[member], &job["kind"]), (&told, &member.into()));
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_read_is_refused_before_a_job_is_made(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let bad = "field_name,form_name,field_type\nrecord_id,enrollment,text\nMood,daily,radio";
    for (path, body, told) in [
        ("push-dictionary", json!({ "dictionary": bad, "dry_run": true }), "the field name \"Mood\""),
        ("push-dictionary", json!({ "dictionary": "a;b\n", "dry_run": true }), "none of REDCap's 18"),
        ("init-project", json!({ "design": { "dictionary": bad }, "dry_run": true }), "has no choices"),
        (
            "init-project",
            json!({ "design": { "dictionary": DICTIONARY, "arms": [{ "arm_num": 1, "name": "One" }] }, "dry_run": true }),
            "the arm 1 has no event",
        ),
        ("delete-form", json!({ "form": " ", "dry_run": true }), "form must name an instrument"),
        ("import-participants", json!({ "records": [], "dry_run": true }), "leave it out for all"),
    ] {
        let refused = world.send_as(Persona::Ada, Ask::post(world.at(&format!("/redcap/{path}"))).json(body)).await;
        assert!(
            refused.json["detail"].as_str().is_some_and(|detail| detail.contains(told)),
            "{told}: {}",
            refused.json
        );
        refused.problem(422, "invalid");
    }
    assert_eq!(world.count("SELECT count(*) FROM jobs").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_long_dictionary_is_taken_and_another_long_body_is_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let fields = (0..20_000).map(|number| format!("field_{number},enrollment,text,A label of some length\n"));
    let long = format!("{DICTIONARY}{}", fields.collect::<String>());
    assert!(long.len() > 512 * 1024);
    let push = |dictionary: &str| {
        let body = json!({ "dictionary": dictionary, "dry_run": true });
        world.send_as(Persona::Ada, Ask::post(world.at("/redcap/push-dictionary")).json(body))
    };
    assert_eq!(push(&long).await.status, 202);
    push(&long.repeat(10)).await.problem(413, "payload-too-large");
    let form = json!({ "form": long, "dry_run": true });
    world
        .send_as(Persona::Ada, Ask::post(world.at("/redcap/delete-form")).json(form))
        .await
        .problem(413, "payload-too-large");
}

#[rstest]
#[tokio::test]
async fn a_study_without_a_connection_has_nothing_to_change(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let tx = world.tx().await;
    tx.set_study_config(world.study, &Default::default()).await.expect("written");
    world.done(tx).await;
    for (path, _) in OPERATIONS {
        world.send_as(Persona::Ada, ask(&world, path, json!({ "dry_run": true }))).await.problem(409, "conflict");
    }
    assert_eq!(world.count("SELECT count(*) FROM jobs").await, 0);
}
