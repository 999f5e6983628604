//! The visits that today asks for, on the study's own date.

use axum::Json;
use chrono::NaiveDate;
use metricis_core::words::VisitStatus;
use metricis_store::{DayList, DayVisit};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::extract::{Call, StudyMember};
use crate::problem::{Answer, Refusals};
use crate::today::zone_of;

#[derive(serde::Serialize, ToSchema)]
pub(super) struct TodayShown {
    /// The study's own date.
    study_date: NaiveDate,
    /// IANA name of the study's zone.
    time_zone: String,
    /// The window holds today, whatever the target date; the first to close comes first.
    due: DayListShown,
    /// The window has passed; the longest ago comes first.
    overdue: DayListShown,
    /// The window opens within the next seven days; the first to open comes first.
    upcoming: DayListShown,
}

#[derive(serde::Serialize, ToSchema)]
struct DayListShown {
    /// Of all visits.
    total: u64,
    /// The first hundred.
    visits: Vec<DayVisitShown>,
}

/// A pending visit of an enrolled participant's current schedule.
#[derive(serde::Serialize, ToSchema)]
struct DayVisitShown {
    visit_id: Uuid,
    participant_id: Uuid,
    participant_code: String,
    site_code: Option<String>,
    label: String,
    /// REDCap's unique event name.
    event_name: String,
    #[schema(schema_with = crate::schema::visit_status)]
    status: VisitStatus,
    target_date: NaiveDate,
    window_start: NaiveDate,
    window_end: NaiveDate,
    /// Days from today to the window's last day; negative once it has passed.
    days_left: i64,
}

impl DayListShown {
    fn of(list: DayList, today: NaiveDate) -> Self {
        Self {
            total: list.total,
            visits: list.visits.into_iter().map(|visit| DayVisitShown::of(visit, today)).collect(),
        }
    }
}

impl DayVisitShown {
    fn of(visit: DayVisit, today: NaiveDate) -> Self {
        Self {
            visit_id: visit.id.0,
            participant_id: visit.participant.0,
            participant_code: visit.participant_code,
            site_code: visit.site_code,
            label: visit.label,
            event_name: visit.event_name,
            status: visit.status,
            target_date: visit.target_date,
            window_start: visit.window_start,
            window_end: visit.window_end,
            days_left: visit.window_end.signed_duration_since(today).num_days(),
        }
    }
}

/// Visits due, overdue, and due within seven days.
#[utoipa::path(get, path = "/api/studies/{study_id}/today", tag = "studies", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = TodayShown), Refusals))]
pub(super) async fn get_today(call: Call<StudyMember>) -> Answer<TodayShown> {
    let study = call.study().await?;
    let zone = zone_of(&study);
    let study_date = call.app.today(&study, zone, call.now());
    let found = call.tx.today(study.id, study_date).await?;
    Ok(Json(TodayShown {
        study_date,
        time_zone: zone.name().to_owned(),
        due: DayListShown::of(found.due, study_date),
        overdue: DayListShown::of(found.overdue, study_date),
        upcoming: DayListShown::of(found.upcoming, study_date),
    }))
}
