//! What following REDCap's events looks at, for many participants at once.
//!
//! Invariant: whoever is in a chunk is locked until its transaction ends, so that no anchor moves and nobody leaves in between.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use metricis_core::Timestamp;
use metricis_core::ids::{ParticipantId, ScheduleVersionId, StudyId, WindowId};
use metricis_core::schedule::{ConsentFact, FollowedVisit};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Snapshot, StoreError, Tx, sql};

/// An enrolled participant with their current version and the visits of all versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedParticipant {
    /// Who.
    pub id: ParticipantId,
    /// Their arm.
    pub arm_num: i32,
    /// Their time zone, as stored.
    pub time_zone: String,
    /// Their current version.
    pub version: ScheduleVersionId,
    /// Its anchor date.
    pub anchor: NaiveDate,
    /// Their consent.
    pub consent: Option<ConsentFact>,
    /// The visits of all versions.
    pub visits: Vec<FollowedVisit>,
}

/// Some of a study's enrolled participants, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowChunk {
    /// Those of them who have a schedule.
    pub participants: Vec<FollowedParticipant>,
    /// Where the next chunk begins; none when this was the last.
    pub next: Option<ParticipantId>,
}

#[derive(FromQueryResult)]
struct IdRow {
    id: Uuid,
}

#[derive(FromQueryResult)]
struct ParticipantRow {
    id: Uuid,
    arm_num: i32,
    time_zone: String,
    version_id: Uuid,
    anchor_date_used: NaiveDate,
    given_at: Option<Timestamp>,
}

#[derive(FromQueryResult)]
struct VisitRow {
    participant_id: Uuid,
    visit_window_id: Uuid,
    is_current: bool,
    status: String,
    window_start: NaiveDate,
    scheduled_date: NaiveDate,
    window_end: NaiveDate,
}

/// The participants whom the chunk has locked, and perhaps some who came since.
const IN_CHUNK: &str = "p.study_id = $1 AND p.status = 'enrolled' AND p.id >= $2 AND p.id <= $3";

impl Snapshot {
    /// Pending visits of current versions in events that REDCap no longer has.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn visits_without_event(&self, study: StudyId) -> Result<usize> {
        let text = "SELECT count(*) FROM visits v \
                    JOIN schedule_versions s ON s.id = v.schedule_version_id AND s.is_current \
                    JOIN participants p ON p.id = s.participant_id AND p.study_id = $1 AND p.status <> 'withdrawn' \
                    JOIN visit_windows w ON w.id = v.visit_window_id AND NOT w.active WHERE v.status = 'pending'";
        usize::try_from(self.count(text, sql::values![study.0]).await?).map_err(StoreError::inconsistent)
    }
}

impl Tx {
    /// Locks up to `limit` enrolled participants after `after`, and reads their schedules.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn lock_follow_chunk(
        &self,
        study: StudyId,
        after: Option<ParticipantId>,
        limit: u32,
    ) -> Result<FollowChunk> {
        let text = format!(
            "SELECT id FROM participants WHERE study_id = $1 AND status = 'enrolled' AND ($2 IS NULL OR id > $2) \
             ORDER BY id LIMIT $3{}",
            self.dialect.for_update()
        );
        let locked: Vec<IdRow> = self.all(&text, sql::values![study.0, after.map(|id| id.0), i64::from(limit)]).await?;
        let (Some(first), Some(last)) = (locked.first(), locked.last()) else { return Ok(FollowChunk::default()) };
        let next = (locked.len() >= limit as usize).then_some(ParticipantId(last.id));
        let mut visits = self.visits_of_chunk(study, first.id, last.id).await?;
        let text = format!(
            "SELECT p.id, p.arm_num, p.time_zone, s.id AS version_id, s.anchor_date_used, c.given_at FROM participants p \
             JOIN schedule_versions s ON s.participant_id = p.id AND s.is_current \
             LEFT JOIN consents c ON c.participant_id = p.id WHERE {IN_CHUNK} ORDER BY p.id"
        );
        let rows: Vec<ParticipantRow> = self.all(&text, sql::values![study.0, first.id, last.id]).await?;
        let rows = rows.into_iter().filter(|row| locked.iter().any(|locked| locked.id == row.id));
        let of = |row: ParticipantRow| FollowedParticipant {
            id: ParticipantId(row.id),
            arm_num: row.arm_num,
            time_zone: row.time_zone,
            version: ScheduleVersionId(row.version_id),
            anchor: row.anchor_date_used,
            consent: row.given_at.map(|given_at| ConsentFact { given_at }),
            visits: visits.remove(&row.id).unwrap_or_default(),
        };
        Ok(FollowChunk { participants: rows.map(of).collect(), next })
    }

    async fn visits_of_chunk(
        &self,
        study: StudyId,
        first: Uuid,
        last: Uuid,
    ) -> Result<BTreeMap<Uuid, Vec<FollowedVisit>>> {
        let text = format!(
            "SELECT s.participant_id, v.visit_window_id, s.is_current, v.status, v.window_start, v.scheduled_date, \
             v.window_end FROM visits v JOIN schedule_versions s ON s.id = v.schedule_version_id \
             JOIN participants p ON p.id = s.participant_id WHERE {IN_CHUNK}"
        );
        let mut of: BTreeMap<Uuid, Vec<FollowedVisit>> = BTreeMap::new();
        for row in self.all::<VisitRow>(&text, sql::values![study.0, first, last]).await? {
            of.entry(row.participant_id).or_default().push(FollowedVisit {
                window: WindowId(row.visit_window_id),
                in_current_version: row.is_current,
                status: row.status.parse().map_err(StoreError::inconsistent)?,
                dates: (row.window_start, row.scheduled_date, row.window_end),
            });
        }
        Ok(of)
    }
}
