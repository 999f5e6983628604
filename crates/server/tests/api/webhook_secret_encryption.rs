//! The webhook secret at rest and in use (checklist §1 rows 4 and 9, §9.3).

use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::ask::{Ask, Persona, det, det_body, signed_det};
use crate::world::{SECRET, World};

const NEW: &str = "the-next-webhook-secret-of-the-study-0002";

async fn replace(world: &World) {
    let ask = Ask::put(world.at("/redcap/webhook-secret")).json(json!({ "secret": NEW }));
    world.send_as(Persona::Ada, ask).await.ok();
}

#[rstest]
#[tokio::test]
async fn at_rest_it_is_sealed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    replace(&world).await;
    let sealed = "SELECT count(*) FROM studies WHERE code = 'NBK' AND (config->'redcap'->>'webhook_secret') LIKE 'enc:v2:%' \
                  AND (config->'redcap'->>'webhook_secret_previous') LIKE 'enc:v2:%'";
    assert_eq!(world.count(sealed).await, 1);
    for secret in [SECRET, NEW] {
        let plain = format!("SELECT count(*) FROM studies WHERE CAST(config AS text) LIKE '%{secret}%'");
        assert_eq!(world.count(&plain).await, 0);
        let logged = format!("SELECT count(*) FROM audit_logs WHERE detail LIKE '%{secret}%'");
        assert_eq!(world.count(&logged).await, 0);
    }
}

#[rstest]
#[tokio::test]
async fn a_wrong_signature_is_401_and_the_right_one_200(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.send(signed_det(det_body(&[]), NEW)).await.problem(401, "wrong-det-proof");
    world.send(signed_det(det_body(&[]), SECRET)).await.ok();
}

#[rstest]
#[tokio::test]
async fn each_of_the_three_proofs_is_accepted_and_all_presented_must_hold(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("redcap:{SECRET}"));
    let basic = format!("Basic {basic}");
    let token = format!("/api/webhooks/redcap/det?token={SECRET}");
    let in_url = Ask::post(token).header("content-type", "application/x-www-form-urlencoded");
    world.send(signed_det(det_body(&[]), SECRET)).await.ok();
    world.send(det(det_body(&[])).header("authorization", &basic)).await.ok();
    world.send(in_url.body(det_body(&[]))).await.ok();
    let mixed = signed_det(det_body(&[]), "wrong").header("authorization", &basic);
    world.send(mixed).await.problem(401, "wrong-det-proof");
}

#[rstest]
#[tokio::test]
async fn two_secrets_are_live_until_the_former_is_retired(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    replace(&world).await;
    let config = world.send_as(Persona::Ada, Ask::get(world.at("/redcap"))).await.ok();
    assert_eq!(config["former_webhook_secret_live"], true);
    for secret in [SECRET, NEW] {
        world.send(signed_det(det_body(&[("record", secret)]), secret)).await.ok();
    }
    let retire = || Ask::new("DELETE", world.at("/redcap/webhook-secret/previous"));
    world.send_as(Persona::Ada, retire()).await.ok();
    world.send(signed_det(det_body(&[]), SECRET)).await.problem(401, "wrong-det-proof");
    world.send(signed_det(det_body(&[]), NEW)).await.ok();
    world.send_as(Persona::Ada, retire()).await.problem(409, "conflict");
}

#[rstest]
#[tokio::test]
async fn a_secret_that_no_key_opens_is_said_to_the_operator(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let tx = world.tx().await;
    let mut config = tx.study(world.study).await.expect("an answer").expect("the study").config;
    config.redcap.webhook_secret = Some("enc:v2:gAAAAA-not-a-token".to_owned());
    tx.set_study_config(world.study, &config).await.expect("written");
    world.done(tx).await;
    world.send(signed_det(det_body(&[]), SECRET)).await.problem(503, "secret-unreadable");
}

#[rstest]
#[case::short("too-short")]
#[case::blank("a secret with blanks in it is no good as user info")]
#[tokio::test]
async fn a_weak_secret_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine, #[case] secret: &str) {
    let world = World::new(engine).await;
    let ask = Ask::put(world.at("/redcap/webhook-secret")).json(json!({ "secret": secret }));
    let problem = world.send_as(Persona::Ada, ask).await.problem(422, "invalid");
    assert!(!problem.to_string().contains(secret));
}

#[rstest]
#[tokio::test]
async fn the_same_secret_again_changes_nothing_and_a_third_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    replace(&world).await;
    replace(&world).await;
    world.send(signed_det(det_body(&[]), SECRET)).await.ok();
    assert_eq!(world.count("SELECT count(*) FROM audit_logs WHERE action = 'set_webhook_secret'").await, 1);
    let third = json!({ "secret": "a-third-webhook-secret-of-the-study-0003" });
    world
        .send_as(Persona::Ada, Ask::put(world.at("/redcap/webhook-secret")).json(third))
        .await
        .problem(409, "conflict");
    world.send(signed_det(det_body(&[("record", "9")]), SECRET)).await.ok();
}

#[rstest]
#[tokio::test]
async fn one_unreadable_secret_changes_no_refusal_while_another_opens(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let tx = world.tx().await;
    let mut config = tx.study(world.study).await.expect("an answer").expect("the study").config;
    config.redcap.webhook_secret_previous = Some("enc:v2:moved-from-elsewhere".to_owned());
    tx.set_study_config(world.study, &config).await.expect("written");
    world.done(tx).await;
    world.send(signed_det(det_body(&[]), "wrong")).await.problem(401, "wrong-det-proof");
    world.send(signed_det(det_body(&[]), SECRET)).await.ok();
}
