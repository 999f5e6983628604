//! Reads that fail for a moment: which are sent again, how often, and what budget and breaker see of it.

use std::sync::{Arc, Mutex};

use chrono::Duration;
use metricis_core::breaker::{Breaker, BreakerSettings, CallOutcome, Ticket};
use metricis_core::sync::SessionSync;
use metricis_core::words::EventStatus;
use metricis_redcap_sim::Fault;
use metricis_store::testing::Engine;
use metricis_worker::Pause;
use rstest::rstest;
use tokio::sync::Notify;

use crate::fixtures::{build_worker, settings, without_surveys};
use crate::world::{BASELINE, World, done};

type Waits = Arc<Mutex<Vec<Duration>>>;

/// A world with one participant, whose worker notes how long it would wait, and does not.
async fn ready(engine: Engine) -> (World, Waits) {
    let mut world = World::with(engine, without_surveys, |_| {}).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let waits = Waits::default();
    let noted = Arc::clone(&waits);
    pause_by(&mut world, move |wait| {
        noted.lock().expect("waits").push(wait);
        Box::pin(std::future::ready(()))
    });
    (world, waits)
}

type Meanwhile = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Lets `meanwhile` happen instead of each wait.
fn pause_by(world: &mut World, meanwhile: impl Fn(Duration) -> Meanwhile + Send + Sync + 'static) {
    let mut own = settings();
    own.breaker = BreakerSettings::default();
    own.retry.first_wait = std::time::Duration::from_secs(1);
    let worker = build_worker(world.db.store.clone(), world.clock.clone(), own, Arc::new(Notify::new()));
    world.worker = worker.pausing_by(Pause::by(move |moment, now| match moment > now {
        true => meanwhile(moment - now),
        false => Box::pin(std::future::ready(())),
    }));
}

async fn failures(world: &World) -> u32 {
    world.read().await.breaker(world.study).await.expect("a breaker").failures()
}

/// Enrols record 8; how its event ended, its error, and how often REDCap was asked.
async fn enrol(world: &World) -> (EventStatus, Option<String>, u64) {
    let before = world.calls();
    let event = world.enrol("8", &[("enroll_date", "2026-03-02")]).await;
    (event.status, event.error_message, world.calls() - before)
}

#[rstest]
#[case::down(Fault::Down)]
#[case::gateway(Fault::GatewayHtml(502))]
#[case::unavailable(Fault::GatewayHtml(503))]
#[case::server_error(Fault::Status5xx(500))]
#[case::empty(Fault::EmptyBody500)]
#[case::html(Fault::HtmlWith200)]
#[case::cut(Fault::CutConnection)]
#[tokio::test]
async fn a_read_that_fails_for_a_moment_is_sent_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] fault: Fault,
) {
    let (mut world, _) = ready(engine).await;
    let (sim, project) = (world.sim.clone(), world.project.project_id);
    pause_by(&mut world, move |_| {
        sim.set_fault(project, None).expect("the project");
        Box::pin(std::future::ready(()))
    });
    world.break_redcap(fault);
    // The log, which failed and was read again, and the record.
    assert_eq!(enrol(&world).await, (EventStatus::Processed, None, 3));
    assert_eq!(failures(&world).await, 0);
}

#[rstest]
#[tokio::test]
async fn a_read_that_goes_on_failing_is_one_failed_call(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, waits) = ready(engine).await;
    world.break_redcap(Fault::GatewayHtml(504));
    let (status, error, calls) = enrol(&world).await;
    assert_eq!((status, calls), (EventStatus::Failed, 3));
    assert!(error.unwrap_or_default().starts_with("api_error: "));
    assert_eq!(failures(&world).await, 1, "the breaker counts calls, not sendings");
    let waits = waits.lock().expect("waits").clone();
    let between = |wait: Duration, least, most| (least..=most).contains(&wait.num_milliseconds());
    assert!(waits.len() == 2 && between(waits[0], 500, 1000) && between(waits[1], 2000, 4000), "{waits:?}");
}

#[rstest]
#[case::token(Fault::WrongToken, 1, 1)]
#[case::memory(Fault::MemoryTextWith200, 1, 1)]
#[case::slow(Fault::Slow { ms: 60_000 }, 1, 1)]
// The log is whole; only then the record is asked for, and has no rows.
#[case::lost(Fault::LostRows, 0, 2)]
#[tokio::test]
async fn what_a_second_sending_would_not_mend_is_sent_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] fault: Fault,
    #[case] counted: u32,
    #[case] sent: u64,
) {
    let (world, _) = ready(engine).await;
    world.break_redcap(fault);
    let (status, _, calls) = enrol(&world).await;
    assert_eq!((status, calls), (EventStatus::Failed, sent));
    assert_eq!(failures(&world).await, counted);
}

#[rstest]
#[tokio::test]
async fn an_import_is_sent_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, waits) = ready(engine).await;
    world.break_redcap(Fault::GatewayHtml(502));
    let before = world.calls();
    assert!(matches!(world.sync_one("7").await.sync, SessionSync::Failed { .. }));
    assert_eq!((world.calls() - before, waits.lock().expect("waits").len()), (1, 0));
}

#[rstest]
#[tokio::test]
async fn a_probe_is_sent_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, _) = ready(engine).await;
    world.break_redcap(Fault::GatewayHtml(502));
    for _ in 0..5 {
        world.sync_one("7").await;
    }
    world.clock.advance(Duration::seconds(60));
    let (status, _, calls) = enrol(&world).await;
    assert_eq!((status, calls), (EventStatus::Failed, 1));
}

#[rstest]
#[tokio::test]
async fn a_read_is_not_sent_again_through_a_breaker_that_others_opened(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (mut world, _) = ready(engine).await;
    let (store, study, now) = (world.db.store.clone(), world.study, world.now());
    pause_by(&mut world, move |_| {
        let store = store.clone();
        Box::pin(async move {
            let tx = store.write(now).await.expect("a transaction");
            let mut state = tx.lock_breaker(study).await.expect("a breaker");
            for _ in 0..5 {
                let ticket = Ticket { generation: state.generation(), probe: false };
                let caller = uuid::Uuid::nil();
                (state, _) = state.settle(ticket, caller, CallOutcome::ApiError, now, &BreakerSettings::default());
            }
            tx.save_breaker(study, &state).await.expect("saved");
            done(tx).await;
        })
    });
    world.break_redcap(Fault::GatewayHtml(502));
    let (status, error, calls) = enrol(&world).await;
    assert_eq!((status, calls), (EventStatus::Failed, 1));
    let error = error.unwrap_or_default();
    assert!(error.starts_with("api_error: "), "its own failure, not the breaker's: {error}");
    let state = world.read().await.breaker(world.study).await.expect("a breaker");
    assert!(matches!(state, Breaker::Open { failures: 5, .. }), "and it counts for nothing after the transition");
    assert_eq!(world.visits("7").await.iter().filter(|visit| visit.event_name == BASELINE).count(), 1);
}
