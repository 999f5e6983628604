//! Limits of the intake: proven DETs per study, failed proofs per address, and what of them is kept.

use chrono::Duration;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::ask::{Ask, Persona, det, det_body, signed_det};
use crate::world::{SECRET, World};

fn nth(number: usize) -> Vec<u8> {
    det_body(&[("record", &number.to_string())])
}

#[rstest]
#[tokio::test]
async fn a_proven_det_over_the_rate_marks_its_study_for_reconcile(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::with(engine, |settings| settings.det_rate_limit_per_minute = 120).await;
    for number in 0..120 {
        world.send(signed_det(nth(number), SECRET)).await.ok();
    }
    let refused = world.send(signed_det(nth(120), SECRET)).await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.problem(429, "rate-limited");
    let dashboard = world.send_as(Persona::Ben, Ask::get(world.at("/dashboard"))).await.ok();
    assert_eq!((&dashboard["reconcile_wanted"], &dashboard["refused_for_rate"]), (&true.into(), &1.into()));
    assert_eq!(world.actions(1).await, ["mark_reconcile"]);
    let other = signed_det(det_body(&[("project_id", "19")]), &format!("{SECRET}-of-another"));
    world.send(other).await.ok();
    world.clock.advance(Duration::milliseconds(500));
    world.send(signed_det(nth(121), SECRET)).await.ok();
}

#[rstest]
#[tokio::test]
async fn failed_proofs_are_limited_by_address_and_a_right_one_always_passes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    for _ in 0..30 {
        world.send(det(nth(1))).await.problem(401, "wrong-det-proof");
    }
    world.send(det(nth(1))).await.problem(429, "rate-limited");
    world.send(signed_det(nth(1), SECRET)).await.ok();
    world.send(det(nth(1)).from([192, 0, 2, 9])).await.problem(401, "wrong-det-proof");
    world.app.shutdown().await;
    let rows = world.read().await.audit_rows(None, None, 10).await.expect("rows");
    let refusals: Vec<_> = rows.iter().filter(|row| row.action == "refuse").collect();
    assert_eq!(refusals.len(), 2, "one row per address and minute");
    let of_first = refusals.iter().find(|row| row.object_id == "address:192.0.2.1").expect("a row");
    assert_eq!(of_first.detail, r#"{"kind":"det_proof","principal":"address:192.0.2.1","count":31}"#);
}

#[rstest]
#[tokio::test]
async fn a_stopping_server_takes_no_more_dets(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.send(signed_det(nth(1), SECRET)).await.ok();
    world.app.shutdown().await;
    world.send(signed_det(nth(2), SECRET)).await.problem(503, "unavailable");
}
