//! Sessions: one for each submission, however often it is sent. The only file that looks at `sync_status`
//! (guarantee 14: nothing else may branch on it).
//!
//! Each transition of `metricis_core::sync` is one conditional update; a state that is not the expected one is a conflict.

mod proof;
mod recorded;
mod rows;
mod sent;

use chrono::Duration;
use metricis_core::Timestamp;
use metricis_core::ids::{ParticipantId, SessionId, StudyId, VisitId};
use metricis_core::sync::{STALE_AFTER_MINUTES, SyncFacts};
use metricis_core::words::{SyncErrorType, SyncStatus};
use sea_orm::{FromQueryResult, Value as Bound};
use serde_json::Value;
use uuid::Uuid;

pub use proof::SyncProof;
pub use recorded::{AlteredResult, ResultsReport};
use rows::{COLUMNS, Row};
pub use rows::{NewSession, StoredSession};
pub use sent::SentSession;

use crate::{Result, Snapshot, StoreError, Tx, sql};

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionInsert {
    /// It is a new session.
    Inserted,
    /// The participant sent this submission key before.
    AlreadyThere {
        /// The session it made.
        id: SessionId,
        /// Whether the same body came again; otherwise one key was used for two results.
        same_fingerprint: bool,
    },
}

#[derive(FromQueryResult)]
struct Former {
    id: Uuid,
    fingerprint: String,
}

#[derive(FromQueryResult)]
struct Facts {
    failed: i64,
    pending: i64,
    oldest: Option<Timestamp>,
}

#[derive(FromQueryResult)]
struct UnsyncedRow {
    failed: i64,
    late: i64,
    oldest: Option<Timestamp>,
}

/// What of a study has not reached REDCap.
pub(crate) struct Unsynced {
    /// Sessions whose sync failed.
    pub(crate) failed: u64,
    /// Sessions that have been pending for too long.
    pub(crate) late: u64,
    /// Since when the longest pending one waits.
    pub(crate) oldest: Option<Timestamp>,
}

impl Snapshot {
    /// The session with this id.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn session(&self, id: SessionId) -> Result<Option<StoredSession>> {
        let text = format!("SELECT {COLUMNS} FROM sessions WHERE id = $1");
        self.one::<Row>(&text, sql::values![id.0]).await?.map(TryInto::try_into).transpose()
    }

    /// The latest sessions of a study, newest first; only those of one sync state or participant, if one is given.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn sessions(
        &self,
        study: StudyId,
        sync: Option<SyncStatus>,
        participant: Option<ParticipantId>,
        limit: u32,
    ) -> Result<Vec<StoredSession>> {
        let which = "study_id = $1 AND ($2 IS NULL OR sync_status = $2) AND ($4 IS NULL OR participant_id = $4)";
        let (sync, participant) = (sync.map(SyncStatus::as_str), participant.map(|id| id.0));
        self.sessions_where(which, sql::values![study.0, sync, i64::from(limit), participant]).await
    }

    /// The sessions of a participant, newest first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn sessions_of(&self, participant: ParticipantId) -> Result<Vec<StoredSession>> {
        self.sessions_where("participant_id = $1 AND $2 = 0", sql::values![participant.0, 0_i64, i64::MAX]).await
    }

    async fn sessions_where(&self, which: &str, args: Vec<Bound>) -> Result<Vec<StoredSession>> {
        let text = format!("SELECT {COLUMNS} FROM sessions WHERE {which} ORDER BY completed_at DESC, id DESC LIMIT $3");
        self.all::<Row>(&text, args).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// What a participant is told about the results that were sent.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn sync_facts(&self, participant: ParticipantId) -> Result<SyncFacts> {
        let text = "SELECT count(*) FILTER (WHERE sync_status = 'failed') AS failed, \
                    count(*) FILTER (WHERE sync_status = 'pending') AS pending, min(pending_since) AS oldest \
                    FROM sessions WHERE participant_id = $1";
        let facts = self.one::<Facts>(text, sql::values![participant.0]).await?;
        let facts = facts.ok_or_else(|| StoreError::inconsistent("a count without a row"))?;
        Ok(SyncFacts {
            failed_count: facts.failed.unsigned_abs(),
            pending_count: facts.pending.unsigned_abs(),
            oldest_pending_at: facts.oldest,
        })
    }

    pub(crate) async fn unsynced_sessions(&self, study: StudyId) -> Result<Unsynced> {
        // The comparison with 'synced' lets the partial index of unsynced sessions answer.
        let text = "SELECT count(*) FILTER (WHERE sync_status = 'failed') AS failed, \
                    count(*) FILTER (WHERE pending_since < $2) AS late, min(pending_since) AS oldest \
                    FROM sessions WHERE study_id = $1 AND sync_status <> 'synced'";
        let late_before = self.now - Duration::minutes(STALE_AFTER_MINUTES);
        let row = self.one::<UnsyncedRow>(text, sql::values![study.0, late_before]).await?;
        let row = row.ok_or_else(|| StoreError::inconsistent("a count without a row"))?;
        Ok(Unsynced { failed: row.failed.unsigned_abs(), late: row.late.unsigned_abs(), oldest: row.oldest })
    }
}

