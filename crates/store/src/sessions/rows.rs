//! A session's row, coming and going. Its answers are in no Debug text.

use metricis_core::Timestamp;
use metricis_core::audit::SubmittedResult;
use metricis_core::ids::{ParticipantId, SessionId, StudyId, VisitId};
use metricis_core::sync::SessionSync;
use sea_orm::FromQueryResult;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Result, StoreError};

pub(super) const COLUMNS: &str = "id, study_id, participant_id, visit_id, task, submission_key, fingerprint, results, started_at, \
                       completed_at, received_at, sync_status, sync_error_type, sync_error_message, sync_attempts, \
                       pending_since, synced_at, review_flag, result_salt, \
                       (SELECT p.participant_code FROM participants p WHERE p.id = sessions.participant_id) AS participant_code";

/// A session as stored.
#[derive(Clone, PartialEq)]
pub struct StoredSession {
    /// Its id.
    pub id: SessionId,
    /// Its study.
    pub study: StudyId,
    /// Who submitted it.
    pub participant: ParticipantId,
    /// Their code.
    pub participant_code: String,
    /// The visit it was for.
    pub visit: Option<VisitId>,
    /// The task.
    pub task: String,
    /// The device's own key of the submission.
    pub submission_key: String,
    /// Hex SHA-256 of the submitted body.
    pub fingerprint: String,
    /// The answers.
    pub results: Map<String, Value>,
    /// When it was begun, by the device.
    pub started_at: Timestamp,
    /// When it was completed, by the device.
    pub completed_at: Timestamp,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Whether it has reached REDCap.
    pub sync: SessionSync,
    /// Syncs that ended, well or not.
    pub sync_attempts: i32,
    /// Since when it is pending.
    pub pending_since: Option<Timestamp>,
    /// When REDCap confirmed it.
    pub synced_at: Option<Timestamp>,
    /// What a person should look at.
    pub review_flag: Option<String>,
    /// Salt of the digest in the audit log; none on a row older than these digests.
    pub result_salt: Option<String>,
}

impl StoredSession {
    /// What the participant submitted.
    #[must_use]
    pub const fn submitted(&self) -> SubmittedResult<'_> {
        SubmittedResult {
            session: self.id,
            study: self.study,
            participant: self.participant,
            visit: self.visit,
            task: self.task.as_str(),
            started_at: self.started_at,
            completed_at: self.completed_at,
            results: &self.results,
        }
    }
}

impl std::fmt::Debug for StoredSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredSession")
            .field("id", &self.id)
            .field("task", &self.task)
            .field("sync", &self.sync)
            .field("review_flag", &self.review_flag)
            .finish_non_exhaustive()
    }
}

/// A session to store.
#[derive(Clone)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Its study.
    pub study: StudyId,
    /// Who submitted it.
    pub participant: ParticipantId,
    /// The visit it is for.
    pub visit: Option<VisitId>,
    /// The task.
    pub task: String,
    /// The device's own key of the submission.
    pub submission_key: String,
    /// Hex SHA-256 of the submitted body.
    pub fingerprint: String,
    /// The answers.
    pub results: Map<String, Value>,
    /// When it was begun, by the device.
    pub started_at: Timestamp,
    /// When it was completed, by the device.
    pub completed_at: Timestamp,
    /// What a person should look at.
    pub review_flag: Option<String>,
    /// Hex of 32 random bytes: salt of the digest in the audit log.
    pub result_salt: String,
}

impl NewSession {
    /// The digest of what was submitted, for the audit log.
    #[must_use]
    pub fn result_digest(&self) -> String {
        let submitted = SubmittedResult {
            session: self.id,
            study: self.study,
            participant: self.participant,
            visit: self.visit,
            task: &self.task,
            started_at: self.started_at,
            completed_at: self.completed_at,
            results: &self.results,
        };
        submitted.digest(&self.result_salt)
    }
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSession").field("id", &self.id).field("task", &self.task).finish_non_exhaustive()
    }
}

#[derive(FromQueryResult)]
pub(super) struct Row {
    id: Uuid,
    study_id: Uuid,
    participant_id: Uuid,
    visit_id: Option<Uuid>,
    task: String,
    submission_key: String,
    fingerprint: String,
    results: Value,
    started_at: Timestamp,
    completed_at: Timestamp,
    received_at: Timestamp,
    sync_status: String,
    sync_error_type: Option<String>,
    sync_error_message: Option<String>,
    sync_attempts: i32,
    pending_since: Option<Timestamp>,
    synced_at: Option<Timestamp>,
    review_flag: Option<String>,
    result_salt: Option<String>,
    participant_code: String,
}

impl TryFrom<Row> for StoredSession {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        let Value::Object(results) = row.results else {
            return Err(StoreError::inconsistent(format!("the results of session {} are no object", row.id)));
        };
        let status = row.sync_status.parse().map_err(StoreError::inconsistent)?;
        let error_type = row.sync_error_type.map(|word| word.parse()).transpose().map_err(StoreError::inconsistent)?;
        let sync = SessionSync::from_columns(status, error_type, row.sync_error_message);
        Ok(Self {
            id: SessionId(row.id),
            study: StudyId(row.study_id),
            participant: ParticipantId(row.participant_id),
            participant_code: row.participant_code,
            visit: row.visit_id.map(VisitId),
            task: row.task,
            submission_key: row.submission_key,
            fingerprint: row.fingerprint,
            results,
            started_at: row.started_at,
            completed_at: row.completed_at,
            received_at: row.received_at,
            sync: sync.map_err(StoreError::inconsistent)?,
            sync_attempts: row.sync_attempts,
            pending_since: row.pending_since,
            synced_at: row.synced_at,
            review_flag: row.review_flag,
            result_salt: row.result_salt,
        })
    }
}
