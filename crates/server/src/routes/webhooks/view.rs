//! An event as staff see it.

use chrono::{DateTime, Utc};
use metricis_core::words::{EventSource, EventStatus};
use metricis_store::StoredEvent;
use utoipa::ToSchema;
use uuid::Uuid;

/// A received event.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct EventShown {
    id: Uuid,
    #[schema(schema_with = crate::schema::event_source)]
    source: EventSource,
    project_id: String,
    record_id: String,
    instrument: String,
    event_name: Option<String>,
    #[schema(schema_with = crate::schema::event_status)]
    status: EventStatus,
    received_at: DateTime<Utc>,
    claimed_at: Option<DateTime<Utc>>,
    processed_at: Option<DateTime<Utc>>,
    error_message: Option<String>,
    /// Why it had no effect.
    note: Option<String>,
    /// How often a person replayed it.
    retry_count: i32,
    /// The event that it repeats.
    duplicate_of_id: Option<Uuid>,
}

/// A received event with its form.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct EventDetail {
    #[serde(flatten)]
    event: EventShown,
    /// The form's fields, in their order.
    form: Vec<FormField>,
}

#[derive(serde::Serialize, ToSchema)]
struct FormField {
    name: String,
    value: String,
}

impl From<StoredEvent> for EventShown {
    fn from(event: StoredEvent) -> Self {
        Self {
            id: event.id.0,
            source: event.source,
            project_id: event.project_id,
            record_id: event.record_id,
            instrument: event.instrument,
            event_name: event.event_name,
            status: event.status,
            received_at: event.received_at,
            claimed_at: event.claimed_at,
            processed_at: event.processed_at,
            error_message: event.error_message,
            note: event.note,
            retry_count: event.retry_count,
            duplicate_of_id: event.duplicate_of.map(|id| id.0),
        }
    }
}

impl From<StoredEvent> for EventDetail {
    fn from(mut event: StoredEvent) -> Self {
        let form = std::mem::take(&mut event.form);
        Self { form: form.into_iter().map(|(name, value)| FormField { name, value }).collect(), event: event.into() }
    }
}
