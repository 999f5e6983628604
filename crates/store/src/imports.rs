//! What an import of participants needs to know of a study's events, and the event that it leaves for each record.
//!
//! Invariant: a record has one way in at a time: while an event of it waits, is under way or has failed, the import leaves it alone.

use std::collections::BTreeMap;

use metricis_core::ids::{EventId, ProcessId, StudyId};
use metricis_core::words::EventStatus;
use sea_orm::FromQueryResult;

use crate::{NewReconcileEvent, Result, Snapshot, StoreError, Tx, sql};

#[derive(FromQueryResult)]
struct OwedRow {
    record_id: String,
    status: String,
}

impl Snapshot {
    /// The records of a study whose event waits or is under way, or whose latest event has failed, each with that state.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn owed_records(&self, study: StudyId) -> Result<BTreeMap<String, EventStatus>> {
        let text = "SELECT record_id, status FROM webhook_events mine WHERE study_id = $1 AND ( \
                      status IN ('received', 'processing') \
                      OR (status = 'failed' AND NOT EXISTS (SELECT 1 FROM webhook_events later \
                        WHERE later.study_id = mine.study_id AND later.record_id = mine.record_id \
                        AND later.status <> 'duplicate' AND (later.received_at, later.id) > (mine.received_at, mine.id)))) \
                    ORDER BY received_at, id";
        let rows = self.all::<OwedRow>(text, sql::values![study.0]).await?;
        let state = |row: OwedRow| Ok((row.record_id, row.status.parse().map_err(StoreError::inconsistent)?));
        rows.into_iter().map(state).collect()
    }
}

impl Tx {
    /// Adds the event of a record that this very transaction enrols, in the hands of `process`, which finishes it before it
    /// commits. None, and nothing is added, when an event of the record waits, is under way, or has failed last.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn insert_imported_event(&self, new: &NewReconcileEvent, process: ProcessId) -> Result<Option<EventId>> {
        self.insert_event_unless_owed(new, Some(process)).await
    }
}
