//! Visits: made by the scheduler's plan, never deleted, never re-dated.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use metricis_core::ids::{ParticipantId, ScheduleVersionId, StudyId, VisitId, WindowId};
use metricis_core::schedule::PlannedVisit;
use metricis_core::words::VisitStatus;
use sea_orm::{FromQueryResult, Value as Bound};
use serde_json::Value;
use uuid::Uuid;

use crate::participants::filter::MATCHES;
use crate::{ParticipantFilter, Result, Snapshot, StoreError, Tx, sql};

const SELECT: &str = "SELECT v.id, s.participant_id, p.study_id, v.schedule_version_id, s.version_number, s.is_current, \
                      v.visit_window_id, w.label, w.event_name, w.active AS in_redcap, w.repeating, w.arm_num, w.instruments, \
                      w.repeating_instruments, w.survey_instruments, v.survey_state, \
                      v.status, v.scheduled_date, v.window_start, v.window_end, v.actual_visit_date, v.anchor_reconciled, \
                      v.original_target_date, v.review_flag FROM visits v \
                      JOIN schedule_versions s ON s.id = v.schedule_version_id \
                      JOIN participants p ON p.id = s.participant_id \
                      JOIN visit_windows w ON w.id = v.visit_window_id";
const ROW_COLUMNS: usize = 9;

/// What REDCap says about one survey of a visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct SurveyState {
    /// 0 incomplete, 1 unverified, 2 complete.
    pub complete: u8,
}

/// A visit as stored, with what its window says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StoredVisit {
    /// Its id.
    pub id: VisitId,
    /// Its study.
    pub study: StudyId,
    /// Whose visit.
    pub participant: ParticipantId,
    /// The version it belongs to.
    pub version: ScheduleVersionId,
    /// 1, 2, 3, …
    pub version_number: i32,
    /// Whether that version is the one that counts.
    pub in_current_version: bool,
    /// Its window.
    pub window: WindowId,
    /// What people call the window.
    pub label: String,
    /// REDCap's unique event name, as of the last event sync.
    pub event_name: String,
    /// Whether REDCap still had the event then.
    pub in_redcap: bool,
    /// Whether the event repeats as a whole; its first occurrence is the visit.
    pub repeating: bool,
    /// The arm.
    pub arm_num: i32,
    /// Instruments designated for the event.
    pub instruments: Vec<String>,
    /// Of these, the ones that repeat by themselves; their first instance is the visit's.
    pub repeating_instruments: Vec<String>,
    /// Of these, the surveys.
    pub survey_instruments: Vec<String>,
    /// By instrument, what REDCap says of its survey.
    pub survey_state: BTreeMap<String, SurveyState>,
    /// pending, completed, missed or cancelled.
    pub status: VisitStatus,
    /// The day it is due.
    pub scheduled_date: NaiveDate,
    /// The first day it may happen.
    pub window_start: NaiveDate,
    /// The last day it may happen.
    pub window_end: NaiveDate,
    /// The day it happened.
    pub actual_visit_date: Option<NaiveDate>,
    /// An anchor was moved after it was completed.
    pub anchor_reconciled: bool,
    /// When it was due at the first such move.
    pub original_target_date: Option<NaiveDate>,
    /// What a person should look at.
    pub review_flag: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    participant_id: Uuid,
    study_id: Uuid,
    schedule_version_id: Uuid,
    version_number: i32,
    is_current: bool,
    visit_window_id: Uuid,
    label: String,
    event_name: String,
    in_redcap: bool,
    repeating: bool,
    arm_num: i32,
    instruments: Value,
    repeating_instruments: Value,
    survey_instruments: Value,
    survey_state: Value,
    status: String,
    scheduled_date: NaiveDate,
    window_start: NaiveDate,
    window_end: NaiveDate,
    actual_visit_date: Option<NaiveDate>,
    anchor_reconciled: bool,
    original_target_date: Option<NaiveDate>,
    review_flag: Option<String>,
}

