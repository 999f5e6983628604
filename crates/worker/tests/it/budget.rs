//! The outbound budget: what leaves for one host, by several workers for many studies, in the database and in Redis.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chrono::Duration;
use metricis_core::budget::BudgetSettings;
use metricis_core::ids::{JobId, StudyId};
use metricis_core::words::JobState;
use metricis_core::{Clock, Timestamp};
use metricis_redcap_sim::ProjectOptions;
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use metricis_worker::{Pause, Worker, WorkerSettings};
use rstest::rstest;
use secrecy::SecretString;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::fixtures::{add_study, build_worker, settings, study_config};
use crate::world::{SPONSOR_STUDY, World, done};

const BUDGET: BudgetSettings = BudgetSettings { per_minute: 60, burst: 5 };

/// Every turn that was waited for, as it was granted. Waiting turns the clock.
type Turns = Arc<Mutex<Vec<Timestamp>>>;

fn worker_of(world: &World, redis: Option<SecretString>, turns: &Turns) -> Worker {
    let own = WorkerSettings { budget: BUDGET, redis_url: redis, ..settings() };
    let worker = build_worker(world.db.store.clone(), world.clock.clone(), own, Arc::new(Notify::new()));
    let (clock, turns) = (Arc::clone(&world.clock), Arc::clone(turns));
    worker.pausing_by(Pause::by(move |moment, _| {
        turns.lock().expect("turns").push(moment);
        clock.advance((moment - clock.now()).max(Duration::zero()));
        Box::pin(tokio::task::yield_now())
    }))
}

/// The most turns that any 60 seconds held.
fn most_in_a_minute(turns: &Turns) -> usize {
    let turns = turns.lock().expect("turns").clone();
    let within = |first: &Timestamp| {
        turns.iter().filter(|turn| (0..60_000_000).contains(&(**turn - first).num_microseconds().unwrap_or(-1))).count()
    };
    turns.iter().map(within).max().unwrap_or(0)
}

/// As many studies on the world's REDCap, each with a project of its own there.
pub async fn studies(world: &World, count: usize) -> Vec<(StudyId, u32)> {
    let first = world.read().await.study(world.study).await.expect("an answer").expect("the study");
    let base = first.config.redcap.api_origin.expect("an address");
    let mut studies = vec![];
    for number in 0..count {
        let study = StudyId::at(world.now());
        let project = world.sim.add_project_xml(SPONSOR_STUDY, ProjectOptions::default()).expect("the project");
        add_study(&world.db.store, study, &format!("S-{number}"), study_config(study, &project, &base)).await;
        studies.push((study, project.project_id));
    }
    studies
}

pub async fn enqueue(world: &World, study: StudyId, count: usize) -> Vec<JobId> {
    let tx = world.tx().await;
    let mut jobs = vec![];
    for _ in 0..count {
        jobs.push(tx.enqueue_job(study, &JobKind::TestConnection).await.expect("a job"));
    }
    done(tx).await;
    jobs
}

pub async fn work_off(world: &World, workers: &[Worker]) {
    while world.count("jobs WHERE state = 'queued'").await > 0 {
        let mut rounds: JoinSet<usize> = JoinSet::new();
        workers.iter().cloned().for_each(|worker| drop(rounds.spawn(async move { worker.tick().await })));
        if rounds.join_all().await.iter().sum::<usize>() == 0 {
            // What is left waits for its host's turn.
            world.clock.advance(Duration::milliseconds(250));
        }
    }
}

pub async fn ended(world: &World, jobs: &[JobId]) -> Vec<Timestamp> {
    let mut moments = vec![];
    for id in jobs {
        let job = world.read().await.job(*id).await.expect("an answer").expect("the job");
        assert_eq!((job.state, job.error), (JobState::Done, None), "waiting is no failure");
        moments.push(job.finished_at.expect("an end"));
    }
    moments
}

#[rstest]
#[tokio::test]
async fn a_study_with_much_to_do_leaves_the_others_their_turns(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, turns) = (World::new(engine).await, Turns::default());
    let studies = studies(&world, 21).await;
    let many = enqueue(&world, studies[0].0, 60).await;
    world.clock.advance(Duration::seconds(1));
    let mut few = vec![];
    for (study, _) in &studies[1..] {
        few.extend(enqueue(&world, *study, 1).await);
    }
    work_off(&world, &[worker_of(&world, None, &turns), worker_of(&world, None, &turns)]).await;
    let last_of_few = ended(&world, &few).await.into_iter().max().expect("some");
    let before = ended(&world, &many).await.into_iter().filter(|moment| *moment < last_of_few).count();
    assert!(before <= 20, "{before} of the many were done before the last of the few");
}

