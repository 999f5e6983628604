//! Participants × visit windows: a page of rows, each with the one visit that counts for a window.
//!
//! Invariants: two queries, whatever the page; a cell is the visit of the current version, else the completed or missed one
//! that a former version kept.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use metricis_core::ids::{ParticipantId, StudyId, VisitId, WindowId};
use metricis_core::schedule::Window;
use metricis_core::words::{ParticipantStatus, VisitStatus};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::participants::filter::MATCHES;
use crate::{ParticipantFilter, Result, Snapshot, StoreError, sql};

/// A page of the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// Participants that the filter lets through, on all pages.
    pub total: u64,
    /// The columns: windows that make visits or have some, by arm and position.
    pub windows: Vec<Window>,
    /// The participants of the page, in the order of their enrolment.
    pub rows: Vec<MatrixRow>,
}

/// A participant's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixRow {
    /// Who.
    pub participant: ParticipantId,
    /// Their code.
    pub participant_code: String,
    /// screened, enrolled, completed or withdrawn.
    pub status: ParticipantStatus,
    /// The code of their site.
    pub site_code: Option<String>,
    /// By window.
    pub visits: BTreeMap<WindowId, MatrixVisit>,
}

/// The visit of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixVisit {
    /// The visit.
    pub id: VisitId,
    /// pending, completed, missed or cancelled.
    pub status: VisitStatus,
    /// The day it is due.
    pub target_date: NaiveDate,
    /// The first day it may happen.
    pub window_start: NaiveDate,
    /// The last day it may happen.
    pub window_end: NaiveDate,
}

/// One row for each visit; one without a visit for a participant who has none; one without a participant for an empty page.
#[derive(FromQueryResult)]
struct Row {
    total: i64,
    participant_id: Option<Uuid>,
    participant_code: Option<String>,
    participant_status: Option<String>,
    site_code: Option<String>,
    visit_id: Option<Uuid>,
    visit_window_id: Option<Uuid>,
    visit_status: Option<String>,
    scheduled_date: Option<NaiveDate>,
    window_start: Option<NaiveDate>,
    window_end: Option<NaiveDate>,
}

impl Row {
    fn participant(&self) -> Result<Option<MatrixRow>> {
        let (Some(id), Some(code), Some(status)) =
            (self.participant_id, &self.participant_code, &self.participant_status)
        else {
            return Ok(None);
        };
        Ok(Some(MatrixRow {
            participant: ParticipantId(id),
            participant_code: code.clone(),
            status: status.parse().map_err(StoreError::inconsistent)?,
            site_code: self.site_code.clone(),
            visits: BTreeMap::new(),
        }))
    }

    fn visit(&self) -> Result<Option<(WindowId, MatrixVisit)>> {
        let ids = (self.visit_id, self.visit_window_id, &self.visit_status);
        let dates = (self.scheduled_date, self.window_start, self.window_end);
        let ((Some(id), Some(window), Some(status)), (Some(target_date), Some(window_start), Some(window_end))) =
            (ids, dates)
        else {
            return Ok(None);
        };
        let status = status.parse().map_err(StoreError::inconsistent)?;
        Ok(Some((WindowId(window), MatrixVisit { id: VisitId(id), status, target_date, window_start, window_end })))
    }
}

impl Snapshot {
    /// The page of a study's matrix that `filter` asks for; its `after` is not heeded.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn matrix(&self, study: StudyId, filter: &ParticipantFilter) -> Result<Matrix> {
        let windows = self.matrix_windows(study).await?;
        // What counts comes last: a former version's visit, then a later one's, then the current one's.
        let text = format!(
            "SELECT n.total, p.id AS participant_id, p.participant_code, p.status AS participant_status, \
             t.code AS site_code, v.id AS visit_id, v.visit_window_id, v.status AS visit_status, v.scheduled_date, \
             v.window_start, v.window_end \
             FROM (SELECT count(*) AS total FROM participants p WHERE {MATCHES}) n \
             LEFT JOIN (SELECT p.* FROM participants p WHERE {MATCHES} ORDER BY p.id LIMIT $6 OFFSET $7) p ON TRUE \
             LEFT JOIN sites t ON t.id = p.site_id LEFT JOIN schedule_versions s ON s.participant_id = p.id \
             LEFT JOIN visits v ON v.schedule_version_id = s.id AND (s.is_current OR v.status IN ('completed', 'missed')) \
             ORDER BY p.id, s.is_current, s.version_number, v.id"
        );
        let mut args = filter.args(study);
        args.extend(sql::values![i64::from(filter.limit), i64::from(filter.offset)]);
        let found: Vec<Row> = self.all(&text, args).await?;
        let total = found.first().map_or(0, |row| row.total.unsigned_abs());
        let mut rows: Vec<MatrixRow> = vec![];
        for row in &found {
            let Some(participant) = row.participant()? else { continue };
            if rows.last().is_none_or(|last| last.participant != participant.participant) {
                rows.push(participant);
            }
            if let (Some(last), Some((window, visit))) = (rows.last_mut(), row.visit()?) {
                last.visits.insert(window, visit);
            }
        }
        Ok(Matrix { total, windows, rows })
    }

    async fn matrix_windows(&self, study: StudyId) -> Result<Vec<Window>> {
        let which =
            "active AND day_offset IS NOT NULL OR EXISTS (SELECT 1 FROM visits v WHERE v.visit_window_id = w.id)";
        self.windows_where(study, which).await
    }
}
