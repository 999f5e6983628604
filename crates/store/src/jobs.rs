//! The job table: what was committed to be done, who does it, and what came of it. A failed job is never retried by itself.
//!
//! ```text
//!   queued ──claim──▶ running ──▶ done
//!                        └──────▶ failed   (also when its process died: a person decides)
//! ```

mod answers;

use metricis_core::Timestamp;
use metricis_core::ids::{JobId, ProcessId, SessionId, StudyId};
use metricis_core::operation::{GivenDesign, Order};
use metricis_core::words::JobState;
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::{Result, Share, Snapshot, StoreError, Tx, sql};

/// What is to be done. Its serialized `kind` is the stored name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobKind {
    /// Read REDCap's events into visit windows.
    SyncEvents,
    /// Bring a session's result to REDCap.
    SyncSession {
        /// Which.
        session: SessionId,
    },
    /// Ask REDCap who it is and what the token may do.
    TestConnection,
    /// Compare REDCap's records with ours.
    Reconcile {
        /// Read every record, not only what changed.
        #[serde(default)]
        full: bool,
        /// Only say what would be done.
        #[serde(default)]
        dry_run: bool,
        /// Flag as deleted what REDCap does not list and its log does not explain: a person's word.
        #[serde(default)]
        absent_as_deleted: bool,
    },
    /// Give REDCap another data dictionary.
    PushDictionary {
        /// REDCap's CSV.
        dictionary: String,
        /// Shown or done.
        order: Order,
    },
    /// Set an empty REDCap project up.
    InitProject {
        /// As it is to be; made from the study's settings without it.
        design: Option<GivenDesign>,
        /// Shown or done.
        order: Order,
    },
    /// Take an instrument out of REDCap.
    DeleteForm {
        /// Which.
        form: String,
        /// Shown or done.
        order: Order,
    },
    /// Enrol records that REDCap has.
    ImportParticipants {
        /// Which; all without it.
        records: Option<Vec<String>>,
        /// Shown or done.
        order: Order,
    },
    /// Ask REDCap for the survey links that participants need now or soon.
    FetchSurveyLinks {
        /// Links from before this moment are asked for again: a person said that REDCap has others now.
        asked_before: Option<Timestamp>,
    },
    /// Do nothing.
    #[cfg(feature = "bench")]
    Idle,
}

impl JobKind {
    /// The stored name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SyncEvents => "sync_events",
            Self::SyncSession { .. } => "sync_session",
            Self::TestConnection => "test_connection",
            Self::Reconcile { .. } => "reconcile",
            Self::PushDictionary { .. } => "push_dictionary",
            Self::InitProject { .. } => "init_project",
            Self::DeleteForm { .. } => "delete_form",
            Self::ImportParticipants { .. } => "import_participants",
            Self::FetchSurveyLinks { .. } => "fetch_survey_links",
            #[cfg(feature = "bench")]
            Self::Idle => "idle",
        }
    }

    /// The order of a high-risk operation; none for everything else.
    #[must_use]
    pub const fn order(&self) -> Option<&Order> {
        match self {
            Self::PushDictionary { order, .. }
            | Self::InitProject { order, .. }
            | Self::DeleteForm { order, .. }
            | Self::ImportParticipants { order, .. } => Some(order),
            Self::SyncEvents
            | Self::SyncSession { .. }
            | Self::TestConnection
            | Self::Reconcile { .. }
            | Self::FetchSurveyLinks { .. } => None,
            #[cfg(feature = "bench")]
            Self::Idle => None,
        }
    }
}

/// A job that a worker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedJob {
    /// Its id.
    pub id: JobId,
    /// Its study.
    pub study: StudyId,
    /// What is to be done.
    pub kind: JobKind,
    /// When it was queued.
    pub created_at: Timestamp,
}

/// A job as stored.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct StoredJob {
    /// Its id.
    pub id: JobId,
    /// Its study.
    pub study: StudyId,
    /// What is to be done.
    pub kind: JobKind,
    /// queued, running, done or failed.
    pub state: JobState,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When a worker took it.
    pub claimed_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What a done job answers; of one that goes on or has failed, how far it is.
    pub result: Option<Value>,
    /// Why it failed.
    pub error: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    study_id: Uuid,
    payload: Value,
    state: String,
    created_at: Timestamp,
    claimed_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    result: Option<Value>,
    error: Option<String>,
}

