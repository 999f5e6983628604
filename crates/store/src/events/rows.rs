//! An event's row, and how it becomes typed.

use metricis_core::Timestamp;
use metricis_core::ids::{EventId, ProcessId, StudyId};
use metricis_core::words::{EventEffect, EventSource, EventStatus};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::{Result, StoreError};

pub(super) const COLUMNS: &str = "id, study_id, source, project_id, record_id, instrument, event_name, form, natural_key, status, \
                       received_at, claimed_at, claimed_by, processed_at, effect, error_message, note, retry_count, duplicate_of_id";

/// An event as stored.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StoredEvent {
    /// Its id.
    pub id: EventId,
    /// Its study.
    pub study: StudyId,
    /// Where it came from.
    pub source: EventSource,
    /// REDCap's project id.
    pub project_id: String,
    /// The record.
    pub record_id: String,
    /// Unique form name.
    pub instrument: String,
    /// Unique event name.
    pub event_name: Option<String>,
    /// The whole form, in its order.
    pub form: Vec<(String, String)>,
    /// What makes two deliveries the same save.
    pub natural_key: String,
    /// received, processing, processed, failed or duplicate.
    pub status: EventStatus,
    /// When it arrived.
    pub received_at: Timestamp,
    /// When a worker last took it.
    pub claimed_at: Option<Timestamp>,
    /// Which process that was.
    pub claimed_by: Option<ProcessId>,
    /// When it was applied.
    pub processed_at: Option<Timestamp>,
    /// What it did, of one that was processed.
    pub effect: Option<EventEffect>,
    /// Why it failed.
    pub error_message: Option<String>,
    /// What a person should know of it; why, when it had no effect.
    pub note: Option<String>,
    /// How often a person replayed it.
    pub retry_count: i32,
    /// The event that it repeats.
    pub duplicate_of: Option<EventId>,
}

#[derive(FromQueryResult)]
pub(super) struct Row {
    id: Uuid,
    study_id: Uuid,
    source: String,
    project_id: String,
    record_id: String,
    instrument: String,
    event_name: Option<String>,
    form: Value,
    natural_key: String,
    status: String,
    received_at: Timestamp,
    claimed_at: Option<Timestamp>,
    claimed_by: Option<Uuid>,
    processed_at: Option<Timestamp>,
    effect: Option<String>,
    error_message: Option<String>,
    note: Option<String>,
    retry_count: i32,
    duplicate_of_id: Option<Uuid>,
}

impl TryFrom<Row> for StoredEvent {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        let status: EventStatus = row.status.parse().map_err(StoreError::inconsistent)?;
        let effect: Option<EventEffect> =
            row.effect.as_deref().map(str::parse).transpose().map_err(StoreError::inconsistent)?;
        if effect.is_some() != (status == EventStatus::Processed) {
            return Err(StoreError::Inconsistent(format!("event {} is {status}, its effect {:?}", row.id, row.effect)));
        }
        Ok(Self {
            id: EventId(row.id),
            study: StudyId(row.study_id),
            source: row.source.parse().map_err(StoreError::inconsistent)?,
            project_id: row.project_id,
            record_id: row.record_id,
            instrument: row.instrument,
            event_name: row.event_name,
            form: serde_json::from_value(row.form).map_err(StoreError::inconsistent)?,
            natural_key: row.natural_key,
            status,
            received_at: row.received_at,
            claimed_at: row.claimed_at,
            claimed_by: row.claimed_by.map(ProcessId),
            processed_at: row.processed_at,
            effect,
            error_message: row.error_message,
            note: row.note,
            retry_count: row.retry_count,
            duplicate_of: row.duplicate_of_id.map(EventId),
        })
    }
}
