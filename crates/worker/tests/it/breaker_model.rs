//! The breaker against a model of three lines, with many callers of two workers let loose at once (measure R5).
//!
//! Each step puts REDCap into a state, moves the clock, and lets callers race: whoever has its turn waits at one gate until all are
//! there. What reached REDCap, how every caller ended and what the breaker says must be what the model says, exactly.

use std::sync::Arc;

use chrono::Duration;
use metricis_core::Timestamp;
use metricis_core::breaker::{Breaker, BreakerSettings};
use metricis_core::ids::JobId;
use metricis_core::words::JobState;
use metricis_redcap_sim::{Fault, Scope};
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use metricis_worker::{Pause, Worker, WorkerSettings};
use rstest::rstest;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::fixtures::{build_worker, settings};
use crate::soak::{Chance, count};
use crate::world::{World, done};

const THRESHOLD: u32 = 5;
const COOLDOWN_S: i64 = 60;
/// Requests of one connection test that succeeds.
const CALLS_OF_A_TEST: u64 = 3;

/// A thousand for PostgreSQL; in one SQLite file they would mostly wait for each other's writes.
fn callers(engine: Engine) -> usize {
    count("SOAK_CALLERS", 60, if engine == Engine::Postgres { 1_000 } else { 250 })
}

/// What the breaker must be.
#[derive(Clone, Copy, Debug)]
enum Model {
    Closed { failures: u32 },
    Open { failures: u32, since: Timestamp },
}

/// How the callers of one step ended.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    done: u64,
    api_errors: u64,
    refused: u64,
}

impl Model {
    /// The model's whole rule: what so many callers at once may end as, and what the breaker is then.
    fn step(self, callers: u32, healthy: bool, now: Timestamp, ended: &Ended) -> (bool, Self) {
        let all = u64::from(callers);
        let is = |done: u64, api_errors: u64| (ended.done, ended.api_errors) == (done, api_errors);
        match self {
            Self::Closed { .. } if healthy => (is(all, 0), Self::Closed { failures: 0 }),
            Self::Closed { failures } if failures + callers < THRESHOLD => {
                (is(0, all), Self::Closed { failures: failures + callers })
            }
            // Who was let through before the last failure counted still ends with its own failure.
            Self::Closed { failures } => {
                let opening = ended.done == 0 && ended.api_errors >= u64::from(THRESHOLD - failures);
                (opening, Self::Open { failures: THRESHOLD, since: now })
            }
            Self::Open { since, .. } if now < since + Duration::seconds(COOLDOWN_S) => (is(0, 0), self),
            // One probe; who waited for it or came after it may go.
            Self::Open { .. } if healthy => (ended.done >= 1 && ended.api_errors == 0, Self::Closed { failures: 0 }),
            Self::Open { failures, .. } => (is(0, 1), Self::Open { failures: failures + 1, since: now }),
        }
    }

    fn is(self, breaker: Breaker) -> bool {
        match (self, breaker) {
            (Self::Closed { failures }, Breaker::Closed { failures: found, .. }) => failures == found,
            (Self::Open { failures, since }, Breaker::Open { failures: found, opened_at, .. }) => {
                (failures, since) == (found, opened_at)
            }
            _ => false,
        }
    }
}

/// Where callers wait that have had their turn, until as many as are expected are there.
#[derive(Clone)]
struct Gate(watch::Sender<(usize, usize)>);

impl Gate {
    fn new() -> Self {
        Self(watch::Sender::new((0, 0)))
    }

    fn close(&self, expected: usize) {
        self.0.send_replace((0, expected));
    }

    fn pause(&self) -> Pause {
        let gate = self.clone();
        Pause::by(move |_, _| {
            let gate = gate.clone();
            Box::pin(async move {
                gate.0.send_modify(|(arrived, _)| *arrived += 1);
                let all_there = |(arrived, expected): &(usize, usize)| arrived >= expected;
                gate.0.subscribe().wait_for(all_there).await.expect("the gate stands");
            })
        })
    }
}

fn worker_of(world: &World, gate: &Gate, callers: usize) -> Worker {
    let breaker = BreakerSettings { failure_threshold: THRESHOLD, cooldown_s: 60, ..BreakerSettings::default() };
    // One study has half of the slots, so that both workers hold callers.
    let own = WorkerSettings { breaker, concurrency: callers.max(2), call_timeout_s: 60, ..settings() };
    build_worker(world.db.store.clone(), world.clock.clone(), own, Arc::new(Notify::new())).pausing_by(gate.pause())
}

async fn enqueue(world: &World, callers: usize) -> Vec<JobId> {
    let (tx, mut jobs) = (world.tx().await, vec![]);
    for _ in 0..callers {
        jobs.push(tx.enqueue_job(world.study, &JobKind::TestConnection).await.expect("a job"));
    }
    done(tx).await;
    jobs
}

