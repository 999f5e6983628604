//! How far a study's reconciles have come, and when the next one is due.
//!
//! Invariant: of several workers one queues the job of a study that is due, and none while one waits or runs.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveDateTime};
use metricis_core::Timestamp;
use metricis_core::ids::{EventId, ParticipantId, StudyId};
use metricis_core::reconcile::is_detached;
use metricis_core::words::EventStatus;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::flags::{read_minute, write_minute};
use crate::{JobKind, Result, Snapshot, StoreError, Tx, sql};

/// How soon a study whose DETs are refused is reconciled again, whatever came of the last time.
const AFTER_A_REFUSAL: Duration = Duration::minutes(5);

/// What the last run that ended well has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconcileState {
    /// How far REDCap's log was read, in its own time.
    pub log_mark: Option<NaiveDateTime>,
    /// When it ended.
    pub ran_at: Option<Timestamp>,
    /// When every record was read last.
    pub full_at: Option<Timestamp>,
    /// Since when the study is known here.
    pub study_since: Timestamp,
}

#[derive(FromQueryResult)]
struct Row {
    log_mark: Option<String>,
    ran_at: Option<Timestamp>,
    full_at: Option<Timestamp>,
    created_at: Timestamp,
}

#[derive(FromQueryResult)]
struct Due {
    study_id: Uuid,
    due_at: Timestamp,
}

#[derive(FromQueryResult)]
struct Blocking {
    id: Uuid,
    status: String,
}

#[derive(FromQueryResult)]
struct Held {
    external_id: String,
    id: Uuid,
    created_at: Timestamp,
}

impl Snapshot {
    /// What the last reconcile has left; nothing before the first.
    ///
    /// # Errors
    /// Inconsistent when there is no such study.
    pub async fn reconcile_state(&self, study: StudyId) -> Result<ReconcileState> {
        let text = "SELECT r.log_mark, r.ran_at, r.full_at, s.created_at FROM studies s \
                    LEFT JOIN reconcile_states r ON r.study_id = s.id WHERE s.id = $1";
        let row = self.one::<Row>(text, sql::values![study.0]).await?;
        let row = row.ok_or_else(|| StoreError::inconsistent("no such study"))?;
        let log_mark = row.log_mark.as_deref().map(read_minute).transpose()?;
        Ok(ReconcileState { log_mark, ran_at: row.ran_at, full_at: row.full_at, study_since: row.created_at })
    }

    /// The records of a study's participants, with whose they are and since when; not of those who have none any more.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn participant_records(&self, study: StudyId) -> Result<BTreeMap<String, (ParticipantId, Timestamp)>> {
        let text = "SELECT external_id, id, created_at FROM participants WHERE study_id = $1";
        let rows = self.all::<Held>(text, sql::values![study.0]).await?;
        let of = |row: Held| (row.external_id, (ParticipantId(row.id), row.created_at));
        Ok(rows.into_iter().filter(|row| !is_detached(&row.external_id)).map(of).collect())
    }

    /// The event of a record that a worker or a person has to end before a reconcile may make one: one that waits or is under
    /// way, or the latest when it failed.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn blocking_event(&self, study: StudyId, record_id: &str) -> Result<Option<(EventId, EventStatus)>> {
        let text = "SELECT id, status FROM webhook_events WHERE study_id = $1 AND record_id = $2 AND status <> 'duplicate' \
                    ORDER BY CASE WHEN status IN ('received', 'processing') THEN 0 ELSE 1 END, received_at DESC, id DESC LIMIT 1";
        let Some(row) = self.one::<Blocking>(text, sql::values![study.0, record_id]).await? else { return Ok(None) };
        let status: EventStatus = row.status.parse().map_err(StoreError::inconsistent)?;
        let blocks = matches!(status, EventStatus::Received | EventStatus::Processing | EventStatus::Failed);
        Ok(blocks.then_some((EventId(row.id), status)))
    }

    /// Whether a reconcile of the study waits or runs.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn reconcile_under_way(&self, study: StudyId) -> Result<bool> {
        let text =
            "SELECT count(*) FROM jobs WHERE study_id = $1 AND kind = 'reconcile' AND state IN ('queued', 'running')";
        Ok(self.count(text, sql::values![study.0]).await? > 0)
    }
}

