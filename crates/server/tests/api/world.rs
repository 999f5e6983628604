//! Two studies in a fresh database, five personas, and a server without a socket.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::clock::ManualClock;
use metricis_core::environment::Environment;
use metricis_core::ids::{ParticipantId, ProcessId, SessionId, SignInId, StudyId, UserId, VisitId};
use metricis_core::schedule::{EventSyncPlan, WindowDraft, plan_visits};
use metricis_core::study::{StudyConfig, TaskMapping};
use metricis_core::words::{GlobalRole, ParticipantStatus, StudyRole, SyncErrorType};
use metricis_core::{Clock, Timestamp};
use metricis_server::{AppState, ServerSettings, router};
use metricis_store::testing::{Engine, TestDb, monday};
use metricis_store::{
    NewParticipant, NewStudy, NewUser, Operational, ParticipantSignIn, Sealer, SecretField, Snapshot, Tx,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::ask::{Ask, Persona, Reply};

pub const SECRET: &str = "webhook-secret-of-the-sponsor-study-0001";
pub const TOKEN: &str = "0123456789ABCDEF0123456789ABCDEF";
pub const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4";
const SESSION: &str = "a-session-secret-for-tests-of-some-characters";
pub const JWT: &str = "a-jwt-secret-for-tests-of-forty-characters";

pub struct World {
    pub db: TestDb,
    pub clock: Arc<ManualClock>,
    pub app: AppState,
    pub router: axum::Router,
    pub sealer: Sealer,
    pub wake: Arc<Notify>,
    pub study: StudyId,
    pub other: StudyId,
    pub pia: ParticipantId,
    /// What pia's token names.
    pub signed_in: ParticipantSignIn,
    users: BTreeMap<&'static str, UserId>,
}

impl World {
    pub async fn new(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    /// A world whose server was told something else.
    pub async fn with(engine: Engine, change: impl FnOnce(&mut ServerSettings)) -> Self {
        let db = TestDb::fresh(engine).await;
        let clock = Arc::new(ManualClock::at(monday()));
        let sealer = Sealer::new(&KEY.into(), None, false).expect("a key");
        let wake = Arc::new(Notify::new());
        let app = server_on(&db, &clock, &sealer, &wake, change);
        let (study, other) = (StudyId::at(clock.now()), StudyId::at(clock.now()));
        let pia = ParticipantId::at(clock.now());
        let router = router(app.clone());
        let signed_in = ParticipantSignIn { participant: pia, id: SignInId::at(clock.now()) };
        let users = BTreeMap::new();
        let mut world = Self { db, clock, app, router, sealer, wake, study, other, pia, signed_in, users };
        world.people().await;
        world.set_up(world.study, "NBK", "18", "ada", &[("ben", StudyRole::Coordinator)]).await;
        world.set_up(world.other, "OTH", "19", "cleo", &[]).await;
        world.pia = world.add_participant(world.study, "332-1").await;
        world.signed_in = world.sign_in(world.pia).await;
        world
    }

    /// Another server on the same database, told something else.
    pub fn another(&self, change: impl FnOnce(&mut ServerSettings)) -> AppState {
        server_on(&self.db, &self.clock, &self.sealer, &self.wake, change)
    }

    async fn people(&mut self) {
        let tx = self.tx().await;
        for (name, role) in [
            ("ada", GlobalRole::Researcher),
            ("ben", GlobalRole::Coordinator),
            ("cleo", GlobalRole::Researcher),
            ("gus", GlobalRole::Admin),
        ] {
            let id = UserId::at(tx.now());
            let email = format!("{name}@example.org");
            tx.insert_user(&NewUser { id, email, role, password_hash: "unusable".into() }).await.expect("a user");
            self.users.insert(name, id);
        }
        let created = Action::CreateUser { user: self.user("ada"), role: GlobalRole::Researcher };
        tx.commit(Entry::system(Actor::System, created)).await.expect("a commit");
    }

    /// A connected study with its owner, two visit windows and a mapped task.
    async fn set_up(&self, id: StudyId, code: &str, project: &str, owner: &str, more: &[(&str, StudyRole)]) {
        let seal = |field, value: &str| Some(self.sealer.seal(id, field, &value.into()));
        let mut config = StudyConfig { time_zone: Some("Europe/Zurich".to_owned()), ..StudyConfig::default() };
        config.constraints.consent_mode = Some("manual".parse().expect("a mode"));
        let redcap = &mut config.redcap;
        redcap.api_url = Some("https://redcap.example.edu/api/".to_owned());
        redcap.api_origin = Some("https://redcap.example.edu".to_owned());
        redcap.project_id = Some(project.to_owned());
        redcap.api_token = seal(SecretField::ApiToken, TOKEN);
        let secret = if id == self.study { SECRET.to_owned() } else { format!("{SECRET}-of-another") };
        redcap.webhook_secret = seal(SecretField::WebhookSecret, &secret);
        redcap.enrollment_instrument = Some("enrollment".to_owned());
        let fields = BTreeMap::from([("accuracy".to_owned(), "nb_acc".to_owned())]);
        redcap.redcap_field_mapping.insert("nback".to_owned(), TaskMapping { instrument: "nback".to_owned(), fields });
        let tx = self.tx().await;
        tx.insert_study(&NewStudy { id, code: code.to_owned(), name: format!("Study {code}"), config })
            .await
            .expect("a study");
        tx.grant_role(id, self.user(owner), StudyRole::Owner).await.expect("an owner");
        for (name, role) in more {
            tx.grant_role(id, self.user(name), *role).await.expect("a role");
        }
        let create =
            [(0, "nback"), (30, "nback")].into_iter().zip(1..).map(|((offset, instrument), number)| WindowDraft {
                event_id: None,
                arm_num: 1,
                event_name: format!("visit_{number}_arm_1"),
                label: format!("Visit {number}"),
                day_offset: Some(offset),
                days_before: 2,
                days_after: 3,
                position: number,
                repeating: false,
                instruments: vec![instrument.to_owned()],
                repeating_instruments: vec![],
            });
        let plan = EventSyncPlan { create: create.collect(), ..EventSyncPlan::default() };
        tx.apply_event_sync(id, &plan).await.expect("windows");
        tx.commit(Entry::study(
            id,
            Actor::System,
            Action::CreateStudy { study: id, code: code.to_owned(), owner: self.user(owner) },
        ))
        .await
        .expect("a commit");
    }

    pub fn user(&self, name: &str) -> UserId {
        *self.users.get(name).expect("a persona")
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

    pub async fn done(&self, tx: Tx) {
        tx.commit_operational(Operational::QueueClaim).await.expect("a commit");
    }

    /// An enrolled participant with version 1 and its visits, anchored today.
    pub async fn add_participant(&self, study: StudyId, record: &str) -> ParticipantId {
        let id = self.add_screened(study, record).await;
        let tx = self.tx().await;
        let windows = tx.windows(study).await.expect("windows");
        let planned = plan_visits(&windows, 1, day("2026-03-02"), &Default::default()).expect("a plan");
        let version = tx.current_version(id).await.expect("an answer").expect("version 1");
        tx.insert_visits(version.id, &planned).await.expect("visits");
        tx.set_participant_status(id, ParticipantStatus::Enrolled).await.expect("enrolled");
        self.done(tx).await;
        id
    }

    /// A participant whose version 1 waits for consent.
    pub async fn add_screened(&self, study: StudyId, record: &str) -> ParticipantId {
        let tx = self.tx().await;
        let id = ParticipantId::at(tx.now());
        let participant = NewParticipant {
            id,
            study,
            site: None,
            code: format!("P-{record}"),
            external_id: record.to_owned(),
            status: ParticipantStatus::Screened,
            enrollment_date: day("2026-03-02"),
            arm_num: 1,
            time_zone: "Europe/Zurich".to_owned(),
            dag: None,
            mapped_digest: "0".repeat(64),
        };
        tx.insert_participant(&participant).await.expect("a participant");
        tx.insert_version(id, 1, day("2026-03-02")).await.expect("version 1");
        self.done(tx).await;
        id
    }

    /// The participant's visits, by date.
    pub async fn visits(&self, participant: ParticipantId) -> Vec<VisitId> {
        self.read().await.visits(participant).await.expect("visits").iter().map(|visit| visit.id).collect()
    }

    pub async fn send(&self, ask: Ask) -> Reply {
        ask.send(self.router.clone()).await
    }

    pub async fn send_as(&self, persona: Persona, ask: Ask) -> Reply {
        match self.token_of(persona) {
            Some(token) => self.send(ask.token(&token)).await,
            None => self.send(ask).await,
        }
    }

    /// An address below the study.
    pub fn at(&self, rest: &str) -> String {
        format!("/api/studies/{}{rest}", self.study)
    }

    pub async fn count(&self, query: &str) -> i64 {
        self.db.count(query).await
    }

    /// What a submission of pia's looks like.
    pub async fn submission(&self, key: &str) -> Value {
        json!({
            "submission_key": key, "task": "nback", "visit_id": self.visits(self.pia).await[0],
            "started_at": "2026-03-02T08:50:00Z", "completed_at": "2026-03-02T08:58:00Z",
            "results": { "accuracy": 0.875, "note": "unwell" },
        })
    }

    /// Pia submits; the sync fails.
    pub async fn fail_a_sync(&self, key: &str) -> SessionId {
        let body = self.submission(key).await;
        let sent = self.send_as(Persona::Pia, Ask::post("/api/portal/sessions").json(body)).await.ok();
        let session: SessionId = sent["id"].as_str().expect("an id").parse().expect("an id");
        let tx = self.tx().await;
        let job = tx.claim_job(ProcessId::at(tx.now()), usize::MAX).await.expect("an answer").expect("a job");
        tx.mark_session_failed(session, SyncErrorType::ApiError, "REDCap answered 503").await.expect("pending");
        tx.fail_job(job.id, "api_error: REDCap answered 503").await.expect("running");
        self.done(tx).await;
        session
    }

    /// The names of the latest actions in the study's chain, newest first.
    pub async fn actions(&self, limit: i64) -> Vec<String> {
        let rows = self.read().await.audit_rows(Some(self.study), None, limit).await.expect("rows");
        rows.into_iter().map(|row| row.action).collect()
    }
}

fn server_on(
    db: &TestDb,
    clock: &Arc<ManualClock>,
    sealer: &Sealer,
    wake: &Arc<Notify>,
    change: impl FnOnce(&mut ServerSettings),
) -> AppState {
    let mut settings =
        ServerSettings::new(Environment::new("development"), JWT.into(), SESSION.into(), "aaaaaaaaaaaaaaaa".into());
    settings.rate_limit_per_minute = 1_000_000;
    settings.auth_rate_limit_per_minute = 1_000_000;
    settings.det_test_rate_limit_per_minute = 1_000_000;
    settings.det_rate_limit_per_minute = 1_000_000;
    settings.public_url = "https://metricis.example.org".to_owned();
    settings.job_wait_ms = 0;
    change(&mut settings);
    AppState::new(db.store.clone(), sealer.clone(), Arc::clone(clock) as Arc<dyn Clock>, settings, Arc::clone(wake))
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}
