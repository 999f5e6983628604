//! The breaker and the budget around real calls: what reaches the simulator and what does not (guarantee 23).

use chrono::Duration;
use metricis_core::breaker::{Admission, Breaker, BreakerSettings};
use metricis_core::budget::BudgetSettings;
use metricis_core::sync::SessionSync;
use metricis_core::words::SyncErrorType;
use metricis_redcap_sim::{Fault, Scope};
use metricis_store::StoredSession;
use metricis_store::testing::Engine;
use metricis_worker::WorkerSettings;
use rstest::rstest;
use serde_json::json;

use crate::log::Log;
use crate::world::{BASELINE, World, done};

fn strict(settings: &mut WorkerSettings) {
    settings.breaker = BreakerSettings::default();
}

async fn ready(engine: Engine) -> World {
    let world = World::with(engine, |_| {}, strict).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world
}

fn error_type(session: &StoredSession) -> Option<SyncErrorType> {
    match session.sync {
        SessionSync::Failed { error_type, .. } => Some(error_type),
        SessionSync::Pending | SessionSync::Synced => None,
    }
}

async fn breaker(world: &World) -> Breaker {
    world.read().await.breaker(world.study).await.expect("a breaker")
}

async fn fail_times(world: &World, times: usize) {
    for _ in 0..times {
        assert_eq!(error_type(&world.sync_one("7").await), Some(SyncErrorType::ApiError));
    }
}

#[rstest]
#[tokio::test]
async fn five_failures_open_it_and_the_sixth_never_reaches_redcap(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = ready(engine).await;
    world.break_redcap(Fault::Status5xx(500));
    let log = Log::capture();
    fail_times(&world, 4).await;
    assert!(matches!(breaker(&world).await, Breaker::Closed { failures: 4, .. }));
    fail_times(&world, 1).await;
    assert!(matches!(breaker(&world).await, Breaker::Open { failures: 5, .. }));
    let message = format!("REDCap circuit breaker opened for study {}", world.study);
    assert_eq!(log.errors_with("message", &message).len(), 1);
    assert_eq!(world.account().await.iter().filter(|action| *action == "open_breaker").count(), 1);
    let calls = world.calls();
    let sixth = world.sync_one("7").await;
    assert_eq!(error_type(&sixth), Some(SyncErrorType::CircuitOpen));
    assert_eq!(world.calls(), calls, "no request was sent");
    assert_eq!(log.errors_with("error_type", "circuit_open").len(), 1, "refused, and as loud as any failure");
    let event = world.enrol("8", &[("enroll_date", "2026-03-02")]).await;
    assert!(event.error_message.unwrap_or_default().starts_with("circuit_open: "), "every call of the study");
    assert_eq!(world.calls(), calls);
}

#[rstest]
#[tokio::test]
async fn imports_that_fail_open_it_though_every_look_before_them_is_answered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = ready(engine).await;
    let failing = "status:500 on record/import".parse().expect("an order");
    world.sim.set_order(Scope::Project(world.project.project_id), Some(failing)).expect("set");
    let calls = world.calls();
    fail_times(&world, 5).await;
    assert_eq!(world.calls() - calls, 10);
    assert!(matches!(breaker(&world).await, Breaker::Open { failures: 5, .. }));
    assert_eq!(error_type(&world.sync_one("7").await), Some(SyncErrorType::CircuitOpen));
    assert_eq!(world.calls() - calls, 10, "no request was sent");
}

#[rstest]
#[case::the_record("gateway:403 on record/export")]
#[case::the_log_before_it("error:500 on log/export")]
#[case::every_call("error:500")]
#[tokio::test]
async fn enrolments_that_fail_open_it_whichever_of_their_calls_fails(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] failing: &str,
) {
    let world = ready(engine).await;
    let failing = failing.parse().expect("an order");
    world.sim.set_order(Scope::Project(world.project.project_id), Some(failing)).expect("set");
    for record in ["11", "12", "13", "14", "15"] {
        let event = world.enrol(record, &[("enroll_date", "2026-03-02")]).await;
        assert!(event.error_message.unwrap_or_default().starts_with("api_error: "));
    }
    assert!(matches!(breaker(&world).await, Breaker::Open { failures: 5, .. }));
    let calls = world.calls();
    let sixth = world.enrol("16", &[("enroll_date", "2026-03-02")]).await;
    assert!(sixth.error_message.unwrap_or_default().starts_with("circuit_open: "));
    assert_eq!((world.calls(), world.count("participants").await), (calls, 1));
}

