//! The visits that a day asks for: whose window holds it, whose window has passed, whose window opens soon.
//!
//! Invariant: pending visits of current versions of enrolled participants, and nothing else; the three lists share no visit.

use chrono::{Duration, NaiveDate};
use metricis_core::ids::{ParticipantId, StudyId, VisitId};
use metricis_core::words::VisitStatus;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Snapshot, StoreError, sql};

/// Visits shown of each list; its total counts them all.
const SHOWN: i64 = 100;
const SOON_DAYS: i64 = 7;

/// The visits that a day can ask for; the three conditions below divide them by their windows. `core::schedule::visit_state` is the same
/// rule for one visit, and everything that counts or lists visits of a day is made of these texts.
pub(crate) const ASKED: &str = "visits v JOIN schedule_versions s ON s.id = v.schedule_version_id AND s.is_current \
     JOIN participants p ON p.id = s.participant_id AND p.study_id = $1 AND p.status = 'enrolled' AND v.status = 'pending'";
/// Of `$2`, the day.
pub(crate) const DUE: &str = "v.window_start <= $2 AND v.window_end >= $2";
pub(crate) const OVERDUE: &str = "v.window_end < $2";
/// And of `$3`, the last day that is soon.
pub(crate) const UPCOMING: &str = "v.window_start > $2 AND v.window_start <= $3";

/// The last day that is soon.
pub(crate) fn soon_after(today: NaiveDate) -> NaiveDate {
    today.checked_add_signed(Duration::days(SOON_DAYS)).unwrap_or(NaiveDate::MAX)
}

/// What a day asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Today {
    /// The window holds the day; the first to close comes first.
    pub due: DayList,
    /// The window has passed; the longest ago comes first.
    pub overdue: DayList,
    /// The window opens within seven days; the first to open comes first.
    pub upcoming: DayList,
}

/// The first visits of a list, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayList {
    /// Of all visits.
    pub total: u64,
    /// The first hundred.
    pub visits: Vec<DayVisit>,
}

/// A visit, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayVisit {
    /// The visit.
    pub id: VisitId,
    /// Whose.
    pub participant: ParticipantId,
    /// Their code.
    pub participant_code: String,
    /// The code of their site.
    pub site_code: Option<String>,
    /// What people call the visit.
    pub label: String,
    /// REDCap's unique event name.
    pub event_name: String,
    /// pending.
    pub status: VisitStatus,
    /// The day it is due.
    pub target_date: NaiveDate,
    /// The first day it may happen.
    pub window_start: NaiveDate,
    /// The last day it may happen.
    pub window_end: NaiveDate,
}

#[derive(FromQueryResult)]
struct Row {
    total: i64,
    id: Uuid,
    participant_id: Uuid,
    participant_code: String,
    site_code: Option<String>,
    label: String,
    event_name: String,
    status: String,
    scheduled_date: NaiveDate,
    window_start: NaiveDate,
    window_end: NaiveDate,
}

impl TryFrom<Row> for DayVisit {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: VisitId(row.id),
            participant: ParticipantId(row.participant_id),
            participant_code: row.participant_code,
            site_code: row.site_code,
            label: row.label,
            event_name: row.event_name,
            status: row.status.parse().map_err(StoreError::inconsistent)?,
            target_date: row.scheduled_date,
            window_start: row.window_start,
            window_end: row.window_end,
        })
    }
}

impl Snapshot {
    /// What `today` asks of a study's people.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn today(&self, study: StudyId, today: NaiveDate) -> Result<Today> {
        let soon = soon_after(today);
        // Each condition takes both dates, so that the three share their values.
        let by_end = |which: &str| format!("{which} AND $3 >= $2 ORDER BY v.window_end");
        let by_start = format!("{UPCOMING} ORDER BY v.window_start");
        Ok(Today {
            due: self.day_list(&by_end(DUE), study, today, soon).await?,
            overdue: self.day_list(&by_end(OVERDUE), study, today, soon).await?,
            upcoming: self.day_list(&by_start, study, today, soon).await?,
        })
    }

    async fn day_list(&self, which: &str, study: StudyId, today: NaiveDate, soon: NaiveDate) -> Result<DayList> {
        let text = format!(
            "SELECT count(*) OVER () AS total, v.id, p.id AS participant_id, p.participant_code, t.code AS site_code, w.label, \
             w.event_name, v.status, v.scheduled_date, v.window_start, v.window_end FROM {ASKED} \
             JOIN visit_windows w ON w.id = v.visit_window_id LEFT JOIN sites t ON t.id = p.site_id \
             WHERE {which}, p.id, v.id LIMIT {SHOWN}"
        );
        let rows: Vec<Row> = self.all(&text, sql::values![study.0, today, soon]).await?;
        let total = rows.first().map_or(0, |row| row.total.unsigned_abs());
        let visits = rows.into_iter().map(TryInto::try_into).collect::<Result<_>>()?;
        Ok(DayList { total, visits })
    }
}