#[derive(FromQueryResult)]
struct IdRow {
    id: Uuid,
}

#[derive(FromQueryResult)]
struct SerialRow {
    participant_id: Uuid,
    completed_at: Timestamp,
}

#[derive(FromQueryResult)]
struct ClaimRow {
    id: Uuid,
    study_id: Uuid,
    payload: Value,
    created_at: Timestamp,
}

impl TryFrom<Row> for StoredJob {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: JobId(row.id),
            study: StudyId(row.study_id),
            kind: serde_json::from_value(row.payload).map_err(StoreError::inconsistent)?,
            state: row.state.parse().map_err(StoreError::inconsistent)?,
            created_at: row.created_at,
            claimed_at: row.claimed_at,
            finished_at: row.finished_at,
            result: row.result,
            error: row.error,
        })
    }
}

impl TryFrom<ClaimRow> for ClaimedJob {
    type Error = StoreError;
    fn try_from(row: ClaimRow) -> Result<Self> {
        let kind = serde_json::from_value(row.payload).map_err(StoreError::inconsistent)?;
        Ok(Self { id: JobId(row.id), study: StudyId(row.study_id), kind, created_at: row.created_at })
    }
}

impl Snapshot {
    /// The jobs that run in the name of `process`.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn running_jobs(&self, process: ProcessId) -> Result<Vec<JobId>> {
        let text = "SELECT id FROM jobs WHERE state = 'running' AND claimed_by = $1 ORDER BY id";
        Ok(self.all::<IdRow>(text, sql::values![process.0]).await?.into_iter().map(|row| JobId(row.id)).collect())
    }

    /// The job with this id.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn job(&self, id: JobId) -> Result<Option<StoredJob>> {
        let text = "SELECT id, study_id, payload, state, created_at, claimed_at, finished_at, result, error \
                    FROM jobs WHERE id = $1";
        self.one::<Row>(text, sql::values![id.0]).await?.map(TryInto::try_into).transpose()
    }
}

impl Snapshot {
    /// The study's last reconcile that has ended, previews apart.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn last_reconcile(&self, study: StudyId) -> Result<Option<StoredJob>> {
        let text = "SELECT id, study_id, payload, state, created_at, claimed_at, finished_at, result, error FROM jobs \
                    WHERE study_id = $1 AND kind = 'reconcile' AND state IN ('done', 'failed') \
                    ORDER BY created_at DESC, id DESC LIMIT 50";
        for row in self.all::<Row>(text, sql::values![study.0]).await? {
            let job = StoredJob::try_from(row)?;
            if matches!(job.kind, JobKind::Reconcile { dry_run: false, .. }) {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }
}

impl Tx {
    /// Queues a job. It is done after this transaction commits, and only then.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn enqueue_job(&self, study: StudyId, kind: &JobKind) -> Result<JobId> {
        let id = JobId::at(self.now);
        let payload = serde_json::to_value(kind).map_err(StoreError::inconsistent)?;
        let (serial_key, serial_at) = self.serial_of(study, kind).await?.unzip();
        let text = "INSERT INTO jobs (id, study_id, kind, payload, state, created_at, serial_key, serial_at) \
                    VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7)";
        let args = sql::values![id.0, study.0, kind.name(), payload, self.now, serial_key, serial_at];
        self.execute(text, args).await?;
        Ok(id)
    }

    /// A participant's results go to REDCap one after the other, in the order in which they were completed: sent side by side,
    /// an older one could come last and stand in REDCap for the newer. So do a study's high-risk operations: what one has
    /// looked at, another must not be changing, and of two reconciles the slower one must not put the mark back. A study's links are fetched by one job at a time: two would ask for the same
    /// ones, and an older answer could replace the one of a refresh.
    async fn serial_of(&self, study: StudyId, kind: &JobKind) -> Result<Option<(String, Timestamp)>> {
        let session = match kind {
            JobKind::SyncSession { session } => session,
            JobKind::FetchSurveyLinks { .. } => return Ok(Some((format!("survey_links {study}"), self.now))),
            JobKind::Reconcile { .. } => return Ok(Some((format!("reconcile:{study}"), self.now))),
            kind if kind.order().is_some() => return Ok(Some((format!("operation:{study}"), self.now))),
            _ => return Ok(None),
        };
        let text = "SELECT participant_id, completed_at FROM sessions WHERE id = $1";
        let row = self.one::<SerialRow>(text, sql::values![session.0]).await?;
        let row = row.ok_or_else(|| StoreError::inconsistent("a job for a session that does not exist"))?;
        Ok(Some((row.participant_id.to_string(), row.completed_at)))
    }

