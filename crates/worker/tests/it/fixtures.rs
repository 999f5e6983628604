//! What the world is made of: the study's configuration, a worker and its settings, a session, a form's body.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Duration;
use metricis_core::Clock;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::breaker::BreakerSettings;
use metricis_core::budget::BudgetSettings;
use metricis_core::environment::Environment;
use metricis_core::ids::{ParticipantId, SessionId, SiteId, StudyId, VisitId};
use metricis_core::study::{StudyConfig, TaskMapping};
use metricis_core::words::{ConsentMode, ParticipantStatus};
use metricis_redcap_sim::ProjectHandle;
use metricis_store::testing::monday;
use metricis_store::{NewParticipant, NewSession, NewSite, NewStudy, Sealer, SecretField, Store, StoredParticipant};
use metricis_worker::{Worker, WorkerSettings};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use crate::world::done;

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4";

pub fn settings() -> WorkerSettings {
    let mut settings = WorkerSettings::new("digest key".into(), Environment::new("test"), "0.1.0", "ab12");
    // The clock stands still, so that only the burst counts.
    settings.budget = BudgetSettings { per_minute: 60_000, burst: 10_000 };
    settings.breaker = BreakerSettings { failure_threshold: 100, ..BreakerSettings::default() };
    settings.retry.first_wait = std::time::Duration::from_micros(1);
    settings.call_timeout_s = 1;
    settings.poll_ms = 1;
    settings
}

pub fn build_worker(store: Store, clock: Arc<dyn Clock>, settings: WorkerSettings, wake: Arc<Notify>) -> Worker {
    let http = metricis_redcap::http_client("metricis/test").expect("a client");
    Worker::new(store, sealer(), clock, http, settings, wake)
}

pub fn sealer() -> Sealer {
    Sealer::new(&KEY.into(), None, false).expect("a key")
}

pub fn study_config(study: StudyId, project: &ProjectHandle, base: &str) -> StudyConfig {
    let mut config = StudyConfig { time_zone: Some("Europe/Berlin".to_owned()), ..StudyConfig::default() };
    config.constraints.consent_mode = Some(ConsentMode::Waived);
    let redcap = &mut config.redcap;
    redcap.api_url = Some(format!("{base}/api/"));
    redcap.api_origin = Some(base.to_owned());
    redcap.api_token = Some(sealer().seal(study, SecretField::ApiToken, &project.token.clone().into()));
    redcap.project_id = Some(project.project_id.to_string());
    redcap.anchor_date_field = Some("enroll_date".to_owned());
    redcap.enrollment_instrument = Some("enrollment".to_owned());
    let fields = [("median_ms", "rt_median_ms"), ("misses", "rt_misses"), ("completed_at", "rt_completed_at")];
    let fields: BTreeMap<_, _> = fields.map(|(from, to)| (from.to_owned(), to.to_owned())).into();
    let mapping = TaskMapping { instrument: "reaction_time".to_owned(), fields };
    redcap.redcap_field_mapping = [("reaction_time".to_owned(), mapping)].into();
    redcap.extra.insert("survey_instruments".to_owned(), json!(["wellbeing", "side_effects_survey"]));
    config
}

/// A study whose calls of REDCap are the test's own: nobody needs a survey's link.
pub fn without_surveys(config: &mut StudyConfig) {
    config.redcap.extra.remove("survey_instruments");
}

pub async fn add_study(store: &Store, id: StudyId, code: &str, config: StudyConfig) {
    let tx = store.write(monday()).await.expect("a transaction");
    let (code, name) = (code.to_owned(), "Sponsor study".to_owned());
    tx.insert_study(&NewStudy { id, code, name, config }).await.expect("a study");
    for (code, dag) in [("N", "site_north"), ("S", "site_south")] {
        let (site, redcap_dag) = (SiteId::at(monday()), Some(dag.to_owned()));
        let site = NewSite { id: site, study: id, code: code.to_owned(), name: code.to_owned(), redcap_dag };
        tx.insert_site(&site).await.expect("a site");
    }
    done(tx).await;
}

pub fn new_participant(study: StudyId, id: ParticipantId, record: &str) -> NewParticipant {
    NewParticipant {
        id,
        study,
        site: None,
        code: format!("P-{record}"),
        external_id: record.to_owned(),
        status: ParticipantStatus::Enrolled,
        enrollment_date: "2026-03-02".parse().expect("a date"),
        arm_num: 1,
        time_zone: "Europe/Berlin".to_owned(),
        dag: None,
        mapped_digest: "0".repeat(64),
    }
}

pub fn new_session(
    id: SessionId,
    participant: &StoredParticipant,
    visit: Option<VisitId>,
    results: Map<String, Value>,
) -> NewSession {
    NewSession {
        id,
        study: participant.study,
        participant: participant.id,
        visit,
        task: "reaction_time".to_owned(),
        submission_key: id.to_string(),
        fingerprint: "f".repeat(64),
        results,
        started_at: monday() - Duration::minutes(5),
        completed_at: monday(),
        review_flag: None,
        result_salt: "5a".repeat(32),
    }
}

/// What the portal records of a submission.
pub fn submission(new: &NewSession) -> Entry {
    let (session, participant, visit, task) = (new.id, new.participant, new.visit, new.task.clone());
    let result_digest = new.result_digest();
    let action = Action::SubmitSession { session, participant, visit, task, flag: None, result_digest };
    Entry::study(new.study, Actor::Participant(participant), action)
}

/// Percent-encodes all but letters and digits.
pub fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
