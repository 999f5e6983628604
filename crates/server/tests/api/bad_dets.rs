//! What is no proven, readable DET: a problem, and no row.

use metricis_store::testing::Engine;
use rstest::rstest;

use crate::ask::{Ask, det, det_body, signed_det};
use crate::world::{SECRET, World};

fn with_record(record: &str) -> Vec<u8> {
    det_body(&[("record", record)])
}

#[rstest]
#[case::no_proof(det(det_body(&[])), 401, "wrong-det-proof")]
#[case::wrong_signature(signed_det(det_body(&[]), "another-secret"), 401, "wrong-det-proof")]
#[case::wrong_token(
    Ask::post("/api/webhooks/redcap/det?token=guess").header("content-type", "application/x-www-form-urlencoded").body(det_body(&[])),
    401, "wrong-det-proof"
)]
#[case::a_bearer_token(det(det_body(&[])).header("authorization", "Bearer guess"), 401, "wrong-det-proof")]
#[case::unknown_project(signed_det(det_body(&[("project_id", "4711")]), SECRET), 401, "wrong-det-proof")]
#[case::of_another_redcap(
    signed_det(det_body(&[("redcap_url", "https://redcap.example.com/")]), SECRET), 401, "wrong-det-proof"
)]
#[case::another_studys_secret(signed_det(det_body(&[("project_id", "19")]), SECRET), 401, "wrong-det-proof")]
#[case::broken_escape(signed_det(*b"project_id=18&record=%G1", SECRET), 400, "malformed-request")]
#[case::not_utf8(signed_det(*b"project_id=18&record=%FF", SECRET), 400, "malformed-request")]
#[case::too_large(signed_det(vec![b'a'; 2 * 1024 * 1024], SECRET), 413, "payload-too-large")]
#[case::missing_fields(signed_det(*b"project_id=18&username=jsmith", SECRET), 422, "det-incomplete")]
#[case::blank_record(signed_det(with_record("  "), SECRET), 422, "det-incomplete")]
#[case::impossible_completion(signed_det(det_body(&[("enrollment_complete", "3")]), SECRET), 422, "invalid")]
#[case::nul(signed_det(with_record("7\u{0}8"), SECRET), 422, "invalid")]
#[case::over_long(signed_det(with_record(&"9".repeat(256)), SECRET), 422, "invalid")]
#[case::json(
    Ask::post("/api/webhooks/redcap/det").json(serde_json::json!({"record": "7"})), 415, "unsupported-media-type"
)]
#[tokio::test]
async fn a_bad_det_is_a_problem_and_leaves_no_row(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] ask: Ask,
    #[case] status: u16,
    #[case] slug: &str,
) {
    let world = World::new(engine).await;
    let problem = world.send(ask).await.problem(status, slug);
    assert!(!problem.to_string().contains(SECRET));
    for table in ["webhook_events", "det_keys", "record_rereads"] {
        assert_eq!(world.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(world.actions(1).await, ["create_study"]);
}

#[rstest]
#[tokio::test]
async fn no_proof_a_wrong_one_and_an_unknown_project_are_the_same_answer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let mut answers = vec![];
    for ask in [
        det(det_body(&[])),
        signed_det(det_body(&[]), "wrong"),
        signed_det(det_body(&[("project_id", "4711")]), SECRET),
    ] {
        let mut problem = world.send(ask).await.problem(401, "wrong-det-proof");
        problem["request_id"] = "".into();
        answers.push(problem);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[rstest]
#[case("332-1")]
#[case("Ä-07")]
#[case("患者 7")]
#[tokio::test]
async fn record_ids_are_not_numbers(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine, #[case] record: &str) {
    let world = World::new(engine).await;
    world.send(signed_det(with_record(record), SECRET)).await.ok();
    assert_eq!(world.count(&format!("SELECT count(*) FROM webhook_events WHERE record_id = '{record}'")).await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_row_among_64_fails_alone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let record = |number: usize| if number == 32 { "3\u{0}2".to_owned() } else { format!("R-{number}") };
    let asks = (0..64).map(|number| signed_det(with_record(&record(number)), SECRET).send(world.router.clone()));
    let tasks: Vec<_> = asks.map(tokio::spawn).collect();
    let mut statuses = vec![];
    for task in tasks {
        statuses.push(task.await.expect("no panic").status.as_u16());
    }
    assert_eq!(statuses[32], 422);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 63);
    assert_eq!(world.count("SELECT count(*) FROM webhook_events").await, 63);
}