#[rstest]
#[tokio::test]
async fn after_the_cooldown_exactly_one_probe_goes(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ready(engine).await;
    world.break_redcap(Fault::Down);
    fail_times(&world, 5).await;
    let (calls, participant) = (world.calls(), world.participant("7").await.expect("a participant"));
    world.clock.advance(Duration::seconds(59));
    assert_eq!(error_type(&world.sync_one("7").await), Some(SyncErrorType::CircuitOpen), "not before the cooldown");
    world.clock.advance(Duration::seconds(1));
    let visit = world.visit_of("7", BASELINE).await.id;
    let mut ids = vec![];
    for _ in 0..3 {
        ids.push(world.submit(&participant, Some(visit), json!({"misses": 1})).await);
    }
    world.worker.run_until_idle().await;
    assert_eq!(world.calls(), calls + 1, "three callers, one probe");
    let mut types = vec![];
    for id in ids {
        types.push(error_type(&world.session(id).await));
    }
    assert_eq!(types.iter().filter(|found| **found == Some(SyncErrorType::ApiError)).count(), 1);
    assert_eq!(types.iter().filter(|found| **found == Some(SyncErrorType::CircuitOpen)).count(), 2);
    assert!(matches!(breaker(&world).await, Breaker::Open { failures: 6, opened_at, .. } if opened_at == world.now()));
}

#[rstest]
#[tokio::test]
async fn a_probe_that_is_answered_closes_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ready(engine).await;
    world.break_redcap(Fault::WrongToken);
    fail_times(&world, 5).await;
    world.break_redcap(None);
    world.clock.advance(Duration::seconds(60));
    assert_eq!(world.sync_one("7").await.sync, SessionSync::Synced);
    assert!(matches!(breaker(&world).await, Breaker::Closed { failures: 0, .. }));
    let account = world.account().await;
    assert_eq!(account[account.len() - 2..], ["close_breaker", "sync_session"]);
}

#[rstest]
#[tokio::test]
async fn any_answer_resets_the_count(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ready(engine).await;
    world.break_redcap(Fault::Down);
    fail_times(&world, 4).await;
    world.break_redcap(Fault::RefuseValidation { field: "rt_misses".to_owned() });
    assert_eq!(error_type(&world.sync_one("7").await), Some(SyncErrorType::Validation));
    assert!(matches!(breaker(&world).await, Breaker::Closed { failures: 0, .. }), "a refusal is an answer");
    world.break_redcap(Fault::Down);
    fail_times(&world, 4).await;
    assert!(matches!(breaker(&world).await, Breaker::Closed { failures: 4, .. }));
}

#[rstest]
#[tokio::test]
async fn a_persons_reset_lets_the_next_call_go(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ready(engine).await;
    world.break_redcap(Fault::Down);
    fail_times(&world, 5).await;
    world.break_redcap(None);
    let tx = world.tx().await;
    let reset = tx.lock_breaker(world.study).await.expect("a breaker").reset();
    tx.save_breaker(world.study, &reset).await.expect("saved");
    done(tx).await;
    assert_eq!(world.sync_one("7").await.sync, SessionSync::Synced);
}

#[rstest]
#[tokio::test]
async fn a_probe_whose_process_died_frees_its_lease(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ready(engine).await;
    world.break_redcap(Fault::Down);
    fail_times(&world, 5).await;
    world.break_redcap(None);
    world.clock.advance(Duration::seconds(60));
    let other = uuid::Uuid::from_u128(7);
    let tx = world.tx().await;
    let (state, admission) =
        tx.lock_breaker(world.study).await.expect("a breaker").admit(world.now(), &BreakerSettings::default(), other);
    assert!(matches!(admission, Admission::Go { ticket } if ticket.probe));
    tx.save_breaker(world.study, &state).await.expect("saved");
    done(tx).await;
    let calls = world.calls();
    assert_eq!(error_type(&world.sync_one("7").await), Some(SyncErrorType::CircuitOpen));
    assert_eq!(world.calls(), calls);
    world.clock.advance(Duration::seconds(120));
    assert_eq!(world.sync_one("7").await.sync, SessionSync::Synced);
}

