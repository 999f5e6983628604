//! The inbox: durable before the answer, duplicates decided by the database, a bad row alone.

use std::sync::Arc;

use chrono::Duration;
use metricis_core::Clock;
use metricis_core::clock::ManualClock;
use metricis_core::ids::StudyId;
use metricis_core::intake::{DetForm, natural_key};
use metricis_store::intake::{DetWriter, IntakeError, NewDet, Receipt, StudyLookup, WriterSettings, probe_idempotency};
use metricis_store::testing::Engine;
use metricis_store::{Store, StoreOptions};
use rstest::rstest;
use tokio::sync::Notify;

use crate::world::{World, done};

pub fn det(study: StudyId, record: &str) -> NewDet {
    let body: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("project_id", "18"),
            ("redcap_url", "https://redcap.example.edu/"),
            ("username", "jsmith"),
            ("record", record),
            ("instrument", "enrollment"),
            ("enrollment_complete", "2"),
        ])
        .finish();
    let form = DetForm::parse(body.as_bytes()).expect("a form");
    NewDet { study, natural_key: natural_key(&form), form, request: None }
}

pub struct Inbox {
    pub world: World,
    pub clock: Arc<ManualClock>,
}

impl Inbox {
    pub async fn new(engine: Engine) -> Self {
        let world = World::new(engine).await;
        let clock = Arc::new(ManualClock::at(world.now));
        Self { world, clock }
    }

    /// The writer of another process: its own connections, the same database.
    pub async fn writer(&self) -> DetWriter {
        let store = Store::open(&self.world.db.url, &StoreOptions::default()).await.expect("the database");
        let settings = WriterSettings { idempotency_ttl_s: 86_400, max_group: 128, received: Arc::new(Notify::new()) };
        DetWriter::spawn(store, Arc::clone(&self.clock) as Arc<dyn Clock>, settings).0
    }

    async fn count(&self, query: &str) -> i64 {
        self.world.db.count(query).await
    }
}

async fn all(deliveries: Vec<(DetWriter, NewDet)>) -> Vec<Result<Receipt, IntakeError>> {
    let tasks = deliveries.into_iter().map(|(writer, det)| tokio::spawn(async move { writer.receive(det).await }));
    let mut answers = vec![];
    for task in tasks.collect::<Vec<_>>() {
        answers.push(task.await.expect("no panic"));
    }
    answers
}

#[rstest]
#[tokio::test]
async fn a_hundred_at_once_on_two_servers_make_one_original(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let inbox = Inbox::new(engine).await;
    let (one, two) = (inbox.writer().await, inbox.writer().await);
    let study = inbox.world.study;
    let both = (0..100).map(|n| (if n % 2 == 0 { one.clone() } else { two.clone() }, det(study, "Ä-07"))).collect();
    let receipts: Vec<Receipt> = all(both).await.into_iter().map(|answer| answer.expect("stored")).collect();
    let originals: Vec<_> = receipts.iter().filter(|receipt| receipt.duplicate_of.is_none()).collect();
    assert_eq!(originals.len(), 1);
    assert!(receipts.iter().all(|receipt| receipt.duplicate_of.is_none_or(|of| of == originals[0].event)));
    assert_eq!(inbox.count("SELECT count(*) FROM webhook_events WHERE status = 'duplicate'").await, 99);
    assert_eq!(inbox.count("SELECT count(*) FROM webhook_events WHERE status = 'received'").await, 1);
    assert_eq!(inbox.count("SELECT count(*) FROM audit_logs WHERE action = 'receive_det'").await, 100);
    assert!(inbox.count("SELECT wanted - done FROM record_rereads").await >= 1, "a re-read is asked for");
}

#[rstest]
#[tokio::test]
async fn a_row_that_the_database_refuses_fails_alone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let inbox = Inbox::new(engine).await;
    let (writer, study) = (inbox.writer().await, inbox.world.study);
    let long = "x".repeat(256);
    let records: Vec<String> = (0..64)
        .map(|n| match n {
            17 => "nul\0inside".to_owned(),
            40 => long.clone(),
            _ => format!("332-{n}"),
        })
        .collect();
    let answers = all(records.iter().map(|record| (writer.clone(), det(study, record))).collect()).await;
    for (record, answer) in records.iter().zip(&answers) {
        let bad = record.contains('\0') || record.len() > 255;
        match answer {
            Ok(_) => assert!(!bad, "{record:?} was stored"),
            Err(error) => assert!(bad && matches!(error, IntakeError::Refused(_)), "{record:?}: {error:?}"),
        }
    }
    assert_eq!(inbox.count("SELECT count(*) FROM webhook_events").await, 62);
    assert_eq!(inbox.count("SELECT count(*) FROM det_keys").await, 62);
}

