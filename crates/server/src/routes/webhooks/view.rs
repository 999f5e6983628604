//! An event as staff see it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use metricis_core::enrolment::refuse_replay;
use metricis_core::ids::EventId;
use metricis_core::words::{EventEffect, EventSource, EventStatus};
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
    /// What it did, of one that was processed; one that came `too_early` for its study may be replayed.
    #[schema(schema_with = crate::schema::event_effect)]
    effect: Option<EventEffect>,
    error_message: Option<String>,
    /// What a person should know of it; why, when it had no effect.
    note: Option<String>,
    /// How often a person replayed it.
    retry_count: i32,
    /// The event that it repeats.
    duplicate_of_id: Option<Uuid>,
    /// A person may hand it to a worker again: it failed, it is stuck, or it came too early.
    replayable: bool,
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

impl EventShown {
    /// The event as it is shown; `stuck` holds the ids of those in `processing` that no worker will end.
    pub(super) fn of(event: StoredEvent, stuck: &BTreeSet<EventId>) -> Self {
        Self {
            replayable: refuse_replay(event.status, stuck.contains(&event.id), event.effect).is_ok(),
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
            effect: event.effect,
            error_message: event.error_message,
            note: event.note,
            retry_count: event.retry_count,
            duplicate_of_id: event.duplicate_of.map(|id| id.0),
        }
    }
}

impl EventDetail {
    /// The event with its form.
    pub(super) fn of(mut event: StoredEvent, stuck: &BTreeSet<EventId>) -> Self {
        let form = std::mem::take(&mut event.form);
        let form = form.into_iter().map(|(name, value)| FormField { name, value }).collect();
        Self { form, event: EventShown::of(event, stuck) }
    }
}
