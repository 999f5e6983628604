//! Flags as staff see and decide on them, and a reconcile as it is asked for.

use metricis_core::ids::{FlagId, ParticipantId};
use metricis_core::words::FlagKind;
use metricis_store::testing::Engine;
use metricis_store::{JobKind, NewFlag};
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona};
use crate::world::World;

async fn raise(world: &World, record: &str, became: &str, of: ParticipantId) -> FlagId {
    world.clock.advance(chrono::Duration::seconds(1));
    let id = FlagId::at(world.now());
    let tx = world.tx().await;
    let flag = NewFlag {
        id,
        study: world.study,
        kind: FlagKind::Renamed,
        record_id: record.to_owned(),
        was: None,
        became: Some(became.to_owned()),
        participant: Some(of),
        redcap_at: Some(chrono::NaiveDateTime::default()),
        position: 0,
    };
    tx.insert_flag(&flag).await.expect("a flag");
    world.done(tx).await;
    id
}

async fn flags(world: &World) -> Value {
    world.send_as(Persona::Ben, Ask::get(world.at("/flags"))).await.ok()
}

fn resolve(world: &World, id: FlagId, resolution: &str, reason: &str) -> Ask {
    let body = json!({ "resolution": resolution, "reason": reason });
    Ask::post(world.at(&format!("/flags/{id}/resolve"))).json(body)
}

#[rstest]
#[tokio::test]
async fn a_chain_of_renames_is_followed_in_its_order(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let first = raise(&world, "332-1", "332-2", world.pia).await;
    let second = raise(&world, "332-2", "332-3", world.pia).await;
    let listed = flags(&world).await;
    assert_eq!((&listed["open"], listed["flags"].as_array().map(Vec::len)), (&2.into(), Some(2)));
    let choices = |listed: &Value, id: FlagId| {
        let flags = listed["flags"].as_array().cloned().unwrap_or_default();
        flags.into_iter().find(|flag| flag["id"] == id.to_string()).map(|flag| flag["choices"].clone())
    };
    assert_eq!(
        (choices(&listed, first), choices(&listed, second)),
        (Some(json!(["followed", "detached"])), Some(json!([])))
    );
    let problem = world.send_as(Persona::Ben, resolve(&world, second, "followed", "x")).await.problem(409, "conflict");
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("an older flag; decide on that one first"), "{detail}");
    for (id, record) in [(first, "332-2"), (second, "332-3")] {
        let decided = world.send_as(Persona::Ben, resolve(&world, id, "followed", " renumbered ")).await.ok();
        assert_eq!((&decided["resolution"], &decided["reason"]), (&"followed".into(), &"renumbered".into()));
        let path = world.at(&format!("/participants/{}", world.pia));
        let shown = world.send_as(Persona::Ben, Ask::get(path)).await.ok();
        assert_eq!(shown["participant"]["external_id"], record);
    }
    assert_eq!(world.actions(2).await, ["resolve_flag", "resolve_flag"]);
    assert_eq!(flags(&world).await["open"], 0);
    let again = world.send_as(Persona::Ben, resolve(&world, first, "detached", "x")).await.problem(409, "conflict");
    assert_eq!(again["detail"], "the flag was decided on already: followed");
    let all = world.send_as(Persona::Ben, Ask::get(world.at("/flags?all=true"))).await.ok();
    assert_eq!(all["flags"].as_array().map(Vec::len), Some(2), "nothing of it is lost");
}

#[rstest]
#[case("followed", "  ", 422, "invalid")]
#[case("unconcerned", "x", 409, "conflict")]
#[case("dismissed", "x", 409, "conflict")]
#[case("forgotten", "x", 422, "invalid")]
#[tokio::test]
async fn what_is_no_decision_changes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] resolution: &str,
    #[case] reason: &str,
    #[case] status: u16,
    #[case] kind: &str,
) {
    let world = World::new(engine).await;
    let id = raise(&world, "332-1", "332-2", world.pia).await;
    world.send_as(Persona::Ben, resolve(&world, id, resolution, reason)).await.problem(status, kind);
    assert_eq!(flags(&world).await["open"], 1);
    assert_eq!(world.send_as(Persona::Ben, Ask::get(world.at("/dashboard"))).await.ok()["open_flags"], 1);
}

#[rstest]
#[tokio::test]
async fn two_people_decide_and_one_of_them_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let id = raise(&world, "332-1", "332-2", world.pia).await;
    let (one, other) = tokio::join!(
        world.send_as(Persona::Ben, resolve(&world, id, "followed", "x")),
        world.send_as(Persona::Ada, resolve(&world, id, "detached", "y")),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[rstest]
#[tokio::test]
async fn a_reconcile_is_one_job_at_a_time_and_says_who_asked(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let order = |body: Value| Ask::post(world.at("/reconcile")).json(body);
    let queued = world.send_as(Persona::Ben, order(json!({ "full": true }))).await;
    assert_eq!(queued.status, 202);
    world.clock.advance(chrono::Duration::seconds(1));
    world.send_as(Persona::Ben, order(json!({}))).await.problem(409, "conflict");
    world.send_as(Persona::Ben, order(json!({ "dry_run": true }))).await.problem(409, "conflict");
    assert_eq!(world.actions(1).await, ["ask_reconcile"]);
    let state = world.send_as(Persona::Ben, Ask::get(world.at("/reconcile"))).await.ok();
    assert_eq!((&state["under_way"], &state["ran_at"], &state["open_flags"]), (&true.into(), &Value::Null, &0.into()));
    let tx = world.tx().await;
    let job = tx.claim_job(metricis_core::ids::ProcessId::at(tx.now()), usize::MAX).await.expect("an answer");
    let job = job.expect("a job");
    assert_eq!(job.kind, JobKind::Reconcile { full: true, dry_run: false, absent_as_deleted: false });
    let result = json!({ "success": true, "full": true, "listed": 9, "missing": ["7"], "counts": { "missing": 1 } });
    tx.finish_job(job.id, result).await.expect("running");
    world.done(tx).await;
    let ended = world.send_as(Persona::Ben, Ask::get(world.at(&format!("/jobs/{}", job.id)))).await.ok();
    let state = world.send_as(Persona::Ben, Ask::get(world.at("/reconcile"))).await.ok();
    assert_eq!((&state["last_run"]["success"], &state["last_run"]["error"]), (&true.into(), &Value::Null));
    let failed = world.send_as(Persona::Ben, order(json!({}))).await;
    assert_eq!(failed.status, 202);
    let tx = world.tx().await;
    let next = tx.claim_job(metricis_core::ids::ProcessId::at(tx.now()), usize::MAX).await.expect("an answer");
    tx.fail_job(next.expect("a job").id, "api_error: REDCap refuses the API token").await.expect("running");
    world.done(tx).await;
    let state = world.send_as(Persona::Ben, Ask::get(world.at("/reconcile"))).await.ok();
    let said = "api_error: REDCap refuses the API token";
    assert_eq!((&state["last_run"]["success"], &state["last_run"]["error"]), (&false.into(), &said.into()));
    let shown = &ended["reconcile"];
    assert_eq!(
        (&shown["success"], &shown["missing"][0], &shown["counts"]["missing"]),
        (&true.into(), &"7".into(), &1.into())
    );
    world.send_as(Persona::Ben, order(json!({ "fast": true }))).await.problem(422, "invalid");
}