#[rstest]
#[tokio::test]
async fn what_was_proven_against_other_studies_is_not_stored_and_the_rest_of_its_group_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let inbox = Inbox::new(engine).await;
    let (writer, study) = (inbox.writer().await, inbox.world.study);
    let lookup = StudyLookup::spawn(inbox.world.store().clone());
    let sealed = async |secret: &str| {
        let tx = inbox.world.tx().await;
        let mut config = tx.study(study).await.expect("an answer").expect("the study").config;
        (config.redcap.project_id, config.redcap.webhook_secret) = (Some("18".into()), Some(secret.into()));
        tx.set_study_config(study, &config).await.expect("written");
        done(tx).await;
        lookup.candidates("18").await.expect("an answer")
    };
    assert!(lookup.remembered("18").is_none());
    let (former, now) = (sealed("enc:v2:former").await, sealed("enc:v2:now").await);
    assert!(former != now && lookup.remembered("18") == Some(Arc::clone(&now)));
    let deliver = |number: usize| {
        let (writer, against) = (writer.clone(), Arc::clone([&former, &now, &now][number % 3]));
        // Every fifth repeats the one before it, so that some groups hold duplicates.
        let record = if number % 5 == 4 { number - 1 } else { number };
        let det = det(study, &record.to_string());
        tokio::spawn(async move { writer.receive_proven(det, against).await })
    };
    let mut stored = 0;
    for (number, task) in (0..60).map(deliver).collect::<Vec<_>>().into_iter().enumerate() {
        match task.await.expect("no panic") {
            Ok(_) => stored += i64::from(number % 3 != 0),
            Err(error) => assert!(number % 3 == 0 && error == IntakeError::Stale, "{number}: {error:?}"),
        }
    }
    assert_eq!(stored, 40);
    assert_eq!(inbox.count("SELECT count(*) FROM webhook_events").await, 40);
    assert_eq!(inbox.count("SELECT count(*) FROM audit_logs WHERE action = 'receive_det'").await, 40);
}

/// ```text
///   delivery: takes its key ── waits for the head ─────────────── has it, looks ── nothing stored
///   rotation:                    the secret is another, COMMIT
/// ```
/// A group without repetitions waits in the statement that takes its keys, one with a repetition in a later one.
#[rstest]
#[tokio::test]
async fn a_secret_that_goes_while_a_delivery_waits_stores_nothing(#[values(&["1"], &["1", "1"])] records: &[&str]) {
    let inbox = Inbox::new(Engine::Postgres).await;
    let (writer, study) = (inbox.writer().await, inbox.world.study);
    let tx = inbox.world.tx().await;
    let mut config = tx.study(study).await.expect("an answer").expect("the study").config;
    (config.redcap.project_id, config.redcap.webhook_secret) = (Some("18".into()), Some("enc:v2:former".into()));
    tx.set_study_config(study, &config).await.expect("written");
    done(tx).await;
    let against = StudyLookup::spawn(inbox.world.store().clone()).candidates("18").await.expect("an answer");
    let heads = inbox.world.db.hold("UPDATE app.audit_chains SET head_hash = head_hash").await;
    let deliver = |record: &&str| {
        let (writer, det, against) = (writer.clone(), det(study, record), Arc::clone(&against));
        tokio::spawn(async move { writer.receive_proven(det, against).await })
    };
    let waiting: Vec<_> = records.iter().map(deliver).collect();
    heads.until_waiting(1).await;
    let tx = inbox.world.tx().await;
    config.redcap.webhook_secret = Some("enc:v2:now".into());
    tx.set_study_config(study, &config).await.expect("written");
    done(tx).await;
    heads.release().await;
    for answer in waiting {
        assert_eq!(answer.await.expect("no panic"), Err(IntakeError::Stale));
    }
    assert_eq!(inbox.count("SELECT count(*) FROM webhook_events").await, 0);
    assert_eq!(inbox.count("SELECT count(*) FROM det_keys").await, 0);
}

#[rstest]
#[tokio::test]
async fn an_original_that_has_expired_failed_or_is_stuck_gives_its_key_up(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let inbox = Inbox::new(engine).await;
    let (writer, study) = (inbox.writer().await, inbox.world.study);
    let deliver = async || writer.receive(det(study, "7")).await.expect("stored");
    let first = deliver().await;
    inbox.clock.advance(Duration::seconds(86_399));
    assert_eq!(deliver().await.duplicate_of, Some(first.event), "within the window");
    inbox.clock.advance(Duration::seconds(1));
    let second = deliver().await;
    assert_eq!(second.duplicate_of, None, "the window has passed");
    let set = async |status: &str, minutes_ago: i64| {
        let at = (inbox.clock.now() - Duration::minutes(minutes_ago)).to_rfc3339();
        let text = format!(
            "UPDATE webhook_events SET status = '{status}', error_message = 'x', claimed_at = '{at}' WHERE status = 'received'"
        );
        inbox.world.db.tamper(&text).await.expect("the fault is planted");
    };
    set("failed", 0).await;
    let third = deliver().await;
    assert_eq!(third.duplicate_of, None, "a failed original does not swallow its retry");
    set("processing", 14).await;
    assert_eq!(deliver().await.duplicate_of, Some(third.event), "work in progress does");
    inbox.world.db.tamper("DELETE FROM webhook_events WHERE status = 'duplicate'").await.expect("room");
    set_claimed(&inbox, 16).await;
    assert_eq!(deliver().await.duplicate_of, None, "a stuck one does not");
}

