//! Deliveries as a busy REDCap makes them (measure R3): random sequences of saves, each delivered twice, 64 at once, to a server that
//! runs; two workers read REDCap. In the end the effects are exact and our mirror equals REDCap.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use metricis_core::breaker::BreakerSettings;
use metricis_core::budget::BudgetSettings;
use metricis_core::clock::truncate_to_us;
use metricis_core::environment::Environment;
use metricis_core::{Clock, Timestamp};
use metricis_redcap_sim::SaveForm;
use metricis_store::Sealer;
use metricis_store::testing::Engine;
use metricis_worker::{Worker, WorkerSettings};
use rstest::rstest;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::program::{KEYS, Program};
use crate::site::{Server, Site, serve};
use crate::soak::{Chance, count};

/// Deliveries under way at once.
const AT_ONCE: usize = 64;
/// Saves for each record, on average.
const SAVES_OF_A_RECORD: usize = 10;

struct Real;

impl Clock for Real {
    #[expect(
        clippy::disallowed_methods,
        reason = "the worker shares a database with a server that runs by the real clock"
    )]
    fn now(&self) -> Timestamp {
        truncate_to_us(chrono::Utc::now())
    }
}

/// A worker as `metricis worker` is one, but for the budget: a soak reads REDCap more often than a minute of a real one allows.
fn worker_of(program: &Program) -> Worker {
    let mut settings = WorkerSettings::new("digest key".into(), Environment::new("test"), "0.1.0", "ab12");
    settings.budget = BudgetSettings { per_minute: 600_000, burst: 10_000 };
    settings.breaker = BreakerSettings { failure_threshold: 100, ..BreakerSettings::default() };
    (settings.poll_ms, settings.concurrency) = (5, 16);
    let http = metricis_redcap::http_client("metricis-e2e").expect("an HTTP client");
    let key = KEYS.iter().find(|(name, _)| *name == "REDCAP_ENCRYPTION_KEY").expect("the key").1;
    let sealer = Sealer::new(&key.into(), None, false).expect("a key");
    Worker::new(program.db.store.clone(), sealer, Arc::new(Real), http, settings, Arc::new(Notify::new()))
}

/// The next save that somebody makes, with the fields of its DET.
fn next_save(chance: &mut Chance, records: usize, enrolled: &mut BTreeSet<String>) -> SaveForm {
    let record = format!("{}-{}", chance.one_of(&["332", "Ä", "a b"]), chance.below(records));
    let (instrument, complete, values) = match chance.below(4) {
        0 => ("contact", chance.one_of(&[0, 1, 2]), vec![("contact_notes", format!("note {}", chance.below(3)))]),
        // An enrolment form that is not complete enrols nobody, and is not taken back once it is.
        1 if !enrolled.contains(&record) => ("enrollment", chance.one_of(&[0, 1]), vec![]),
        _ => (
            "enrollment",
            2,
            vec![("enroll_date", format!("2026-03-{:02}", 1 + chance.below(28))), ("arm", "1".to_owned())],
        ),
    };
    if (instrument, complete) == ("enrollment", 2) {
        enrolled.insert(record.clone());
    }
    SaveForm {
        record,
        event: Some("baseline_arm_1".to_owned()),
        instrument: instrument.to_owned(),
        repeat_instance: None,
        values: values.into_iter().map(|(field, value)| (field.to_owned(), value)).collect(),
        complete,
        user: "jsmith".to_owned(),
        dag: chance.one_of(&[None, Some("site_north"), Some("site_south")]).map(str::to_owned),
    }
}