    /// Takes the oldest queued job of the study with the fewest live pieces of work, but of none of which `process` has
    /// its share; passes over jobs that others are taking.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn claim_job<'a>(&self, process: ProcessId, share: impl Into<Share<'a>>) -> Result<Option<ClaimedJob>> {
        let waiting = "SELECT study_id, min(created_at) AS since FROM jobs WHERE state = 'queued' GROUP BY study_id";
        for study in self.studies_in_turn(waiting, process, share.into()).await? {
            let job = self.claim_job_of(study, process).await?;
            if job.is_some() {
                return Ok(job);
            }
        }
        Ok(None)
    }

    async fn claim_job_of(&self, study: StudyId, process: ProcessId) -> Result<Option<ClaimedJob>> {
        let text = format!(
            "UPDATE jobs SET state = 'running', claimed_at = $1, claimed_by = $2 WHERE id = ( \
               SELECT id FROM jobs mine WHERE state = 'queued' AND study_id = $3 AND NOT EXISTS ( \
                 SELECT 1 FROM jobs other WHERE other.serial_key = mine.serial_key AND other.id <> mine.id AND ( \
                   other.state = 'running' \
                   OR (other.state = 'queued' AND (other.serial_at, other.id) < (mine.serial_at, mine.id)))) \
               ORDER BY created_at, id LIMIT 1{}) \
             RETURNING id, study_id, payload, created_at",
            self.dialect.skip_locked()
        );
        let row = self.one::<ClaimRow>(&text, sql::values![self.now, process.0, study.0]).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// Notes how far a running job is, where its result will stand.
    ///
    /// # Errors
    /// A conflict unless it is running.
    pub async fn note_progress(&self, id: JobId, result: Value) -> Result<()> {
        let text = "UPDATE jobs SET result = $2 WHERE id = $1 AND state = 'running'";
        self.transition(1, NOT_RUNNING, text, sql::values![id.0, result]).await
    }

    /// Ends a running job well.
    ///
    /// # Errors
    /// A conflict unless it is running: somebody has declared its process dead.
    pub async fn finish_job(&self, id: JobId, result: Value) -> Result<()> {
        let text = "UPDATE jobs SET state = 'done', finished_at = $2, result = $3 WHERE id = $1 AND state = 'running'";
        self.transition(1, NOT_RUNNING, text, sql::values![id.0, self.now, result]).await
    }

    /// Ends a running job badly.
    ///
    /// # Errors
    /// A conflict unless it is running.
    pub async fn fail_job(&self, id: JobId, error: &str) -> Result<()> {
        let text = "UPDATE jobs SET state = 'failed', finished_at = $2, error = $3 WHERE id = $1 AND state = 'running'";
        self.transition(1, NOT_RUNNING, text, sql::values![id.0, self.now, error]).await
    }

    /// The running jobs whose process is dead or unknown, and those among `unknown`, locked until this transaction ends. They are still running: whoever takes them fails each, and whatever it was doing, in the same
    /// transaction.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn take_dead_jobs(&self, unknown: &[JobId]) -> Result<Vec<ClaimedJob>> {
        let is_unknown = match unknown.len() {
            0 => String::new(),
            some => format!("id IN (VALUES {}) OR ", sql::rows(some, 1, 2)),
        };
        let text = format!(
            "SELECT id, study_id, payload, created_at FROM jobs WHERE state = 'running' AND ({is_unknown}NOT EXISTS ( \
               SELECT 1 FROM processes p WHERE p.id = jobs.claimed_by AND p.stopped_at IS NULL AND p.seen_at >= $1)) \
             ORDER BY created_at, id{}",
            self.dialect.skip_locked()
        );
        let mut args = sql::values![self.dead_before()];
        args.extend(unknown.iter().map(|id| sea_orm::Value::from(id.0)));
        self.all::<ClaimRow>(&text, args).await?.into_iter().map(TryInto::try_into).collect()
    }
}

const NOT_RUNNING: &str = "the job is not running; somebody else has ended it";
