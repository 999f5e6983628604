//! A study in a fresh database, and the few steps that every test begins with.

use std::future::Future;
use std::sync::Arc;

use chrono::{Duration, NaiveDate};
use metricis_core::Timestamp;
use metricis_core::ids::{EventId, ParticipantId, ProcessId, ScheduleVersionId, SessionId, StudyId, VisitId, WindowId};
use metricis_core::schedule::{EventSyncPlan, PlannedVisit, WindowDraft, plan_visits};
use metricis_core::study::StudyConfig;
use metricis_core::words::ParticipantStatus;
use metricis_store::testing::{Engine, TestDb, monday};
use metricis_store::{NewParticipant, NewProcess, NewSession, NewStudy, Operational, Snapshot, Store, StoreError, Tx};
use serde_json::{Map, json};
use tokio::sync::Barrier;
use uuid::Uuid;

pub struct World {
    pub db: TestDb,
    pub study: StudyId,
    pub now: Timestamp,
    engine: Engine,
}

impl World {
    pub async fn new(engine: Engine) -> Self {
        let (db, now) = (TestDb::fresh(engine).await, monday());
        let mut world = Self { db, study: StudyId::at(now), now, engine };
        world.study = world.add_study("MEM-1").await;
        world
    }

    pub async fn add_study(&self, code: &str) -> StudyId {
        let id = StudyId::at(self.now);
        let tx = self.tx().await;
        let study = NewStudy { id, code: code.to_owned(), name: code.to_owned(), config: StudyConfig::default() };
        tx.insert_study(&study).await.expect("a study");
        done(tx).await;
        id
    }

    pub fn advance(&mut self, by: Duration) {
        self.now += by;
    }

    pub fn store(&self) -> &Store {
        &self.db.store
    }

    pub async fn tx(&self) -> Tx {
        self.store().write(self.now).await.expect("a transaction")
    }

    pub async fn read(&self) -> Snapshot {
        self.store().read(self.now).await.expect("a snapshot")
    }

