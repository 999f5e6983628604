//! Our side of row P6 (bench/README.md): jobs that do nothing, through the store and the runner that every job goes through.
//!
//! ```text
//!   idle_jobs rate N             enqueues N, each in a transaction of its own, 16 at once; a worker in a process of its own works them off
//!   idle_jobs pick-up N woken    enqueues N one by one, the worker being in this process, which wakes it, as `serve --with-worker` does
//!   idle_jobs pick-up N apart    the same with a worker in a process of its own, as `metricis worker` is one
//!   idle_jobs work               that process, at DATABASE_URL
//! ```
//!
//! Invariant: what it prints is read from the rows that the queue itself keeps: created, claimed, finished.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use metricis_core::clock::truncate_to_us;
use metricis_core::environment::Environment;
use metricis_core::ids::StudyId;
use metricis_core::study::StudyConfig;
use metricis_core::{Clock, Timestamp};
use metricis_store::testing::{Engine, TestDb};
use metricis_store::{DatabaseUrl, JobKind, NewStudy, Operational, Sealer, Store, StoreOptions};
use metricis_worker::{Worker, WorkerSettings};
use secrecy::ExposeSecret;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4";
/// Who enqueues at once: as many requests as the bench's other rows have connections.
const PRODUCERS: usize = 16;

struct Real;

impl Clock for Real {
    #[expect(clippy::disallowed_methods, reason = "the bench measures by the real clock")]
    fn now(&self) -> Timestamp {
        truncate_to_us(chrono::Utc::now())
    }
}

fn worker(store: Store, wake: Arc<Notify>) -> Worker {
    let mut settings = WorkerSettings::new("digest key".into(), Environment::new("bench"), "0.1.0", "ab12");
    // All jobs are of one study, which has half of the slots.
    settings.concurrency = 16;
    let http = metricis_redcap::http_client("metricis-bench").expect("a client");
    let sealer = Sealer::new(&KEY.into(), None, false).expect("a key");
    Worker::new(store, sealer, Arc::new(Real), http, settings, wake)
}

async fn add_study(db: &TestDb) -> StudyId {
    let id = StudyId::at(Real.now());
    let tx = db.store.write(Real.now()).await.expect("a transaction");
    let study = NewStudy { id, code: "BENCH".to_owned(), name: "Bench".to_owned(), config: StudyConfig::default() };
    tx.insert_study(&study).await.expect("a study");
    tx.commit_operational(Operational::QueueClaim).await.expect("a commit");
    id
}

async fn enqueue(store: &Store, study: StudyId) {
    let tx = store.write(Real.now()).await.expect("a transaction");
    tx.enqueue_job(study, &JobKind::Idle).await.expect("a job");
    tx.commit_operational(Operational::QueueClaim).await.expect("a commit");
}

/// The worker's process; it is killed at the end.
struct Apart(Child);

impl Drop for Apart {
    fn drop(&mut self) {
        // Already dead is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn apart(db: &TestDb, study: StudyId) -> Apart {
    let DatabaseUrl::Postgres(address) = &db.url else { panic!("P6 is measured on PostgreSQL") };
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg("work").env("DATABASE_URL", address.expose_secret()).stdin(Stdio::null()).stdout(Stdio::null());
    let process = Apart(command.spawn().expect("a worker"));
    enqueue(&db.store, study).await;
    until_done(db, 1).await;
    process
}

async fn until_done(db: &TestDb, jobs: i64) {
    while db.count("SELECT count(*) FROM jobs WHERE state = 'done'").await < jobs {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Jobs a second, from the first one enqueued to the last one done.
async fn rate(db: &TestDb, study: StudyId, jobs: usize) -> f64 {
    let _worker = apart(db, study).await;
    let begun = Instant::now();
    let mut producers = JoinSet::new();
    for number in 0..PRODUCERS {
        let (store, own) = (db.store.clone(), jobs / PRODUCERS + usize::from(number < jobs % PRODUCERS));
        producers.spawn(async move {
            for _ in 0..own {
                enqueue(&store, study).await;
            }
        });
    }
    producers.join_all().await;
    until_done(db, i64::try_from(jobs + 1).expect("few")).await;
    jobs as f64 / begun.elapsed().as_secs_f64()
}

/// Milliseconds from enqueued to claimed, of jobs that meet an idle worker, in order of their length.
async fn pick_ups(db: &TestDb, study: StudyId, jobs: usize, woken: bool) -> Vec<f64> {
    let (wake, shutdown) = (Arc::new(Notify::new()), CancellationToken::new());
    let (here, end) = (worker(db.store.clone(), Arc::clone(&wake)), shutdown.clone());
    let _apart = if woken { None } else { Some(apart(db, study).await) };
    let running = woken.then(|| tokio::spawn(async move { here.run(end).await }));
    let before = db.count("SELECT count(*) FROM jobs").await;
    for number in 0..jobs {
        enqueue(&db.store, study).await;
        // As a server does after its commit: one with a worker wakes it, one without signals to others.
        if woken {
            wake.notify_one();
        } else {
            db.store.signal_work().await.expect("a signal");
        }
        until_done(db, before + i64::try_from(number + 1).expect("few")).await;
        // Not in step with whoever polls.
        tokio::time::sleep(Duration::from_millis(7 + (number as u64 * 37) % 211)).await;
    }
    shutdown.cancel();
    if let Some(running) = running {
        running.await.expect("no panic").expect("signed off");
    }
    let text = "SELECT (extract(epoch FROM claimed_at - created_at) * 1000000)::bigint FROM jobs ORDER BY 1 OFFSET";
    let mut waits = vec![];
    for place in 0..jobs {
        waits.push(db.count(&format!("{text} {place} LIMIT 1")).await as f64 / 1000.0);
    }
    waits
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<usize>().expect("a number of jobs");
    match words.as_slice() {
        ["work"] => {
            let address = std::env::var("DATABASE_URL").expect("DATABASE_URL");
            let url = DatabaseUrl::Postgres(address.into());
            let store = Store::open(&url, &StoreOptions::default()).await.expect("a database");
            worker(store, Arc::default()).run(CancellationToken::new()).await.expect("it runs");
        }
        ["rate", jobs] => {
            let db = TestDb::fresh(Engine::Postgres).await;
            let study = add_study(&db).await;
            println!("{{\"rate\": {:.1}}}", rate(&db, study, number(jobs)).await);
        }
        ["pick-up", jobs, how @ ("woken" | "apart")] => {
            let db = TestDb::fresh(Engine::Postgres).await;
            let study = add_study(&db).await;
            let waits = pick_ups(&db, study, number(jobs), *how == "woken").await;
            println!("{{\"p50_ms\": {:.3}, \"p95_ms\": {:.3}}}", waits[waits.len() / 2], waits[waits.len() * 95 / 100]);
        }
        _ => panic!("usage: idle_jobs rate N | pick-up N woken|apart | work"),
    }
}
