//! A webhook secret that has been retired opens nothing, tells nothing, and is counted like any wrong one.

use metricis_store::SecretField;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::ask::{Ask, det_body, signed_det};
use crate::world::{SECRET, World};

const NEXT: &str = "the-next-webhook-secret-of-the-study-0002";

/// Another server has rotated the secret and retired the former one.
async fn rotate(world: &World) {
    let tx = world.tx().await;
    let mut config = tx.study(world.study).await.expect("an answer").expect("the study").config;
    config.redcap.webhook_secret = Some(world.sealer.seal(world.study, SecretField::WebhookSecret, &NEXT.into()));
    tx.set_study_config(world.study, &config).await.expect("written");
    world.done(tx).await;
}

/// This server has seen the former secret and remembers it.
async fn rotated(engine: Engine) -> World {
    let world = World::new(engine).await;
    world.send(signed_det(det_body(&[]), SECRET)).await.ok();
    rotate(&world).await;
    world
}

async fn refusals(world: &World) -> i64 {
    world.app.shutdown().await;
    world.count("SELECT count(*) FROM audit_logs WHERE action = 'refuse' AND detail LIKE '%det_proof%'").await
}

#[rstest]
#[case::plain(&[])]
#[case::the_boards_own_instrument(&[("instrument", "go-no-go-probe"), ("go-no-go-probe_complete", "0")])]
#[case::what_the_database_refuses(&[("record", "7\u{0}8")])]
#[tokio::test]
async fn a_retired_secret_is_a_wrong_one_whatever_it_proves(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] fields: &[(&str, &str)],
) {
    let world = rotated(engine).await;
    world.send(signed_det(det_body(fields), SECRET)).await.problem(401, "wrong-det-proof");
    assert_eq!(world.count("SELECT count(*) FROM webhook_events").await, 1);
    assert_eq!(refusals(&world).await, 1);
}

#[rstest]
#[tokio::test]
async fn over_the_rate_it_is_a_wrong_one_too(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::with(engine, |settings| settings.det_rate_limit_per_minute = 1).await;
    world.send(signed_det(det_body(&[]), SECRET)).await.ok();
    rotate(&world).await;
    world.send(signed_det(det_body(&[]), SECRET)).await.problem(401, "wrong-det-proof");
    assert_eq!(world.count("SELECT count(*) FROM reconcile_marks").await, 0);
}

#[rstest]
#[tokio::test]
async fn the_next_secret_is_taken_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = rotated(engine).await;
    world.send(signed_det(det_body(&[("record", "8")]), NEXT)).await.ok();
    let reserved = det_body(&[("instrument", "go-no-go-probe"), ("go-no-go-probe_complete", "0")]);
    world.send(signed_det(reserved, NEXT)).await.problem(422, "invalid");
}

/// The first delivery of a server, proven by a fresh look-up; the secret goes while it waits to be stored.
#[tokio::test]
async fn a_secret_that_goes_on_the_way_is_a_wrong_one() {
    let world = World::new(Engine::Postgres).await;
    let heads = world.db.hold("UPDATE app.audit_chains SET head_hash = head_hash").await;
    let sent = |ask: Ask| tokio::spawn(ask.send(world.router.clone()));
    let former = sent(signed_det(det_body(&[]), SECRET));
    heads.until_waiting(1).await;
    rotate(&world).await;
    heads.release().await;
    former.await.expect("no panic").problem(401, "wrong-det-proof");
    assert_eq!(world.count("SELECT count(*) FROM webhook_events").await, 0);
    world.send(signed_det(det_body(&[]), NEXT)).await.ok();
}