#[tokio::test]
async fn two_workers_share_the_budget_through_redis() {
    let (world, turns) = (World::new(Engine::Sqlite).await, Turns::default());
    // A host that no other test calls, because Redis is everybody's.
    world.change_study(|config| localhost(&mut config.redcap.api_url)).await;
    let jobs = enqueue(&world, world.study, 40).await;
    let redis = || Some(redis_url(""));
    work_off(&world, &[worker_of(&world, redis(), &turns), worker_of(&world, redis(), &turns)]).await;
    ended(&world, &jobs).await;
    assert_eq!((world.calls(), turns.lock().expect("turns").len()), (120, 120));
    let most = most_in_a_minute(&turns);
    assert!((50..=60).contains(&most), "{most} turns in 60 s, 60 allowed");
    assert_eq!(world.count("outbound_budgets").await, 0, "Redis kept it");
}

#[rstest]
#[tokio::test]
async fn without_its_redis_a_worker_takes_half_of_the_budget_from_the_database(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, turns) = (World::new(engine).await, Turns::default());
    let jobs = enqueue(&world, world.study, 20).await;
    work_off(&world, &[worker_of(&world, Some("redis://127.0.0.1:1".into()), &turns)]).await;
    ended(&world, &jobs).await;
    let most = most_in_a_minute(&turns);
    assert!((25..=30).contains(&most), "{most} turns in 60 s, 30 allowed");
    assert_eq!(world.count("outbound_budgets").await, 1);
}

#[tokio::test]
async fn a_budget_does_not_begin_afresh_when_redis_goes_or_comes_back() {
    let (world, turns) = (World::new(Engine::Sqlite).await, Turns::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let relay = tokio::spawn(relay(listener, redis_url("")));
    let worker = worker_of(&world, Some(redis_url(&address)), &turns);
    let round = async || {
        let jobs = enqueue(&world, world.study, 15).await;
        work_off(&world, std::slice::from_ref(&worker)).await;
        ended(&world, &jobs).await;
        world.count("outbound_budgets").await
    };
    assert_eq!(round().await, 0, "Redis keeps it");
    relay.abort();
    assert!(relay.await.is_err());
    assert_eq!(round().await, 1, "the database keeps it");
    let listener = TcpListener::bind(&address).await.expect("the same port");
    let relay = tokio::spawn(self::relay(listener, redis_url("")));
    assert!(ahead(&world).await, "it has granted the latest turns");
    world.clock.advance(Duration::seconds(3));
    round().await;
    assert!(!ahead(&world).await, "Redis keeps it again");
    relay.abort();
    let most = most_in_a_minute(&turns);
    assert!(most <= 60, "{most} turns in 60 s, 60 allowed");
}

#[rstest]
#[tokio::test]
async fn a_host_without_a_turn_holds_up_no_other_host(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let studies = studies(&world, 6).await;
    let elsewhere = world.study;
    world.change_study(|config| localhost(&mut config.redcap.api_url)).await;
    let own = WorkerSettings { budget: BudgetSettings { per_minute: 1, burst: 1 }, ..settings() };
    let worker = build_worker(world.db.store.clone(), world.clock.clone(), own, Arc::new(Notify::new()));
    // Whoever has to wait waits for ever.
    let waits = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&waits);
    let worker = worker.pausing_by(Pause::by(move |moment, now| match moment > now {
        true => {
            told.store(true, Ordering::SeqCst);
            Box::pin(std::future::pending())
        }
        false => Box::pin(std::future::ready(())),
    }));
    let running = tokio::spawn(async move { worker.run(CancellationToken::new()).await });
    enqueue(&world, studies[0].0, 1).await;
    while !waits.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    for (study, _) in &studies[1..] {
        enqueue(&world, *study, 1).await;
    }
    enqueue(&world, elsewhere, 1).await;
    while world.calls() == 0 {
        let queued = world.count("jobs WHERE state = 'queued'").await;
        assert!(queued >= 5, "{queued}: the others of the crowded host stay in the queue");
    }
    running.abort();
}

/// Whether the database's row has granted turns later than now.
async fn ahead(world: &World) -> bool {
    let tx = world.tx().await;
    let slot = tx.take_budget("127.0.0.1", &BUDGET, None).await.expect("a turn");
    tx.roll_back().await.expect("given back");
    slot.new_tat > world.now() + Duration::microseconds(BUDGET.interval_us())
}

/// Redis as the suite has it, at another address when one is given, in a database of its own then.
fn redis_url(address: &str) -> SecretString {
    let text = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run the suite with `make test`");
    let mut url = url::Url::parse(&text).expect("an address");
    if let Some((host, port)) = address.split_once(':') {
        url.set_host(Some(host)).expect("a host");
        url.set_port(port.parse().ok()).expect("a port");
        url.set_path("/7");
    }
    url.to_string().into()
}

/// Passes bytes on to Redis until it is aborted; then every connection through it ends, too.
async fn relay(listener: TcpListener, redis: SecretString) {
    use secrecy::ExposeSecret;
    let url = url::Url::parse(redis.expose_secret()).expect("an address");
    let target = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
    let mut connections = JoinSet::new();
    loop {
        let (mut near, _) = listener.accept().await.expect("a connection");
        let mut far = TcpStream::connect(&target).await.expect("Redis");
        connections.spawn(async move { copy_bidirectional(&mut near, &mut far).await });
    }
}

fn localhost(url: &mut Option<String>) {
    *url = url.as_ref().map(|url| url.replace("127.0.0.1", "localhost"));
}