fn det(site: &Site, save: &SaveForm) -> Vec<(String, String)> {
    let complete = format!("{}_complete", save.instrument);
    let fields = [
        ("redcap_url", format!("{}/", site.redcap)),
        ("project_id", site.project.project_id.to_string()),
        ("username", save.user.clone()),
        ("record", save.record.clone()),
        ("redcap_event_name", "baseline_arm_1".to_owned()),
        ("instrument", save.instrument.clone()),
        (&complete, save.complete.to_string()),
    ];
    let group = save.dag.clone().map(|dag| ("redcap_data_access_group", dag));
    fields.into_iter().chain(group).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Makes the saves, each delivered twice; the deliveries that differ, and the records that enrolled.
async fn deliver_all(site: &Arc<Site>, server: &Arc<Server>, deliveries: usize) -> (usize, BTreeSet<String>) {
    let (mut chance, mut enrolled, mut different) = (Chance::seeded(), BTreeSet::new(), BTreeSet::new());
    let (turns, mut under_way) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for _ in 0..deliveries / 2 {
        let save = next_save(&mut chance, deliveries / 2 / SAVES_OF_A_RECORD, &mut enrolled);
        let form = det(site, &save);
        site.sim.save_form(site.project.project_id, save).await.expect("saved");
        different.insert(form.clone());
        for _ in 0..2 {
            let turn = Arc::clone(&turns).acquire_owned().await.expect("a turn");
            let (site, server, form) = (Arc::clone(site), Arc::clone(server), form.clone());
            under_way.spawn(async move {
                let (status, body) = site.deliver(&server, &form).await;
                drop(turn);
                assert_eq!(status, 200, "{body}");
            });
        }
        while let Some(delivered) = under_way.try_join_next() {
            delivered.expect("delivered");
        }
    }
    under_way.join_all().await;
    (different.len(), enrolled)
}

/// Waits until nothing is left to do; as long as something happens.
async fn until_idle(program: &Program) {
    let left = "SELECT (SELECT count(*) FROM webhook_events WHERE status IN ('received', 'processing')) + \
                (SELECT count(*) FROM record_rereads WHERE wanted <> done OR claimed_by IS NOT NULL)";
    let (mut least, mut still) = (i64::MAX, 0);
    while still < 300 {
        match program.db.count(left).await {
            0 => return,
            fewer if fewer < least => (least, still) = (fewer, 0),
            _ => still += 1,
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{least} pieces of work are left and nothing happens");
}

/// What REDCap and our mirror say of each record that enrolled: anchor date and group.
async fn compare(program: &Program, site: &Site, enrolled: &BTreeSet<String>) {
    let snapshot = program.db.store.read(Real.now()).await.expect("a snapshot");
    let study = site.study.parse().map(metricis_core::ids::StudyId).expect("an id");
    let groups: BTreeMap<_, _> =
        snapshot.sites(study).await.expect("sites").into_iter().map(|site| (site.id, site.redcap_dag)).collect();
    let rows = site.rows(&["record_id", "enroll_date"]).await;
    for record in enrolled {
        let known = snapshot.participant_of_record(study, record).await.expect("an answer");
        let known = known.unwrap_or_else(|| panic!("{record} has no participant"));
        let row = rows.iter().find(|row| row["record_id"] == record.as_str()).expect("the record's row");
        let group = row["redcap_data_access_group"].as_str().filter(|group| !group.is_empty()).map(str::to_owned);
        assert_eq!(known.dag, group, "{record}");
        assert_eq!(known.site.and_then(|site| groups[&site].clone()), group, "{record}");
        // A date that changed after the enrolment moves no visits by itself: it is noted for a person.
        let anchor = match known.extra_data["redcap_anchor_date"].as_str() {
            Some(noted) => noted.to_owned(),
            None => known.enrollment_date.to_string(),
        };
        assert_eq!(row["enroll_date"], anchor.as_str(), "{record}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_delivery_has_its_effect_exactly_once_and_the_mirror_equals_redcap(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let deliveries = count("SOAK_DELIVERIES", 600, 100_000) / 2 * 2;
    let mut program = Program::new(engine).await;
    program.set("REDCAP_DET_RATE_LIMIT_PER_MINUTE", "6000000");
    let server = Arc::new(serve(&program, &[]).await);
    let site = Arc::new(Site::new(&program, &server).await);
    let shutdown = CancellationToken::new();
    let workers = [worker_of(&program), worker_of(&program)].map(|worker| {
        let shutdown = shutdown.clone();
        tokio::spawn(async move { worker.run(shutdown).await })
    });
    let synced = site.post(&server, "redcap/sync-events", &serde_json::json!({})).await;
    assert_eq!(synced["success"], true, "{synced}");
    let (different, enrolled) = deliver_all(&site, &server, deliveries).await;
    until_idle(&program).await;
    let count = async |what: &str| program.db.count(&format!("SELECT count(*) FROM {what}")).await;
    let whole = |number: usize| i64::try_from(number).expect("few");
    assert_eq!(count("webhook_events WHERE source = 'redcap_det'").await, whole(deliveries), "each has its row");
    let originals = count("webhook_events WHERE source = 'redcap_det' AND status = 'processed'").await;
    assert_eq!(originals, whole(different), "of those that are alike one is worked on");
    assert_eq!(count("webhook_events WHERE status = 'duplicate'").await, whole(deliveries - different));
    assert_eq!(count("webhook_events WHERE status NOT IN ('processed', 'duplicate')").await, 0);
    assert_eq!(count("record_rereads WHERE error IS NOT NULL").await, 0);
    let enrolments = whole(enrolled.len());
    assert_eq!(count("participants").await, enrolments);
    assert_eq!(count("schedule_versions").await, enrolments);
    assert_eq!(count("visits").await, 6 * enrolments);
    assert_eq!(count("audit_logs WHERE action = 'enrol_participant'").await, enrolments);
    compare(&program, &site, &enrolled).await;
    shutdown.cancel();
    for worker in workers {
        worker.await.expect("no panic").expect("signed off");
    }
    program.ok(&["audit", "verify"], "");
}