impl TryFrom<Row> for StoredVisit {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        let names = |value| serde_json::from_value(value).map_err(StoreError::inconsistent);
        Ok(Self {
            id: VisitId(row.id),
            study: StudyId(row.study_id),
            participant: ParticipantId(row.participant_id),
            version: ScheduleVersionId(row.schedule_version_id),
            version_number: row.version_number,
            in_current_version: row.is_current,
            window: WindowId(row.visit_window_id),
            label: row.label,
            event_name: row.event_name,
            in_redcap: row.in_redcap,
            repeating: row.repeating,
            arm_num: row.arm_num,
            instruments: names(row.instruments)?,
            repeating_instruments: names(row.repeating_instruments)?,
            survey_instruments: names(row.survey_instruments)?,
            survey_state: serde_json::from_value(row.survey_state).map_err(StoreError::inconsistent)?,
            status: row.status.parse().map_err(StoreError::inconsistent)?,
            scheduled_date: row.scheduled_date,
            window_start: row.window_start,
            window_end: row.window_end,
            actual_visit_date: row.actual_visit_date,
            anchor_reconciled: row.anchor_reconciled,
            original_target_date: row.original_target_date,
            review_flag: row.review_flag,
        })
    }
}

impl Snapshot {
    /// The visits of all versions, by version, then by date.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn visits(&self, participant: ParticipantId) -> Result<Vec<StoredVisit>> {
        let text = format!(
            "{SELECT} WHERE s.participant_id = $1 ORDER BY s.version_number, v.scheduled_date, w.position, v.id"
        );
        self.all::<Row>(&text, sql::values![participant.0]).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// The visits of all versions of the participants on a page, by participant, by version, then by date.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn visits_of_page(&self, study: StudyId, page: &ParticipantFilter) -> Result<Vec<StoredVisit>> {
        let text = format!(
            "{SELECT} WHERE p.id IN (SELECT p.id FROM participants p WHERE {MATCHES} AND ($6 IS NULL OR p.id > $6) \
             ORDER BY p.id LIMIT $7) ORDER BY p.id, s.version_number, v.scheduled_date, w.position, v.id"
        );
        let mut args = page.args(study);
        args.extend(sql::values![page.after.map(|id| id.0), i64::from(page.limit)]);
        self.all::<Row>(&text, args).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// The visit with this id.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn visit(&self, id: VisitId) -> Result<Option<StoredVisit>> {
        let text = format!("{SELECT} WHERE v.id = $1");
        self.one::<Row>(&text, sql::values![id.0]).await?.map(TryInto::try_into).transpose()
    }
}

impl Tx {
    /// Creates the planned visits of a version.
    ///
    /// # Errors
    /// A conflict when the version has a visit for one of the windows.
    pub async fn insert_visits(&self, version: ScheduleVersionId, visits: &[PlannedVisit]) -> Result<()> {
        if visits.is_empty() {
            return Ok(());
        }
        let mut args: Vec<Bound> = Vec::with_capacity(visits.len() * ROW_COLUMNS);
        for visit in visits {
            args.extend(sql::values![
                VisitId::at(self.now).0,
                version.0,
                visit.window.0,
                VisitStatus::Pending.as_str(),
                visit.target,
                visit.window_start,
                visit.window_end,
                false,
                self.now,
            ]);
        }
        let rows = sql::rows(visits.len(), ROW_COLUMNS, 1);
        let text = format!(
            "INSERT INTO visits (id, schedule_version_id, visit_window_id, status, scheduled_date, window_start, window_end, \
             anchor_reconciled, created_at, updated_at) \
             SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9, column9 \
             FROM (VALUES {rows}) planned"
        );
        self.execute(&text, args).await?;
        Ok(())
    }

    /// Writes what REDCap says of a visit's surveys, in place of what it said before.
    ///
    /// # Errors
    /// A conflict when there is no such visit.
    pub async fn set_survey_state(&self, visit: VisitId, state: &BTreeMap<String, SurveyState>) -> Result<()> {
        let json = serde_json::to_value(state).map_err(StoreError::inconsistent)?;
        let text = "UPDATE visits SET survey_state = $2, updated_at = $3 WHERE id = $1";
        self.transition(1, "no such visit", text, sql::values![visit.0, json, self.now]).await
    }

    /// Marks a pending visit as held on `date`, a day in the participant's time zone.
    ///
    /// # Errors
    /// A conflict when the visit is not pending.
    pub async fn complete_visit(&self, visit: VisitId, date: NaiveDate) -> Result<()> {
        let text = "UPDATE visits SET status = 'completed', actual_visit_date = $2, updated_at = $3 \
                    WHERE id = $1 AND status = 'pending'";
        self.transition(1, "the visit is not pending", text, sql::values![visit.0, date, self.now]).await
    }
}
