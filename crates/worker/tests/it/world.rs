//! The sponsor study in a simulated REDCap, the same study in a fresh database, and a worker between the two.

use std::sync::Arc;

use chrono::NaiveDate;
use metricis_core::clock::ManualClock;
use metricis_core::ids::{EventId, JobId, ParticipantId, SessionId, StudyId, VisitId};
use metricis_core::intake::{DetForm, natural_key};
use metricis_core::study::StudyConfig;
use metricis_core::words::{EventStatus, JobState, StudyStatus};
use metricis_core::{Clock, Timestamp};
use metricis_redcap_sim::{Fault, ProjectHandle, ProjectOptions, SaveForm, Sim, SimOptions};
use metricis_store::intake::{DetWriter, NewDet, WriterSettings};
use metricis_store::testing::{Engine, TestDb, monday};
use metricis_store::{
    JobKind, Operational, SessionInsert, Snapshot, StoredEvent, StoredJob, StoredParticipant, StoredSession,
    StoredVisit, SurveyLink, Tx,
};
use metricis_worker::{Worker, WorkerSettings};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::fixtures::{
    add_study, build_worker, escape, new_participant, new_session, settings, study_config, submission,
};

pub const SPONSOR_STUDY: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/sponsor-study.REDCap.xml"));
pub const BASELINE: &str = "baseline_arm_1";

pub struct World {
    pub db: TestDb,
    pub clock: Arc<ManualClock>,
    pub sim: Sim,
    pub project: ProjectHandle,
    pub study: StudyId,
    pub worker: Worker,
    pub wake: Arc<Notify>,
    writer: DetWriter,
}

impl World {
    pub async fn new(engine: Engine) -> Self {
        Self::with(engine, |_| {}, |_| {}).await
    }

    /// A study whose configuration and a worker whose settings the test has changed.
    pub async fn with(
        engine: Engine,
        change_study: impl FnOnce(&mut StudyConfig),
        change_worker: impl FnOnce(&mut WorkerSettings),
    ) -> Self {
        Self::with_project(engine, SPONSOR_STUDY, change_study, change_worker).await
    }

    pub async fn with_project(
        engine: Engine,
        xml: &str,
        change_study: impl FnOnce(&mut StudyConfig),
        change_worker: impl FnOnce(&mut WorkerSettings),
    ) -> Self {
        Self::on(Sim::new(SimOptions::default()), engine, xml, change_study, change_worker).await
    }

