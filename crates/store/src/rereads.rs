//! Coalesced re-reads: two saves of one form look alike on the wire, so a duplicate asks for its record to be read again.
//!
//! `wanted` counts the askings, `done` the last one that a worker took on: what was asked for after that makes the record be
//! read once more, however the reading under way ends.
//!
//! ```text
//!   duplicate    worker               duplicate     worker         worker
//!   wanted = 1 ─► claim: done = 1 ──► wanted = 2 ─► end: open ───► claim: done = 2 ─► end: closed
//!                   └─ it dies ─────► wanted = 2 ─► reaper: error, open ─► claim: done = 2 …
//! ```
//!
//! `asked_at` is the moment of the first asking that is not answered yet: how long the record waits.
//!
//! Invariant: a re-read that failed, or whose process died, is shown and waits for a person or another asking; an asking is
//! never answered by a reading that began before it.

use std::collections::BTreeSet;

use metricis_core::Timestamp;
use metricis_core::ids::{EventId, ProcessId, StudyId};
use metricis_core::words::EventStatus;
use sea_orm::FromQueryResult;
use serde_json::json;
use uuid::Uuid;

use crate::{Result, Share, Snapshot, Tx, sql};

/// A re-read that a worker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reread {
    /// The study.
    pub study: StudyId,
    /// The record.
    pub record_id: String,
    /// The asking that this answers.
    pub generation: i64,
}

/// A re-read that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TroubledReread {
    /// The record.
    pub record_id: String,
    /// Since when a process that has not ended it holds it.
    pub claimed_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<String>,
}

/// A record found changed, to be worked on like a DET.
#[derive(Clone, Debug)]
pub struct NewReconcileEvent {
    /// The event's id.
    pub id: EventId,
    /// The study.
    pub study: StudyId,
    /// REDCap's project id.
    pub project_id: String,
    /// The record.
    pub record_id: String,
    /// The instrument in whose name the record is read.
    pub instrument: String,
    /// Unique event name.
    pub event_name: Option<String>,
    /// The form that a DET of this instrument would have had.
    pub form: Vec<(String, String)>,
}

#[derive(FromQueryResult)]
struct Row {
    study_id: Uuid,
    record_id: String,
    done: i64,
}

impl From<Row> for Reread {
    fn from(row: Row) -> Self {
        Self { study: StudyId(row.study_id), record_id: row.record_id, generation: row.done }
    }
}

#[derive(FromQueryResult)]
struct TroubledRow {
    record_id: String,
    claimed_at: Option<Timestamp>,
    error: Option<String>,
}

impl Snapshot {
    /// The re-reads that `process` holds, by record.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn claimed_rereads(&self, process: ProcessId) -> Result<Vec<Reread>> {
        let text =
            "SELECT study_id, record_id, done FROM record_rereads WHERE claimed_by = $1 ORDER BY study_id, record_id";
        Ok(self.all::<Row>(text, sql::values![process.0]).await?.into_iter().map(Into::into).collect())
    }

    /// The re-reads of a study that failed, or that a process took over 15 minutes ago and has not ended, by record. One whose
    /// process is dead is failed by the reaper of any other.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn troubled_rereads(&self, study: StudyId) -> Result<Vec<TroubledReread>> {
        let text = "SELECT record_id, claimed_at, error FROM record_rereads \
                    WHERE study_id = $1 AND (error IS NOT NULL OR claimed_at < $2) ORDER BY record_id";
        let rows = self.all::<TroubledRow>(text, sql::values![study.0, self.stuck_before()]).await?;
        let troubled = |row: TroubledRow| TroubledReread {
            record_id: row.record_id,
            claimed_at: row.claimed_at,
            error: row.error,
        };
        Ok(rows.into_iter().map(troubled).collect())
    }
}

