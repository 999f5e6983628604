//! A result arrives from a participant's device.
//!
//! Invariants: sent twice, it is stored once; the audit log has its digest, so that a later change of it is found; what is late or for a cancelled visit is stored and flagged, never refused; the
//! session and the job that brings it to REDCap are one transaction.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Duration, NaiveDate, SubsecRound, Utc};
use metricis_core::action::Action;
use metricis_core::ids::{SessionId, VisitId};
use metricis_core::study::RedcapConfig;
use metricis_core::tasks::{is_held, tasks_of_visit};
use metricis_core::words::{ParticipantStatus, SyncStatus, VisitStatus};
use metricis_store::{JobKind, NewSession, SessionInsert, StoredParticipant, StoredSession, StoredVisit, Tx};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::tasks::is_done;
use crate::chance::new_salt;
use crate::extract::{Body, Call, ParticipantSession};
use crate::problem::{Problem, Refusals};
use crate::today::zone_of_participant;

/// How far a device's clock may be ahead of ours before somebody should look.
const CLOCK_TOLERANCE: Duration = Duration::minutes(5);

/// Bytes of all results as JSON.
const RESULTS_LIMIT: usize = 256 * 1024;

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Submission {
    /// The device's own key of this submission, 1 to 64 characters: the same key with the same body is the same session.
    submission_key: String,
    task: String,
    #[schema(value_type = Option<Uuid>)]
    visit_id: Option<VisitId>,
    started_at: DateTime<Utc>,
    completed_at: DateTime<Utc>,
    #[schema(value_type = Object)]
    results: Map<String, Value>,
}

#[derive(serde::Serialize, ToSchema)]
pub(super) struct SubmissionStored {
    id: Uuid,
    received_at: DateTime<Utc>,
    #[schema(schema_with = crate::schema::sync_status)]
    sync_status: SyncStatus,
    /// What the study team will look at: `visit_cancelled`, `early`, `late`, `clock_ahead`, `repeated`, `withdrawn`.
    review_flag: Option<String>,
}

impl From<StoredSession> for SubmissionStored {
    fn from(session: StoredSession) -> Self {
        let sync_status = session.sync.status();
        Self { id: session.id.0, received_at: session.received_at, sync_status, review_flag: session.review_flag }
    }
}

/// Stores a result; 201 the first time, 200 when it is there already.
#[utoipa::path(post, path = "/api/portal/sessions", tag = "portal", request_body = Submission, security(("token" = [])),
    responses((status = 201, body = SubmissionStored), (status = 200, body = SubmissionStored), Refusals))]
pub(super) async fn submit_session(
    call: Call<ParticipantSession, Tx>,
    Body(submission): Body<Submission>,
) -> Result<Response, Problem> {
    let study = call.study().await?;
    refuse_submission(&submission, &study.config.redcap)?;
    // One submission of a participant after the other: two that arrive together would each miss the other's task.
    let participant = call.tx.lock_participant(call.who.participant.id).await?.ok_or(Problem::NotFound)?;
    let visit = own_visit(&call, submission.visit_id).await?;
    let today = call.app.today(&study, zone_of_participant(&participant, &study), call.now());
    let review_flag = flag(&call, &participant, visit.as_ref(), &submission, today).await?;
    let early = visit.as_ref().is_some_and(|visit| today < visit.window_start);
    let id = SessionId::at(call.now());
    let session = NewSession {
        id,
        study: study.id,
        participant: participant.id,
        visit: submission.visit_id,
        fingerprint: fingerprint(&submission)?,
        task: submission.task,
        submission_key: submission.submission_key,
        results: submission.results,
        started_at: submission.started_at.trunc_subsecs(6),
        completed_at: submission.completed_at.trunc_subsecs(6),
        review_flag: review_flag.clone(),
        result_salt: new_salt().map_err(Problem::internal)?,
    };
    match call.tx.insert_session(&session).await? {
        SessionInsert::Inserted => {}
        SessionInsert::AlreadyThere { id, same_fingerprint: true } => {
            return answer(&call.tx, id, StatusCode::OK).await;
        }
        SessionInsert::AlreadyThere { .. } => {
            let why = "this submission_key was used for another result; give each submission its own";
            return Err(Problem::Conflict(why.to_owned()));
        }
    }
    if let Some(visit) = visit.filter(|visit| visit.status == VisitStatus::Pending && !early)
        && is_complete(&call, &visit, &study.config.redcap).await?
    {
        call.tx.complete_visit(visit.id, today).await?;
    }
    call.tx.enqueue_job(study.id, &JobKind::SyncSession { session: id }).await?;
    let response = answer(&call.tx, id, StatusCode::CREATED).await?;
    let (participant, visit, result_digest) = (participant.id, session.visit, session.result_digest());
    let (task, flag) = (session.task, review_flag);
    let action = Action::SubmitSession { session: id, participant, visit, task, flag, result_digest };
    call.commit(action).await?.wake_worker();
    Ok(response)
}

