//! What an import of participants needs to know of a study's events, and the event that it leaves for each record.
//!
//! Invariant: a record has one way in at a time: while an event of it waits, is under way or has failed, the import leaves it alone.

use std::collections::BTreeMap;

use metricis_core::ids::{EventId, ProcessId, StudyId};
use metricis_core::words::EventStatus;
use sea_orm::FromQueryResult;
use serde_json::json;

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
        let text = "INSERT INTO webhook_events (id, study_id, source, project_id, record_id, instrument, event_name, natural_key, \
                    form, status, received_at, claimed_at, claimed_by, retry_count) \
                    SELECT $1, $2, 'reconcile', $3, $4, $5, $6, $7, $8, 'processing', $9, $9, $10, 0 \
                    WHERE NOT EXISTS (SELECT 1 FROM webhook_events \
                      WHERE study_id = $2 AND record_id = $4 AND status IN ('received', 'processing')) \
                    AND coalesce((SELECT status FROM webhook_events \
                      WHERE study_id = $2 AND record_id = $4 AND status <> 'duplicate' \
                      ORDER BY received_at DESC, id DESC LIMIT 1), 'none') <> 'failed'";
        let args = sql::values![
            new.id.0,
            new.study.0,
            new.project_id.as_str(),
            new.record_id.as_str(),
            new.instrument.as_str(),
            new.event_name.as_deref(),
            // Never the key of a DET: it makes nothing a duplicate.
            format!("import:{}", new.id),
            json!(new.form),
            self.now,
            process.0,
        ];
        Ok((self.execute(text, args).await? == 1).then_some(new.id))
    }
}
