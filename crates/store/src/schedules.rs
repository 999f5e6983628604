//! Schedule versions: one of them current, by a constraint; a superseded one is kept with all its visits.

mod anchor;
mod follow;
mod visits;

use chrono::NaiveDate;
use metricis_core::Timestamp;
use metricis_core::ids::{ParticipantId, ScheduleVersionId};
use metricis_core::words::ScheduleStatus;
use sea_orm::FromQueryResult;
use uuid::Uuid;

pub use anchor::ANCHOR_DIFFERS;
pub use follow::{FollowChunk, FollowedParticipant};
pub use visits::{StoredVisit, SurveyState};

use crate::{Result, Snapshot, StoreError, Tx, sql};

/// What a visit that a moved anchor touched is flagged with.
pub const ANCHOR_MOVED: &str = "anchor_moved";

const COLUMNS: &str = "id, participant_id, version_number, status, is_current, anchor_date_used, created_at";

/// A version of a participant's schedule.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StoredVersion {
    /// Its id.
    pub id: ScheduleVersionId,
    /// Whose schedule.
    pub participant: ParticipantId,
    /// 1, 2, 3, …
    pub version_number: i32,
    /// active or superseded.
    pub status: ScheduleStatus,
    /// Exactly while it is active.
    pub is_current: bool,
    /// The anchor that its dates count from.
    pub anchor_date: NaiveDate,
    /// When it was made.
    pub created_at: Timestamp,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    participant_id: Uuid,
    version_number: i32,
    status: String,
    is_current: bool,
    anchor_date_used: NaiveDate,
    created_at: Timestamp,
}

impl TryFrom<Row> for StoredVersion {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: ScheduleVersionId(row.id),
            participant: ParticipantId(row.participant_id),
            version_number: row.version_number,
            status: row.status.parse().map_err(StoreError::inconsistent)?,
            is_current: row.is_current,
            anchor_date: row.anchor_date_used,
            created_at: row.created_at,
        })
    }
}

impl Snapshot {
    /// The version that counts.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn current_version(&self, participant: ParticipantId) -> Result<Option<StoredVersion>> {
        let text = format!("SELECT {COLUMNS} FROM schedule_versions WHERE participant_id = $1 AND is_current");
        self.one::<Row>(&text, sql::values![participant.0]).await?.map(TryInto::try_into).transpose()
    }

    /// Every version, oldest first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn versions(&self, participant: ParticipantId) -> Result<Vec<StoredVersion>> {
        let text = format!("SELECT {COLUMNS} FROM schedule_versions WHERE participant_id = $1 ORDER BY version_number");
        self.all::<Row>(&text, sql::values![participant.0]).await?.into_iter().map(TryInto::try_into).collect()
    }
}

impl Tx {
    /// Creates the current version of a participant's schedule, without visits.
    ///
    /// # Errors
    /// A conflict when there is a current version, or one of that number.
    pub async fn insert_version(
        &self,
        participant: ParticipantId,
        number: i32,
        anchor: NaiveDate,
    ) -> Result<ScheduleVersionId> {
        let id = ScheduleVersionId::at(self.now);
        let text = "INSERT INTO schedule_versions (id, participant_id, version_number, status, is_current, anchor_date_used, \
                    created_at) VALUES ($1, $2, $3, 'active', TRUE, $4, $5)";
        self.execute(text, sql::values![id.0, participant.0, number, anchor, self.now]).await?;
        Ok(id)
    }
}