    /// Runs `n` tasks that begin together, each with its own number.
    pub async fn race<T, F, Fut>(&self, n: usize, work: F) -> Vec<T>
    where
        T: Send + 'static,
        F: Fn(Store, Timestamp, usize) -> Fut,
        Fut: Future<Output = T> + Send + 'static,
    {
        let start = Arc::new(Barrier::new(n));
        let mut tasks = Vec::new();
        for number in 0..n {
            let (start, task) = (Arc::clone(&start), work(self.store().clone(), self.now, number));
            tasks.push(tokio::spawn(async move {
                start.wait().await;
                task.await
            }));
        }
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.expect("no panic"));
        }
        results
    }

    pub async fn add_participant(&self, record: &str) -> ParticipantId {
        let tx = self.tx().await;
        let new = self.new_participant(record);
        tx.insert_participant(&new).await.expect("a participant");
        done(tx).await;
        new.id
    }

    pub fn new_participant(&self, record: &str) -> NewParticipant {
        NewParticipant {
            id: ParticipantId::at(self.now),
            study: self.study,
            site: None,
            code: format!("P-{record}"),
            external_id: record.to_owned(),
            status: ParticipantStatus::Enrolled,
            enrollment_date: day("2026-03-02"),
            arm_num: 1,
            time_zone: "Europe/Berlin".to_owned(),
            dag: None,
            mapped_digest: "0".repeat(64),
        }
    }

    /// Windows of arm 1 on these days.
    pub async fn add_windows(&self, offsets: &[i32]) -> Vec<WindowId> {
        let tx = self.tx().await;
        let plan = EventSyncPlan { create: (1..).zip(offsets).map(draft).collect(), ..EventSyncPlan::default() };
        tx.apply_event_sync(self.study, &plan).await.expect("windows");
        let windows = tx.windows(self.study).await.expect("windows");
        done(tx).await;
        windows.iter().map(|window| window.id).collect()
    }

    /// A participant with version 1 of a schedule, its visits planned from 2026-03-02.
    pub async fn add_schedule(&self, record: &str) -> (ParticipantId, ScheduleVersionId, Vec<VisitId>) {
        let participant = self.add_participant(record).await;
        let tx = self.tx().await;
        let version = tx.insert_version(participant, 1, day("2026-03-02")).await.expect("version 1");
        tx.insert_visits(version, &self.planned(&tx).await).await.expect("visits");
        let visits = tx.visits(participant).await.expect("visits").iter().map(|visit| visit.id).collect();
        done(tx).await;
        (participant, version, visits)
    }

    pub async fn planned(&self, tx: &Snapshot) -> Vec<PlannedVisit> {
        let windows = tx.windows(self.study).await.expect("windows");
        plan_visits(&windows, 1, day("2026-03-02"), &Default::default()).expect("a plan")
    }

    pub fn new_session(&self, participant: ParticipantId, key: &str) -> NewSession {
        NewSession {
            id: SessionId::at(self.now),
            study: self.study,
            participant,
            visit: None,
            task: "reaction_time".to_owned(),
            submission_key: key.to_owned(),
            fingerprint: "f".repeat(64),
            results: Map::from_iter([("median_ms".to_owned(), json!(412.5)), ("note".to_owned(), json!("unwell"))]),
            started_at: self.now - Duration::minutes(5),
            completed_at: self.now - Duration::minutes(1),
            review_flag: None,
            result_salt: "5a".repeat(32),
        }
    }

    pub async fn add_session(&self, participant: ParticipantId, key: &str) -> SessionId {
        let tx = self.tx().await;
        let new = self.new_session(participant, key);
        tx.insert_session(&new).await.expect("a session");
        done(tx).await;
        new.id
    }

    pub async fn add_process(&self, role: &str) -> ProcessId {
        let process = self.new_process(role);
        let tx = self.tx().await;
        tx.register_process(&process).await.expect("a process");
        done(tx).await;
        process.id
    }

    pub fn new_process(&self, role: &str) -> NewProcess {
        NewProcess {
            id: ProcessId::at(self.now),
            role: role.to_owned(),
            environment: "test".to_owned(),
            dev_mode: false,
            version: "0.1.0".to_owned(),
            migration_head: "f0a1".to_owned(),
            key_fingerprint: "ab".to_owned(),
            address: None,
            address_mark: None,
        }
    }

    /// A DET as the intake would have left it, in a state of the test's choice.
    pub async fn add_event(&self, record: &str, more: &[(&str, String)]) -> EventId {
        let id = EventId::at(self.now);
        let mut columns = vec![
            ("id", self.uuid(id.0)),
            ("study_id", self.uuid(self.study.0)),
            ("source", quoted("redcap_det")),
            ("project_id", quoted("18")),
            ("record_id", quoted(record)),
            ("instrument", quoted("enrolment")),
            ("natural_key", quoted("k")),
            ("form", quoted(r#"[["record","1"],["instrument","enrolment"]]"#)),
            ("status", quoted("received")),
            ("received_at", self.moment(self.now)),
            ("retry_count", "0".to_owned()),
        ];
        for (name, value) in more {
            columns.retain(|(column, _)| column != name);
            columns.push((name, value.clone()));
        }
        let (names, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let text = format!("INSERT INTO webhook_events ({}) VALUES ({})", names.join(", "), values.join(", "));
        self.db.as_server(&text).await.expect("an event");
        id
    }

    /// A UUID as this engine's SQL writes it.
    pub fn uuid(&self, id: Uuid) -> String {
        match self.engine {
            Engine::Sqlite => format!("x'{}'", id.simple()),
            Engine::Postgres => format!("'{id}'"),
        }
    }

    /// A moment as both engines' SQL write it.
    pub fn moment(&self, moment: Timestamp) -> String {
        format!("'{}'", moment.to_rfc3339())
    }
}

pub fn quoted(text: &str) -> String {
    format!("'{text}'")
}

pub fn draft((number, offset): (i32, &i32)) -> WindowDraft {
    WindowDraft {
        event_id: None,
        arm_num: 1,
        event_name: format!("visit_{number}_arm_1"),
        label: format!("Visit {number}"),
        day_offset: Some(*offset),
        days_before: 1,
        days_after: 2,
        position: number,
        repeating: false,
        instruments: vec!["phq9".to_owned(), "vitals".to_owned()],
        repeating_instruments: vec![],
    }
}

/// Commits what a test has prepared; what it did is not its subject.
pub async fn done(tx: Tx) {
    tx.commit_operational(Operational::QueueClaim).await.expect("a commit");
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// The words of a conflict.
pub fn conflict<T: std::fmt::Debug>(result: metricis_store::Result<T>) -> String {
    match result {
        Err(StoreError::Conflict { constraint }) => constraint,
        other => panic!("not a conflict: {other:?}"),
    }
}

pub fn is_refused<T>(result: &metricis_store::Result<T>) -> bool {
    matches!(result, Err(StoreError::Refused { .. }))
}