impl Snapshot {
    /// A later result of the same visit and task that is in REDCap already: sending `session` would overwrite it.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn newer_synced(&self, session: SessionId) -> Result<Option<SessionId>> {
        let text = "SELECT newer.id AS id, newer.fingerprint AS fingerprint FROM sessions mine JOIN sessions newer \
                    ON newer.participant_id = mine.participant_id AND newer.visit_id = mine.visit_id \
                    AND newer.task = mine.task AND (newer.completed_at, newer.received_at) > (mine.completed_at, mine.received_at) \
                    WHERE mine.id = $1 AND newer.sync_status = 'synced' ORDER BY newer.completed_at DESC LIMIT 1";
        let found = self.one::<Former>(text, sql::values![session.0]).await?;
        Ok(found.map(|found| SessionId(found.id)))
    }
}

impl Tx {
    /// Stores a submission, `pending` from now on, unless the participant sent its key before.
    ///
    /// Two that arrive at once make one session: the second waits for the first to commit and then finds it.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn insert_session(&self, new: &NewSession) -> Result<SessionInsert> {
        let text = "INSERT INTO sessions (id, study_id, participant_id, visit_id, task, submission_key, fingerprint, results, \
                    started_at, completed_at, received_at, sync_status, sync_attempts, pending_since, review_flag, result_salt) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'pending', 0, $11, $12, $13) \
                    ON CONFLICT (participant_id, submission_key) DO NOTHING";
        let args = sql::values![
            new.id.0,
            new.study.0,
            new.participant.0,
            new.visit.map(|id: VisitId| id.0),
            new.task.as_str(),
            new.submission_key.as_str(),
            new.fingerprint.as_str(),
            Value::Object(new.results.clone()),
            new.started_at,
            new.completed_at,
            self.now,
            new.review_flag.as_deref(),
            new.result_salt.as_str(),
        ];
        if self.execute(text, args).await? == 1 {
            return Ok(SessionInsert::Inserted);
        }
        let text = "SELECT id, fingerprint FROM sessions WHERE participant_id = $1 AND submission_key = $2";
        let former = self.one::<Former>(text, sql::values![new.participant.0, new.submission_key.as_str()]).await?;
        let former = former.ok_or_else(|| StoreError::inconsistent("a submission in the way that is not there"))?;
        let same_fingerprint = former.fingerprint == new.fingerprint;
        Ok(SessionInsert::AlreadyThere { id: SessionId(former.id), same_fingerprint })
    }

    /// REDCap has confirmed the result: pending → synced.
    ///
    /// # Errors
    /// A conflict unless it is pending.
    pub async fn mark_session_synced(&self, id: SessionId) -> Result<()> {
        let text = "UPDATE sessions SET sync_status = 'synced', synced_at = $2, pending_since = NULL, \
                    sync_attempts = sync_attempts + 1 WHERE id = $1 AND sync_status = 'pending'";
        self.transition(1, NOT_PENDING, text, sql::values![id.0, self.now]).await
    }

    /// The result did not arrive: pending → failed. `message` holds no answer.
    ///
    /// # Errors
    /// A conflict unless it is pending.
    pub async fn mark_session_failed(&self, id: SessionId, error_type: SyncErrorType, message: &str) -> Result<()> {
        let text = "UPDATE sessions SET sync_status = 'failed', sync_error_type = $2, sync_error_message = $3, \
                    pending_since = NULL, sync_attempts = sync_attempts + 1 WHERE id = $1 AND sync_status = 'pending'";
        self.transition(1, NOT_PENDING, text, sql::values![id.0, error_type.as_str(), message]).await
    }

    /// A person asks for another attempt: failed → pending, all of them or none.
    ///
    /// # Errors
    /// A conflict unless every one is failed.
    pub async fn mark_session_pending(&self, ids: &[SessionId]) -> Result<()> {
        let mut ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(());
        }
        let text = format!(
            "UPDATE sessions SET sync_status = 'pending', pending_since = $1, sync_error_type = NULL, \
             sync_error_message = NULL WHERE sync_status = 'failed' AND id IN (VALUES {})",
            sql::rows(ids.len(), 1, 2)
        );
        let expected = ids.len();
        let mut args = sql::values![self.now];
        args.extend(ids.into_iter().map(Bound::from));
        self.transition(expected, "only a failed session can be re-synced; list the failed ones again", &text, args)
            .await
    }
}

const NOT_PENDING: &str = "only a pending sync ends; somebody else has ended it";