#[rstest]
#[tokio::test]
async fn an_operators_override_lets_everything_through(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let off = |settings: &mut WorkerSettings| {
        settings.breaker = BreakerSettings { enabled: false, ..BreakerSettings::default() }
    };
    let world = World::with(engine, |_| {}, off).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world.break_redcap(Fault::Down);
    let calls = world.calls();
    fail_times(&world, 7).await;
    assert_eq!((world.calls(), breaker(&world).await), (calls + 7, Breaker::default()));
}

#[rstest]
#[tokio::test]
async fn waiting_for_the_hosts_budget_is_no_failure_and_an_open_breaker_takes_no_turn(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    // A turn each millisecond and none saved up: every call but the first waits.
    let budget = BudgetSettings { per_minute: 60_000, burst: 1 };
    let narrow = |settings: &mut WorkerSettings| {
        strict(settings);
        settings.budget = budget;
    };
    let world = World::with(engine, |_| {}, narrow).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let next_turn = async || {
        let tx = world.tx().await;
        let slot = tx.take_budget("127.0.0.1", &budget, None).await.expect("a turn");
        tx.roll_back().await.expect("given back");
        slot.start_at - world.now()
    };
    assert_eq!(
        next_turn().await.num_milliseconds(),
        i64::try_from(world.calls()).expect("few"),
        "one turn for each call"
    );
    assert_eq!(world.sync_one("7").await.sync, SessionSync::Synced);
    assert_eq!(breaker(&world).await, Breaker::default(), "waiting is no matter for the breaker");
    world.break_redcap(Fault::Down);
    fail_times(&world, 5).await;
    let before = next_turn().await;
    assert_eq!(error_type(&world.sync_one("7").await), Some(SyncErrorType::CircuitOpen));
    assert_eq!(next_turn().await, before);
}

#[rstest]
#[tokio::test]
async fn after_an_outage_all_that_a_person_syncs_again_waits_for_the_probe(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = ready(engine).await;
    for record in ["8", "9"] {
        world.enrolled(record).await;
    }
    world.break_redcap(Fault::Down);
    fail_times(&world, 5).await;
    // The probe takes its time, so that the others meet it half-open.
    world.break_redcap(Fault::Slow { ms: 300 });
    world.clock.advance(Duration::seconds(60));
    let mut ids = vec![];
    for record in ["7", "8", "9"] {
        let participant = world.participant(record).await.expect("a participant");
        let visit = world.visit_of(record, BASELINE).await.id;
        ids.push(world.submit(&participant, Some(visit), json!({"misses": 1})).await);
    }
    world.worker.run_until_idle().await;
    for id in ids {
        assert_eq!(world.session(id).await.sync, SessionSync::Synced);
    }
}

#[rstest]
#[tokio::test]
async fn an_older_result_never_overwrites_a_newer_one(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ready(engine).await;
    world.break_redcap(Fault::Down);
    let older = world.sync_one("7").await;
    world.break_redcap(None);
    world.clock.advance(Duration::seconds(60));
    let participant = world.participant("7").await.expect("a participant");
    let visit = world.visit_of("7", BASELINE).await.id;
    let newer = world.submit(&participant, Some(visit), json!({"misses": 5})).await;
    world.worker.run_until_idle().await;
    assert_eq!(world.session(newer).await.sync, SessionSync::Synced);
    let calls = world.calls();
    let again = world.resync(older.id).await;
    assert_eq!(error_type(&again), Some(SyncErrorType::Validation), "told, and left to a person");
    assert_eq!((world.calls(), world.value("7", BASELINE, "rt_misses").as_deref()), (calls, Some("5")));
}