impl Tx {
    /// Queues a reconcile of each active or paused study whose turn has come: `every` after the last one was, or five minutes
    /// when a DET was refused for its rate since. A study that is seen for the first time waits for its turn. How many.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn queue_due_reconciles(&self, every: Duration) -> Result<usize> {
        let first_seen = "INSERT INTO reconcile_states (study_id, due_at) SELECT id, $1 FROM studies s \
                          WHERE status IN ('active', 'paused') AND integration_mode = 'redcap' \
                          AND config->'redcap'->>'api_token' IS NOT NULL \
                          AND NOT EXISTS (SELECT 1 FROM reconcile_states r WHERE r.study_id = s.id) \
                          ORDER BY id ON CONFLICT (study_id) DO NOTHING";
        self.execute(first_seen, sql::values![self.now + every]).await?;
        let due = "SELECT r.study_id, r.due_at FROM reconcile_states r JOIN studies s ON s.id = r.study_id \
                   WHERE s.status IN ('active', 'paused') AND s.integration_mode = 'redcap' \
                   AND s.config->'redcap'->>'api_token' IS NOT NULL AND (r.due_at <= $1 OR EXISTS (SELECT 1 FROM reconcile_marks m \
                     WHERE m.study_id = r.study_id AND m.refused > 0 AND NOT EXISTS (SELECT 1 FROM jobs j \
                       WHERE j.study_id = r.study_id AND j.kind = 'reconcile' AND j.created_at > $2))) \
                   AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.study_id = r.study_id AND j.kind = 'reconcile' \
                     AND j.state IN ('queued', 'running')) ORDER BY r.study_id";
        let mut queued = 0;
        for Due { study_id, due_at } in self.all::<Due>(due, sql::values![self.now, self.now - AFTER_A_REFUSAL]).await?
        {
            // Of two workers one changes the row; the other finds that it is not as it was.
            let take = "UPDATE reconcile_states SET due_at = $2 WHERE study_id = $1 AND due_at = $3";
            if self.execute(take, sql::values![study_id, self.now + every, due_at]).await? == 1 {
                self.enqueue_job(
                    StudyId(study_id),
                    &JobKind::Reconcile { full: false, dry_run: false, absent_as_deleted: false },
                )
                .await?;
                queued += 1;
            }
        }
        Ok(queued)
    }

    /// Keeps other reconciles of the study from raising flags until this transaction ends. One that is the study's first puts off the
    /// next by an hour.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn lock_reconcile(&self, study: StudyId) -> Result<()> {
        let text = "INSERT INTO reconcile_states (study_id, due_at) VALUES ($1, $2) \
                    ON CONFLICT (study_id) DO UPDATE SET due_at = reconcile_states.due_at";
        self.execute(text, sql::values![study.0, self.now + Duration::hours(1)]).await?;
        Ok(())
    }

    /// Writes down how far a run has come, and that the refused DETs of before it are made good.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn finish_reconcile(
        &self,
        study: StudyId,
        log_mark: NaiveDateTime,
        full: bool,
        began_at: Timestamp,
    ) -> Result<()> {
        let full_at = full.then_some(self.now);
        let text = "INSERT INTO reconcile_states (study_id, log_mark, ran_at, full_at, due_at) VALUES ($1, $2, $3, $4, $3) \
                    ON CONFLICT (study_id) DO UPDATE SET log_mark = excluded.log_mark, ran_at = excluded.ran_at, \
                    full_at = coalesce(excluded.full_at, reconcile_states.full_at)";
        self.execute(text, sql::values![study.0, write_minute(log_mark), self.now, full_at]).await?;
        let made_good = "UPDATE reconcile_marks SET refused = 0 WHERE study_id = $1 AND last_at < $2";
        self.execute(made_good, sql::values![study.0, began_at]).await?;
        Ok(())
    }
}
