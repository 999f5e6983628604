//! A study is found by REDCap's project id, through its index (checklist §3.2, guarantee 24).

use metricis_store::testing::Engine;
use rstest::rstest;

use crate::ask::{Ask, Persona, det_body, signed_det};
use crate::world::{SECRET, World};

/// Checklist §3.2, the statement as printed, within a count.
#[tokio::test]
async fn the_partial_index_exists_as_printed() {
    let world = World::new(Engine::Postgres).await;
    let printed = "SELECT indexname, indexdef FROM pg_indexes \
                   WHERE schemaname = 'app' AND indexname = 'ix_studies_redcap_project_id'";
    let found = format!("SELECT count(*) FROM ({printed}) printed");
    assert_eq!(world.count(&found).await, 1);
    let clause = format!("{found} WHERE indexdef LIKE '%WHERE ((integration_mode)::text = ''redcap''::text)'");
    assert_eq!(world.count(&clause).await, 1);
}

#[rstest]
#[tokio::test]
async fn the_same_project_number_on_two_redcaps_is_told_apart_by_origin(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let tx = world.tx().await;
    let mut config = tx.study(world.other).await.expect("an answer").expect("the study").config;
    config.redcap.project_id = Some("18".to_owned());
    config.redcap.api_origin = Some("https://redcap.example.com:8443".to_owned());
    tx.set_study_config(world.other, &config).await.expect("written");
    world.done(tx).await;
    let others = format!("{SECRET}-of-another");
    let there = det_body(&[("redcap_url", "https://REDCAP.example.com:8443/redcap/")]);
    world.send(signed_det(there.clone(), &others)).await.ok();
    world.send(signed_det(det_body(&[]), SECRET)).await.ok();
    world.send(signed_det(det_body(&[]), &others)).await.problem(401, "wrong-det-proof");
    world.send(signed_det(there, SECRET)).await.problem(401, "wrong-det-proof");
    for study in [world.study, world.other] {
        let events = world.read().await.events(study, &Default::default(), None, 10).await.expect("events");
        assert_eq!(events.len(), 1);
    }
}

#[rstest]
#[tokio::test]
async fn two_running_studies_do_not_share_a_project(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let ask = Ask::put(format!("/api/studies/{}/redcap/connection", world.other))
        .json(serde_json::json!({ "api_url": "https://redcap.example.edu/api/", "project_id": "18" }));
    let problem = world.send_as(Persona::Cleo, ask).await.problem(409, "conflict");
    assert_eq!(problem["detail"], "another running study uses this REDCap project");
}

#[rstest]
#[tokio::test]
async fn a_completed_study_is_not_found(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let tx = world.tx().await;
    tx.set_study_status(world.study, "completed".parse().expect("a status")).await.expect("written");
    world.done(tx).await;
    world.send(signed_det(det_body(&[]), SECRET)).await.problem(401, "wrong-det-proof");
}

#[rstest]
#[tokio::test]
async fn a_rotated_secret_counts_from_its_commit_on(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.send(signed_det(det_body(&[]), SECRET)).await.ok();
    let next = "the-next-webhook-secret-of-the-study-0002";
    let ask = Ask::put(world.at("/redcap/webhook-secret")).json(serde_json::json!({ "secret": next }));
    world.send_as(Persona::Ada, ask).await.ok();
    world.send(signed_det(det_body(&[]), next)).await.ok();
}

/// A delivery is proven against what was found last, and stored only if that is still so.
#[rstest]
#[tokio::test]
async fn what_was_found_before_proves_nothing_that_is_no_longer_so(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::with(engine, |settings| settings.det_rate_limit_per_minute = 3).await;
    let nth = |number: &str| signed_det(det_body(&[("record", number)]), SECRET);
    world.send(nth("1")).await.ok();
    let config = async |change: &dyn Fn(&mut metricis_core::study::RedcapConfig)| {
        let tx = world.tx().await;
        let mut config = tx.study(world.study).await.expect("an answer").expect("the study").config;
        change(&mut config.redcap);
        tx.set_study_config(world.study, &config).await.expect("written");
        world.done(tx).await;
    };
    let before = world.read().await.study(world.study).await.expect("an answer").expect("the study").config.redcap;
    config(&|redcap| redcap.webhook_secret = None).await;
    world.send(nth("2")).await.problem(401, "wrong-det-proof");
    config(&|redcap| redcap.webhook_secret = before.webhook_secret.clone()).await;
    world.send(nth("3")).await.ok();
    // Nor a refusal: over the rate, a proof that no longer holds is a wrong one and marks nothing.
    config(&|redcap| redcap.webhook_secret = None).await;
    world.send(nth("4")).await.problem(401, "wrong-det-proof");
    assert_eq!(world.count("SELECT count(*) FROM reconcile_marks").await, 0);
    config(&|redcap| redcap.webhook_secret = before.webhook_secret.clone()).await;
    world.send(nth("5")).await.problem(429, "rate-limited");
    assert_eq!(world.count("SELECT count(*) FROM reconcile_marks").await, 1);
    world.clock.advance(chrono::Duration::minutes(1));
    let tx = world.tx().await;
    tx.set_study_status(world.study, "completed".parse().expect("a status")).await.expect("written");
    world.done(tx).await;
    world.send(nth("6")).await.problem(401, "wrong-det-proof");
    assert_eq!(world.count("SELECT count(*) FROM webhook_events").await, 2);
}