async fn answer(tx: &Tx, id: SessionId, status: StatusCode) -> Result<Response, Problem> {
    let session = tx.session(id).await?.ok_or(Problem::Internal)?;
    Ok((status, Json(SubmissionStored::from(session))).into_response())
}

fn refuse_submission(submission: &Submission, redcap: &RedcapConfig) -> Result<(), Problem> {
    let invalid = |reason: &str| Err(Problem::Invalid(reason.to_owned()));
    let key = &submission.submission_key;
    if key.is_empty() || key.len() > 64 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return invalid("submission_key has 1 to 64 visible ASCII characters");
    }
    if !redcap.redcap_field_mapping.contains_key(&submission.task) {
        return invalid("the study does not know this task; its results would have no place in REDCap");
    }
    if submission.completed_at < submission.started_at {
        return invalid("completed_at is before started_at");
    }
    if serde_json::to_string(&submission.results).map_err(Problem::internal)?.len() > RESULTS_LIMIT {
        return Err(Problem::TooLarge(RESULTS_LIMIT));
    }
    Ok(())
}

async fn own_visit(call: &Call<ParticipantSession, Tx>, id: Option<VisitId>) -> Result<Option<StoredVisit>, Problem> {
    let Some(id) = id else { return Ok(None) };
    let visit = call.tx.visit(id).await?.filter(|visit| visit.participant == call.who.participant.id);
    match visit {
        Some(visit) => Ok(Some(visit)),
        None => Err(Problem::Invalid("visit_id is not a visit of this participant".to_owned())),
    }
}

/// What a person should look at, without refusing the result for it.
async fn flag(
    call: &Call<ParticipantSession, Tx>,
    participant: &StoredParticipant,
    visit: Option<&StoredVisit>,
    submission: &Submission,
    today: NaiveDate,
) -> Result<Option<String>, Problem> {
    let sessions = call.tx.sessions_of(participant.id).await?;
    let same = |session: &StoredSession| session.visit == submission.visit_id && session.task == submission.task;
    let other = |session: &StoredSession| same(session) && session.submission_key != submission.submission_key;
    let flags = [
        (visit.is_some_and(|visit| visit.status == VisitStatus::Cancelled), "visit_cancelled"),
        (visit.is_some_and(|visit| today < visit.window_start), "early"),
        (visit.is_some_and(|visit| today > visit.window_end), "late"),
        (submission.completed_at > call.now() + CLOCK_TOLERANCE, "clock_ahead"),
        (visit.is_some() && sessions.iter().any(other), "repeated"),
        (participant.status == ParticipantStatus::Withdrawn, "withdrawn"),
    ];
    let words: Vec<&str> = flags.into_iter().filter(|(set, _)| *set).map(|(_, word)| word).collect();
    Ok((!words.is_empty()).then(|| words.join(",")))
}

/// Whether the visit is held with this result, by the rule of `core::tasks`.
async fn is_complete(
    call: &Call<ParticipantSession, Tx>,
    visit: &StoredVisit,
    redcap: &RedcapConfig,
) -> Result<bool, Problem> {
    let sessions = call.tx.sessions_of(call.who.participant.id).await?;
    let tasks = tasks_of_visit(&redcap.redcap_field_mapping, &visit.instruments, &visit.survey_instruments);
    Ok(is_held(&tasks, |task| is_done(task, visit, &sessions)))
}

/// Hex SHA-256 over what was submitted, independent of the order of keys.
fn fingerprint(submission: &Submission) -> Result<String, Problem> {
    let results = sorted(&Value::Object(submission.results.clone()));
    let parts = serde_json::json!([
        submission.task,
        submission.visit_id,
        submission.started_at,
        submission.completed_at,
        results
    ]);
    let bytes = serde_json::to_vec(&parts).map_err(Problem::internal)?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let ordered: std::collections::BTreeMap<_, _> =
                map.iter().map(|(key, value)| (key, sorted(value))).collect();
            ordered.into_iter().map(|(key, value)| (key.clone(), value)).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
