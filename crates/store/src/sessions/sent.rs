//! What a participant is told of the sessions that were sent: none of what was in them is read.

use metricis_core::Timestamp;
use metricis_core::ids::{ParticipantId, VisitId};
use metricis_core::words::SyncStatus;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Snapshot, StoreError, sql};

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentSession {
    /// The device's own key of the submission.
    pub submission_key: String,
    /// The task.
    pub task: String,
    /// The visit it was for.
    pub visit: Option<VisitId>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Whether it has reached REDCap.
    pub sync: SyncStatus,
}

#[derive(FromQueryResult)]
struct Row {
    submission_key: String,
    task: String,
    visit_id: Option<Uuid>,
    received_at: Timestamp,
    sync_status: String,
}

impl Snapshot {
    /// The receipts of a participant's sessions, newest first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn sent_sessions(&self, participant: ParticipantId) -> Result<Vec<SentSession>> {
        let text = "SELECT submission_key, task, visit_id, received_at, sync_status FROM sessions \
                    WHERE participant_id = $1 ORDER BY completed_at DESC, id DESC";
        let rows: Vec<Row> = self.all(text, sql::values![participant.0]).await?;
        let receipt = |row: Row| {
            Ok(SentSession {
                submission_key: row.submission_key,
                task: row.task,
                visit: row.visit_id.map(VisitId),
                received_at: row.received_at,
                sync: row.sync_status.parse().map_err(StoreError::inconsistent)?,
            })
        };
        rows.into_iter().map(receipt).collect()
    }
}
