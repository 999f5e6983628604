//! Whether what the participant sent has reached REDCap (checklist §1 row 13, §9.1).

use axum::Json;
use chrono::{DateTime, Utc};
use metricis_core::sync::{DataStatus, data_status};
use utoipa::ToSchema;

use crate::extract::{Call, ParticipantSession};
use crate::problem::{Answer, Refusals};

#[derive(serde::Serialize, ToSchema)]
pub(super) struct DataStatusShown {
    /// A result did not reach REDCap.
    has_failed_sync: bool,
    failed_count: u64,
    pending_count: u64,
    oldest_pending_at: Option<DateTime<Utc>>,
    /// A result failed, or has waited for over 15 minutes.
    stale: bool,
    /// What to show, if anything.
    banner: Option<&'static str>,
}

impl From<DataStatus> for DataStatusShown {
    fn from(status: DataStatus) -> Self {
        Self {
            has_failed_sync: status.has_failed_sync,
            failed_count: status.failed_count,
            pending_count: status.pending_count,
            oldest_pending_at: status.oldest_pending_at,
            stale: status.stale,
            banner: status.banner,
        }
    }
}

/// Whether everything that was sent has arrived.
#[utoipa::path(get, path = "/api/portal/data-status", tag = "portal", security(("token" = [])),
    responses((status = 200, body = DataStatusShown), Refusals))]
pub(super) async fn get_data_status(call: Call<ParticipantSession>) -> Answer<DataStatusShown> {
    let facts = call.tx.sync_facts(call.who.participant.id).await?;
    Ok(Json(data_status(&facts, call.now()).into()))
}
