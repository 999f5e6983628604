//! The participant's own visits: those to come and those that were held.

use axum::Json;
use chrono::{DateTime, NaiveDate, Utc};
use metricis_core::schedule::{closes_at, opens_at};
use metricis_core::words::{ParticipantStatus, VisitStatus};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::extract::{Call, ParticipantSession};
use crate::problem::{Answer, Refusals};
use crate::today::zone_of_participant;

#[derive(serde::Serialize, ToSchema)]
pub(super) struct OwnSchedule {
    /// IANA name of the zone in which the participant's days begin and end.
    time_zone: String,
    /// By date.
    visits: Vec<OwnVisit>,
}

#[derive(serde::Serialize, ToSchema)]
struct OwnVisit {
    visit_id: Uuid,
    label: String,
    #[schema(schema_with = crate::schema::visit_status)]
    status: VisitStatus,
    target_date: NaiveDate,
    window_start: NaiveDate,
    window_end: NaiveDate,
    opens_at: DateTime<Utc>,
    /// The first moment at which it is over.
    closes_at: DateTime<Utc>,
    /// Whether it was held.
    done: bool,
}

/// The visits of the present schedule, and those that were held under an earlier one.
#[utoipa::path(get, path = "/api/portal/schedule", tag = "portal", security(("token" = [])),
    responses((status = 200, body = OwnSchedule), Refusals))]
pub(super) async fn get_schedule(call: Call<ParticipantSession>) -> Answer<OwnSchedule> {
    let study = call.study().await?;
    let participant = &call.who.participant;
    let zone = zone_of_participant(participant, &study);
    let withdrawn = participant.status == ParticipantStatus::Withdrawn;
    let mut visits = call.tx.visits(participant.id).await?;
    visits.retain(|visit| match visit.status {
        VisitStatus::Completed => true,
        VisitStatus::Pending | VisitStatus::Missed => visit.in_current_version && !withdrawn,
        VisitStatus::Cancelled => false,
    });
    visits.sort_by_key(|visit| visit.scheduled_date);
    let shown = visits.into_iter().map(|visit| OwnVisit {
        visit_id: visit.id.0,
        label: visit.label,
        status: visit.status,
        target_date: visit.scheduled_date,
        window_start: visit.window_start,
        window_end: visit.window_end,
        opens_at: opens_at(visit.window_start, zone),
        closes_at: closes_at(visit.window_end, zone),
        done: visit.status == VisitStatus::Completed,
    });
    Ok(Json(OwnSchedule { time_zone: zone.name().to_owned(), visits: shown.collect() }))
}