async fn breaker(world: &World) -> Breaker {
    world.read().await.breaker(world.study).await.expect("a breaker")
}

/// Lets the workers race to their end; while the probe is under way nothing else may reach REDCap.
async fn race(world: &World, workers: &[Worker], before: u64) {
    let mut racing: JoinSet<usize> = JoinSet::new();
    workers.iter().cloned().for_each(|worker| drop(racing.spawn(async move { worker.run_until_idle().await })));
    while !racing.is_empty() {
        while racing.try_join_next().is_some() {}
        let reached = world.calls() - before;
        // The count is older than the state: if that is half open still, the count is all that the probe let through.
        if matches!(breaker(world).await, Breaker::HalfOpen { .. }) {
            assert!(reached <= 1, "{reached} requests beside an unanswered probe");
        }
        tokio::task::yield_now().await;
    }
}

async fn ended(world: &World, jobs: &[JobId]) -> Ended {
    let mut ended = Ended { done: 0, api_errors: 0, refused: 0 };
    for id in jobs {
        let job = world.read().await.job(*id).await.expect("an answer").expect("the job");
        match (job.state, job.error.as_deref().unwrap_or_default()) {
            (JobState::Done, _) => ended.done += 1,
            (_, error) if error.starts_with("api_error: ") => ended.api_errors += 1,
            (_, error) if error.starts_with("circuit_open: ") => ended.refused += 1,
            other => panic!("{other:?}"),
        }
    }
    ended
}

#[rstest]
#[tokio::test]
async fn racing_callers_get_exactly_what_the_model_allows(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, gate, mut chance) = (World::new(engine).await, Gate::new(), Chance::seeded());
    let (most, steps) = (callers(engine), count("SOAK_STEPS", 14, 24));
    let workers = [worker_of(&world, &gate, most), worker_of(&world, &gate, most)];
    let mut model = Model::Closed { failures: 0 };
    for step in 0..steps {
        let healthy = chance.below(3) == 0;
        // A token that is refused is never sent a second time, so that a failed call is one request.
        world.break_redcap(None);
        let order = if healthy { "slow:50 times 1" } else { "token" };
        world.sim.set_order(Scope::Project(world.project.project_id), order.parse().ok()).expect("an order");
        world.clock.advance(Duration::seconds(chance.one_of(&[0, 30, 59, 60, 61])));
        // Few callers leave a closed breaker closed; many race.
        let callers = chance.one_of(&[1, 2, most / 2, most, most]).max(1);
        let (jobs, before, now) = (enqueue(&world, callers).await, world.calls(), world.now());
        let refused_at_once = matches!(model, Model::Open { since, .. } if now < since + Duration::seconds(COOLDOWN_S));
        gate.close(if refused_at_once { 0 } else { callers });
        race(&world, &workers, before).await;
        let ended = ended(&world, &jobs).await;
        let told = format!("step {step}: {callers} callers, healthy {healthy}, {model:?}: {ended:?}");
        let reached = world.calls() - before;
        assert_eq!(reached, CALLS_OF_A_TEST * ended.done + ended.api_errors, "{told}: refused means no socket");
        assert_eq!(ended.done + ended.api_errors + ended.refused, callers as u64, "{told}");
        let (allowed, next) = model.step(u32::try_from(callers).expect("few"), healthy, now, &ended);
        assert!(allowed, "{told}");
        model = next;
        let found = breaker(&world).await;
        assert!(model.is(found), "{told}: {found:?}, not {model:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_prober_that_was_killed_is_replaced_by_exactly_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, gate) = (World::new(engine).await, Gate::new());
    let most = callers(engine);
    let [killed, left] = [worker_of(&world, &gate, most), worker_of(&world, &gate, most)];
    world.break_redcap(Fault::WrongToken);
    let _ = enqueue(&world, THRESHOLD as usize).await;
    race(&world, std::slice::from_ref(&left), world.calls()).await;
    world.clock.advance(Duration::seconds(COOLDOWN_S));
    world.break_redcap(Fault::Slow { ms: 60_000 });
    let (_, before) = (enqueue(&world, 1).await, world.calls());
    let running = tokio::spawn(async move { killed.tick().await });
    while world.calls() == before {
        tokio::task::yield_now().await;
    }
    running.abort();
    world.break_redcap(Fault::WrongToken);
    for (advance_s, probes) in [(119, 0), (1, 1)] {
        world.clock.advance(Duration::seconds(advance_s));
        let (jobs, before) = (enqueue(&world, most / 2).await, world.calls());
        gate.close(if probes == 0 { 0 } else { jobs.len() });
        left.run_until_idle().await;
        assert_eq!(world.calls() - before, probes, "{advance_s} s later");
        assert_eq!(ended(&world, &jobs).await.api_errors, probes);
    }
}