impl Tx {
    /// A person asks for a record to be read again.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn ask_reread(&self, study: StudyId, record_id: &str) -> Result<()> {
        self.ask_rereads(&BTreeSet::from([(study.0, record_id)])).await
    }

    /// Asks for records to be read again, whoever asks: an error is forgotten, and a claim older than 15 minutes is freed –
    /// its process hangs, or nobody is left to reap it. In the set's order, so that two servers cannot deadlock.
    pub(crate) async fn ask_rereads(&self, records: &BTreeSet<(Uuid, &str)>) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let text = format!(
            "INSERT INTO record_rereads (study_id, record_id, wanted, done, asked_at) VALUES {} \
             ON CONFLICT (study_id, record_id) DO UPDATE SET wanted = record_rereads.wanted + 1, error = NULL, \
             asked_at = CASE WHEN record_rereads.wanted > record_rereads.done THEN record_rereads.asked_at \
               ELSE excluded.asked_at END, \
             claimed_by = CASE WHEN record_rereads.claimed_at < $1 THEN NULL ELSE record_rereads.claimed_by END, \
             claimed_at = CASE WHEN record_rereads.claimed_at < $1 THEN NULL ELSE record_rereads.claimed_at END",
            sql::rows(records.len(), 5, 2)
        );
        let mut args = sql::values![self.stuck_before()];
        args.extend(records.iter().flat_map(|(study, record)| sql::values![*study, *record, 1_i64, 0_i64, self.now]));
        self.execute(&text, args).await?;
        Ok(())
    }

    /// Takes the longest waiting re-read that nobody holds, of the study with the fewest live pieces of work, then the one that
    /// waits longest, but of none of which `process` has its share. One whose record has an event waiting or under way comes after it: compared with what that event is
    /// about to change, an edit would be overlooked.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn claim_reread<'a>(&self, process: ProcessId, share: impl Into<Share<'a>>) -> Result<Option<Reread>> {
        let waiting = "SELECT study_id, min(asked_at) AS since FROM record_rereads \
                       WHERE wanted > done AND claimed_by IS NULL GROUP BY study_id";
        for study in self.studies_in_turn(waiting, process, share.into()).await? {
            let reread = self.claim_reread_of(study, process).await?;
            if reread.is_some() {
                return Ok(reread);
            }
        }
        Ok(None)
    }

    async fn claim_reread_of(&self, study: StudyId, process: ProcessId) -> Result<Option<Reread>> {
        let text = format!(
            "UPDATE record_rereads SET claimed_at = $1, claimed_by = $2, done = wanted, error = NULL WHERE (study_id, record_id) = ( \
               SELECT study_id, record_id FROM record_rereads mine \
               WHERE study_id = $3 AND wanted > done AND claimed_by IS NULL AND NOT EXISTS (SELECT 1 FROM webhook_events e WHERE e.study_id = mine.study_id \
                 AND e.record_id = mine.record_id AND e.status IN ('received', 'processing')) \
               ORDER BY asked_at, record_id LIMIT 1{}) RETURNING study_id, record_id, done",
            self.dialect.skip_locked()
        );
        let row = self.one::<Row>(&text, sql::values![self.now, process.0, study.0]).await?;
        Ok(row.map(Into::into))
    }

    /// Ends a re-read; when more was asked for meanwhile it is open again.
    ///
    /// # Errors
    /// A conflict unless `process` holds it.
    pub async fn finish_reread(
        &self,
        study: StudyId,
        record_id: &str,
        generation: i64,
        process: ProcessId,
    ) -> Result<()> {
        self.end_reread(study, record_id, generation, process, None).await
    }

    /// Ends a re-read without success. It is shown and not tried again until a person or another duplicate asks.
    /// `error` holds no answer.
    ///
    /// # Errors
    /// A conflict unless `process` holds it.
    pub async fn fail_reread(
        &self,
        study: StudyId,
        record_id: &str,
        generation: i64,
        process: ProcessId,
        error: &str,
    ) -> Result<()> {
        self.end_reread(study, record_id, generation, process, Some(error)).await
    }

    async fn end_reread(
        &self,
        study: StudyId,
        record_id: &str,
        generation: i64,
        process: ProcessId,
        error: Option<&str>,
    ) -> Result<()> {
        let text = "UPDATE record_rereads SET claimed_at = NULL, claimed_by = NULL, error = $5 \
                    WHERE study_id = $1 AND record_id = $2 AND done = $3 AND claimed_by = $4";
        let args = sql::values![study.0, record_id, generation, process.0, error];
        self.transition(1, "the re-read is no longer this process's", text, args).await
    }

    /// Ends the re-reads whose process is dead or unknown with `error`; which they were. What was asked for after such a process
    /// began is open again.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn end_dead_rereads(&self, error: &str) -> Result<Vec<Reread>> {
        // Rows that another transaction holds are left for the next time: waiting for them out of order could deadlock.
        let text = format!(
            "UPDATE record_rereads SET claimed_at = NULL, claimed_by = NULL, error = $2 WHERE (study_id, record_id) IN ( \
               SELECT study_id, record_id FROM record_rereads mine WHERE claimed_by IS NOT NULL AND NOT EXISTS ( \
                 SELECT 1 FROM processes p WHERE p.id = mine.claimed_by AND p.stopped_at IS NULL AND p.seen_at >= $1) \
               ORDER BY study_id, record_id{}) RETURNING study_id, record_id, done",
            self.dialect.skip_locked()
        );
        let rows = self.all::<Row>(&text, sql::values![self.dead_before(), error]).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Adds an event for a record found changed, unless one of its events waits or is under way, or its latest one failed:
    /// that one reads the record anyway, and a schedule must not become the retry that a person owes.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn insert_reconcile_event(&self, new: &NewReconcileEvent) -> Result<Option<EventId>> {
        self.insert_event_unless_owed(new, None).await
    }

    /// Adds an event that waits, or that `holder` works on already.
    pub(crate) async fn insert_event_unless_owed(
        &self,
        new: &NewReconcileEvent,
        holder: Option<ProcessId>,
    ) -> Result<Option<EventId>> {
        let text = "INSERT INTO webhook_events (id, study_id, source, project_id, record_id, instrument, event_name, natural_key, \
                    form, status, received_at, claimed_at, claimed_by, retry_count) \
                    SELECT $1, $2, 'reconcile', $3, $4, $5, $6, $7, $8, $10, $9, $11, $12, 0 \
                    WHERE NOT EXISTS (SELECT 1 FROM webhook_events \
                      WHERE study_id = $2 AND record_id = $4 AND status IN ('received', 'processing')) \
                    AND coalesce((SELECT status FROM webhook_events \
                      WHERE study_id = $2 AND record_id = $4 AND status <> 'duplicate' \
                      ORDER BY received_at DESC, id DESC LIMIT 1), 'none') <> 'failed'";
        let status = if holder.is_some() { EventStatus::Processing } else { EventStatus::Received };
        let args = sql::values![
            new.id.0,
            new.study.0,
            new.project_id.as_str(),
            new.record_id.as_str(),
            new.instrument.as_str(),
            new.event_name.as_deref(),
            // Never the key of a DET: a reconcile event makes nothing a duplicate.
            format!("reconcile:{}", new.id),
            json!(new.form),
            self.now,
            status.as_str(),
            holder.map(|_| self.now),
            holder.map(|process| process.0),
        ];
        Ok((self.execute(text, args).await? == 1).then_some(new.id))
    }
}