async fn set_claimed(inbox: &Inbox, minutes_ago: i64) {
    let at = (inbox.clock.now() - Duration::minutes(minutes_ago)).to_rfc3339();
    let text = format!("UPDATE webhook_events SET claimed_at = '{at}' WHERE status = 'processing'");
    inbox.world.db.tamper(&text).await.expect("the fault is planted");
}

#[rstest]
#[tokio::test]
async fn two_servers_writing_to_crossed_studies_never_deadlock(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let inbox = Inbox::new(engine).await;
    let other = inbox.world.add_study("MEM-2").await;
    let (one, two) = (inbox.writer().await, inbox.writer().await);
    let mut deliveries = vec![];
    for n in 0..200 {
        let (first, second) = if n % 2 == 0 { (inbox.world.study, other) } else { (other, inbox.world.study) };
        deliveries.push((one.clone(), det(first, &format!("r{}", n % 10))));
        deliveries.push((two.clone(), det(second, &format!("r{}", n % 10))));
    }
    for answer in all(deliveries).await {
        answer.expect("stored");
    }
    assert_eq!(inbox.count("SELECT count(*) FROM webhook_events WHERE status = 'received'").await, 20);
    let snapshot = inbox.world.read().await;
    for head in snapshot.audit_heads().await.expect("heads") {
        snapshot.verify_chain(&head).await.expect("an answer").expect("a valid chain");
    }
}

#[rstest]
#[tokio::test]
async fn refusals_for_rate_mark_the_study_at_once_and_are_counted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let inbox = Inbox::new(engine).await;
    let (writer, study) = (inbox.writer().await, inbox.world.study);
    for _ in 0..5 {
        writer.refuse_for_rate(study).await.expect("marked");
    }
    assert_eq!(inbox.count("SELECT refused FROM reconcile_marks").await, 1, "the first is durable at once");
    inbox.clock.advance(Duration::minutes(1));
    writer.refuse_for_rate(study).await.expect("marked");
    assert_eq!(inbox.count("SELECT refused FROM reconcile_marks").await, 6, "none is lost");
    assert_eq!(inbox.count("SELECT count(*) FROM audit_logs WHERE action = 'mark_reconcile'").await, 2);
}

#[rstest]
#[tokio::test]
async fn the_probe_sees_the_duplicate_and_leaves_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let inbox = Inbox::new(engine).await;
    let (store, now, day) = (inbox.world.store(), inbox.clock.now(), Duration::days(1));
    let det = det(inbox.world.study, "probe");
    let probed = probe_idempotency(store, now, day, &det).await.expect("an answer");
    assert!(probed.is_idempotent());
    let idle = probe_idempotency(store, now, Duration::zero(), &det).await.expect("an answer");
    assert!(!idle.is_idempotent(), "without a window nothing is a duplicate, and the probe says so");
    for table in ["webhook_events", "det_keys", "record_rereads", "audit_logs"] {
        assert_eq!(inbox.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

/// A long transaction of one study – thousands of anchors, not yet committed – holds up neither another study's DETs nor its own.
/// SQLite has one writer and makes everybody wait; a study runs on PostgreSQL.
#[tokio::test]
async fn a_long_transaction_of_one_study_holds_up_no_det() {
    let inbox = Inbox::new(Engine::Postgres).await;
    let other = inbox.world.add_study("MEM-2").await;
    inbox.world.add_windows(&[0, 7]).await;
    let (_, _, visits) = inbox.world.add_schedule("1").await;
    let tx = inbox.world.tx().await;
    tx.lock_study(inbox.world.study).await.expect("locked");
    tx.complete_visit(visits[0], "2026-03-02".parse().expect("a date")).await.expect("written, not committed");
    let writer = inbox.writer().await;
    for study in [other, inbox.world.study] {
        let answer = tokio::time::timeout(std::time::Duration::from_secs(20), writer.receive(det(study, "9"))).await;
        answer.expect("answered while the other transaction is open").expect("stored");
    }
    tx.roll_back().await.expect("rolled back");
}

#[rstest]
#[tokio::test]
async fn a_study_whose_audit_chain_is_lost_fails_alone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let inbox = Inbox::new(engine).await;
    let (lost, other) = (inbox.world.study, inbox.world.add_study("MEM-2").await);
    let writer = inbox.writer().await;
    let tamper = format!("UPDATE audit_chains SET study_id = NULL WHERE study_id = {}", inbox.world.uuid(lost.0));
    inbox.world.db.as_server(&tamper).await.expect("the server may");
    let studies = [lost, other, other, lost, other, lost];
    let deliver = |(number, study): (usize, &StudyId)| (writer.clone(), det(*study, &number.to_string()));
    let answers = all(studies.iter().enumerate().map(deliver).collect()).await;
    for (study, answer) in studies.iter().zip(answers) {
        match answer {
            Ok(_) => assert_eq!(*study, other),
            Err(IntakeError::Unavailable(why)) => assert!(*study == lost && why.contains("has no chain"), "{why}"),
            Err(refused) => panic!("{refused}"),
        }
    }
    assert_eq!(inbox.count("SELECT count(*) FROM webhook_events").await, 3);
}