    /// On a server of the test's own.
    pub async fn on(
        sim: Sim,
        engine: Engine,
        xml: &str,
        change_study: impl FnOnce(&mut StudyConfig),
        change_worker: impl FnOnce(&mut WorkerSettings),
    ) -> Self {
        let (db, clock) = (TestDb::fresh(engine).await, Arc::new(ManualClock::at(monday())));
        let project = sim.add_project_xml(xml, ProjectOptions::default()).expect("the project");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(sim.serve(listener, std::future::pending()));
        let study = StudyId::at(monday());
        let mut config = study_config(study, &project, &base);
        change_study(&mut config);
        add_study(&db.store, study, "SPN", config).await;
        let mut settings = settings();
        change_worker(&mut settings);
        let wake = Arc::new(Notify::new());
        let worker = build_worker(db.store.clone(), clock.clone(), settings, Arc::clone(&wake));
        let writer_settings = WriterSettings { idempotency_ttl_s: 86_400, max_group: 128, received: Arc::clone(&wake) };
        let (writer, _) = DetWriter::spawn(db.store.clone(), clock.clone(), writer_settings);
        Self { db, clock, sim, project, study, worker, wake, writer }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn tx(&self) -> Tx {
        self.db.store.write(self.now()).await.expect("a transaction")
    }

    pub async fn read(&self) -> Snapshot {
        self.db.store.read(self.now()).await.expect("a snapshot")
    }

    pub fn break_redcap(&self, fault: impl Into<Option<Fault>>) {
        self.sim.set_fault(self.project.project_id, fault.into()).expect("the project");
    }

    pub fn calls(&self) -> u64 {
        self.sim.api_calls(self.project.project_id)
    }

    /// The same study a second time, with a project of its own on the same server: what follows is done there.
    pub async fn move_to_another_study(&mut self) {
        let first = self.read().await.study(self.study).await.expect("an answer").expect("the study");
        let base = first.config.redcap.api_origin.expect("an address");
        self.study = StudyId::at(self.now());
        self.project = self.sim.add_project_xml(SPONSOR_STUDY, ProjectOptions::default()).expect("the project");
        let config = study_config(self.study, &self.project, &base);
        add_study(&self.db.store, self.study, &format!("SPN-{}", self.project.project_id), config).await;
    }

    pub async fn change_study(&self, change: impl FnOnce(&mut StudyConfig)) {
        let tx = self.tx().await;
        let mut config = tx.study(self.study).await.expect("an answer").expect("the study").config;
        change(&mut config);
        tx.set_study_config(self.study, &config).await.expect("a configuration");
        done(tx).await;
    }

    pub async fn set_status(&self, status: StudyStatus) {
        let tx = self.tx().await;
        tx.set_study_status(self.study, status).await.expect("a status");
        done(tx).await;
    }

    /// A form saved by a person in REDCap; the DET is the test's to send.
    pub async fn save(&self, record: &str, event: &str, instrument: &str, values: &[(&str, &str)]) {
        self.save_in(record, event, instrument, values, None).await;
    }

    /// Somebody enrolled with version 1 and no visits, without a call of REDCap.
    pub async fn add_participant(&self, record: &str) {
        let (tx, id) = (self.tx().await, ParticipantId::at(self.now()));
        tx.insert_participant(&new_participant(self.study, id, record)).await.expect("a participant");
        tx.insert_version(id, 1, day("2026-03-02")).await.expect("version 1");
        done(tx).await;
    }

    pub async fn survey_links(&self, record: &str) -> Vec<SurveyLink> {
        let participant = self.participant(record).await.expect("a participant");
        self.read().await.survey_links_of(participant.id).await.expect("links")
    }

    pub async fn save_in(
        &self,
        record: &str,
        event: &str,
        instrument: &str,
        values: &[(&str, &str)],
        dag: Option<&str>,
    ) {
        let form = SaveForm {
            record: record.to_owned(),
            event: Some(event.to_owned()),
            instrument: instrument.to_owned(),
            repeat_instance: None,
            values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            complete: 2,
            user: "ada".to_owned(),
            dag: dag.map(str::to_owned),
        };
        self.sim.save_form(self.project.project_id, form).await.expect("a saved form");
    }

    /// A DET as REDCap sends it, received; its event and whether it is a duplicate.
    pub async fn det(&self, record: &str, event: &str, instrument: &str, complete: u8) -> (EventId, bool) {
        let body: String = [
            ("redcap_url", "http://redcap.test/"),
            ("project_id", &self.project.project_id.to_string()),
            ("username", "ada"),
            ("record", record),
            ("instrument", instrument),
            (&format!("{instrument}_complete"), &complete.to_string()),
            ("redcap_event_name", event),
        ]
        .map(|(name, value)| format!("{name}={}", escape(value)))
        .join("&");
        let form = DetForm::parse(body.as_bytes()).expect("a form");
        let natural_key = natural_key(&form);
        let receipt = self
            .writer
            .receive(NewDet { study: self.study, form, natural_key, request: None })
            .await
            .expect("received");
        (receipt.event, receipt.duplicate_of.is_some())
    }

    /// Saves the enrolment form, sends its DET and works it off; the event as it ended.
    pub async fn enrol(&self, record: &str, values: &[(&str, &str)]) -> StoredEvent {
        self.save(record, BASELINE, "enrollment", values).await;
        let (id, _) = self.det(record, BASELINE, "enrollment", 2).await;
        self.worker.run_until_idle().await;
        self.event(id).await
    }

    pub async fn enrolled(&self, record: &str) -> StoredParticipant {
        let event = self.enrol(record, &[("enroll_date", "2026-03-02")]).await;
        assert_eq!((event.status, event.error_message), (EventStatus::Processed, None), "{record}");
        self.participant(record).await.expect("a participant")
    }

    pub async fn event(&self, id: EventId) -> StoredEvent {
        self.read().await.event(id).await.expect("an answer").expect("the event")
    }

    pub async fn participant(&self, record: &str) -> Option<StoredParticipant> {
        self.read().await.participant_of_record(self.study, record).await.expect("an answer")
    }

    pub async fn visits(&self, record: &str) -> Vec<StoredVisit> {
        let participant = self.participant(record).await.expect("a participant");
        self.read().await.visits(participant.id).await.expect("visits")
    }

    pub async fn visit_of(&self, record: &str, event: &str) -> StoredVisit {
        self.visits(record).await.into_iter().find(|visit| visit.event_name == event).expect("a visit")
    }

    /// Queues a job, works until idle, and returns the job as it ended.
    pub async fn job(&self, kind: JobKind) -> StoredJob {
        let id = self.enqueue(kind).await;
        self.worker.run_until_idle().await;
        self.read().await.job(id).await.expect("an answer").expect("the job")
    }

    pub async fn enqueue(&self, kind: JobKind) -> JobId {
        let tx = self.tx().await;
        let id = tx.enqueue_job(self.study, &kind).await.expect("a job");
        done(tx).await;
        id
    }

    pub async fn sync_events(&self) -> Value {
        let job = self.job(JobKind::SyncEvents).await;
        assert_eq!((job.state, job.error), (JobState::Done, None));
        job.result.expect("a result")
    }

    /// A submitted result and its queued sync.
    pub async fn submit(&self, participant: &StoredParticipant, visit: Option<VisitId>, results: Value) -> SessionId {
        let (tx, id) = (self.tx().await, SessionId::at(self.now()));
        let Value::Object(results) = results else { panic!("results are an object") };
        let new = new_session(id, participant, visit, results);
        assert_eq!(tx.insert_session(&new).await, Ok(SessionInsert::Inserted));
        tx.enqueue_job(self.study, &JobKind::SyncSession { session: id }).await.expect("a job");
        tx.commit(submission(&new)).await.expect("a commit");
        id
    }

    /// Submits a plain result for the baseline visit and works it off; the session as it ended.
    pub async fn sync_one(&self, record: &str) -> StoredSession {
        let visit = self.visit_of(record, BASELINE).await.id;
        let participant = self.participant(record).await.expect("a participant");
        let id = self.submit(&participant, Some(visit), json!({"median_ms": 412.5, "misses": 2})).await;
        self.worker.run_until_idle().await;
        self.session(id).await
    }

    /// What a person's re-sync does.
    pub async fn resync(&self, session: SessionId) -> StoredSession {
        let tx = self.tx().await;
        tx.mark_session_pending(&[session]).await.expect("a failed session");
        tx.enqueue_job(self.study, &JobKind::SyncSession { session }).await.expect("a job");
        done(tx).await;
        self.worker.run_until_idle().await;
        self.session(session).await
    }

    pub async fn session(&self, id: SessionId) -> StoredSession {
        self.read().await.session(id).await.expect("an answer").expect("the session")
    }

    pub fn value(&self, record: &str, event: &str, field: &str) -> Option<String> {
        self.sim.value(self.project.project_id, record, event, field).filter(|value| !value.is_empty())
    }

    /// Names of the study's audited actions, oldest first, without the receipt of DETs. The chain must verify.
    pub async fn account(&self) -> Vec<String> {
        let snapshot = self.read().await;
        for head in snapshot.audit_heads().await.expect("heads") {
            snapshot.verify_chain(&head).await.expect("an answer").expect("an unbroken chain");
        }
        let rows = snapshot.audit_rows(Some(self.study), None, 1_000).await.expect("rows");
        rows.into_iter().rev().map(|row| row.action).filter(|action| action != "receive_det").collect()
    }

    pub async fn count(&self, table: &str) -> i64 {
        self.db.count(&format!("SELECT count(*) FROM {table}")).await
    }
}

/// Commits what a test has prepared; what it did is not its subject.
pub async fn done(tx: Tx) {
    tx.commit_operational(Operational::QueueClaim).await.expect("a commit");
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}
