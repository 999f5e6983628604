//! A hundred studies on one host, two workers: what REDCap itself counts, in every 60 seconds (measure R5).
//!
//! Requests leave one by one, and the simulator's clock is set to the moment of each one's turn, so that it counts what would arrive
//! if nobody were late. Its clock runs on while a request is on its way, which takes milliseconds: windows are shorter by that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Duration, Utc};
use metricis_core::Clock;
use metricis_core::budget::BudgetSettings;
use metricis_core::clock::ManualClock;
use metricis_core::ids::StudyId;
use metricis_redcap_sim::Sim;
use metricis_store::testing::Engine;
use metricis_worker::{Pause, Worker, WorkerSettings};
use rstest::rstest;
use secrecy::SecretString;
use tokio::sync::{Mutex, Notify};

use crate::budget::{ended, enqueue, studies, work_off};
use crate::fixtures::{build_worker, settings};
use crate::soak::{Chance, count};
use crate::world::World;

/// Turns so close together that no worker is taken for dead while its jobs wait for theirs.
const BUDGET: BudgetSettings = BudgetSettings { per_minute: 120, burst: 10 };
/// More than a request needs on this machine, less than lies between two turns.
const ON_ITS_WAY: Duration = Duration::milliseconds(250);

/// Where the budget is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Database,
    Redis,
}

/// The requests that have left, and the door through which they leave one by one.
#[derive(Clone)]
struct Road {
    clock: Arc<ManualClock>,
    sim: Sim,
    projects: Arc<[u32]>,
    left: Arc<AtomicU64>,
    door: Arc<Mutex<()>>,
}

impl Road {
    fn arrived(&self) -> u64 {
        self.projects.iter().map(|project| self.sim.api_calls(*project)).sum()
    }

    fn pause(&self) -> Pause {
        let road = self.clone();
        Pause::by(move |moment, _| {
            let road = road.clone();
            Box::pin(async move {
                let _alone = road.door.lock().await;
                while road.arrived() < road.left.load(Ordering::SeqCst) {
                    tokio::task::yield_now().await;
                }
                road.clock.advance((moment - road.clock.now()).max(Duration::zero()));
                road.sim.set_clock(moment);
                road.left.fetch_add(1, Ordering::SeqCst);
            })
        })
    }
}

fn worker_of(world: &World, redis: Option<SecretString>, road: &Road) -> Worker {
    let own = WorkerSettings { budget: BUDGET, redis_url: redis, ..settings() };
    build_worker(world.db.store.clone(), world.clock.clone(), own, Arc::new(Notify::new())).pausing_by(road.pause())
}

/// Redis in a database of its own, because the host is the same in every test; emptied, because the clock begins anew.
async fn redis(kept: Kept, engine: Engine) -> Option<SecretString> {
    let text = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run the suite with `make test`");
    let mut url = url::Url::parse(&text).expect("an address");
    url.set_path(if engine == Engine::Sqlite { "/11" } else { "/12" });
    if kept == Kept::Database {
        return None;
    }
    let client = redis::Client::open(url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis");
    redis::cmd("FLUSHDB").exec_async(&mut connection).await.expect("an empty database");
    Some(url.to_string().into())
}

/// The most that any 60 seconds hold.
fn most_in_a_minute(moments: &[DateTime<Utc>]) -> usize {
    let minute = Duration::seconds(60) - ON_ITS_WAY;
    (0..moments.len())
        .map(|first| moments[first..].iter().take_while(|moment| **moment - moments[first] < minute).count())
        .max()
        .unwrap_or(0)
}

#[rstest]
#[tokio::test]
async fn a_hundred_studies_and_two_workers_stay_within_the_budget(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Kept::Database, Kept::Redis)] kept: Kept,
) {
    let (world, mut chance) = (World::new(engine).await, Chance::seeded());
    let studies: Vec<(StudyId, u32)> = studies(&world, 100).await;
    let rounds = count("SOAK_ROUNDS", 1, 10);
    let mut jobs = vec![];
    for (study, project) in &studies {
        world.sim.listen(*project).expect("the project");
        jobs.extend(enqueue(&world, *study, rounds).await);
    }
    let road = Road {
        clock: Arc::clone(&world.clock),
        sim: world.sim.clone(),
        projects: studies.iter().map(|(_, project)| *project).collect(),
        left: Arc::default(),
        door: Arc::default(),
    };
    let redis = redis(kept, engine).await;
    let workers = [(); 2].map(|()| worker_of(&world, redis.clone(), &road));
    work_off(&world, &workers).await;
    // A pause in which turns are saved up, then a second rush.
    world.clock.advance(Duration::seconds(chance.below(90) as i64));
    for _ in 0..30 {
        jobs.extend(enqueue(&world, chance.one_of(&studies).0, 1).await);
    }
    work_off(&world, &workers).await;
    ended(&world, &jobs).await;
    let mut moments: Vec<_> =
        studies.iter().flat_map(|(_, project)| world.sim.heard(*project)).map(|request| request.at).collect();
    moments.sort_unstable();
    let calls = 3 * jobs.len();
    assert_eq!((moments.len(), road.arrived()), (calls, calls as u64), "REDCap's count");
    assert_eq!(road.left.load(Ordering::SeqCst), calls as u64, "each request has its turn");
    let most = most_in_a_minute(&moments);
    assert!((110..=120).contains(&most), "{most} requests in 60 s, 120 allowed");
    assert_eq!(world.count("outbound_budgets").await, i64::from(kept == Kept::Database), "{kept:?} kept it");
    for worker in &workers {
        worker.tick().await;
    }
    let counted = world.read().await.outbound_calls().await.expect("counts").remove(0);
    assert!(counted.answered == calls as u64 && (1..=120).contains(&counted.last_minute), "{counted:?}");
}
