//! Working on events: at most one worker on a record at a time, in the order in which its events arrived; studies take turns.

use metricis_core::enrolment::refuse_replay;
use metricis_core::ids::{EventId, ProcessId, StudyId};
use metricis_core::words::{EventEffect, EventStatus};

use super::rows::{COLUMNS, Row};
use super::{StoredEvent, stuck};
use crate::{Result, Share, Tx, sql, transition::conflict};

/// What a replay has done, for the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The event's study.
    pub study: StudyId,
    /// What the event was before.
    pub from: EventStatus,
    /// How often it has been replayed, this time included.
    pub retry_count: i32,
}

impl Tx {
    /// Takes the oldest received event of the study with the fewest live pieces of work, but of none of which `process` has
    /// its share: received → processing. A record's events are taken one after the other; a stuck event of the same record is
    /// a person's and holds up no other.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn claim_event<'a>(
        &self,
        process: ProcessId,
        share: impl Into<Share<'a>>,
    ) -> Result<Option<StoredEvent>> {
        let waiting = "SELECT study_id, min(received_at) AS since FROM webhook_events WHERE status = 'received' \
                       GROUP BY study_id";
        for study in self.studies_in_turn(waiting, process, share.into()).await? {
            let event = self.claim_event_of(study, process).await?;
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }

    async fn claim_event_of(&self, study: StudyId, process: ProcessId) -> Result<Option<StoredEvent>> {
        // Only a record's oldest received event can be taken: otherwise two workers that choose at the same instant, each
        // not yet seeing the other's choice, would take two of them.
        let text = format!(
            "UPDATE webhook_events SET status = 'processing', claimed_at = $1, claimed_by = $2 WHERE id = ( \
               SELECT id FROM webhook_events mine WHERE status = 'received' AND study_id = $3 AND NOT EXISTS ( \
                 SELECT 1 FROM webhook_events other \
                 WHERE other.study_id = mine.study_id AND other.record_id = mine.record_id AND other.id <> mine.id AND ( \
                   (other.status = 'processing' AND NOT {}) \
                   OR (other.status = 'received' AND (other.received_at, other.id) < (mine.received_at, mine.id)))) \
               ORDER BY received_at, id LIMIT 1{}) RETURNING {COLUMNS}",
            stuck("other", 4),
            self.dialect.skip_locked()
        );
        let args = sql::values![self.now, process.0, study.0, self.stuck_before(), self.dead_before()];
        let row = self.one::<Row>(&text, args).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// The event was worked on to its end: processing → processed. `note` is what a person should know of it.
    ///
    /// # Errors
    /// A conflict unless `process` holds it.
    pub async fn finish_event(
        &self,
        id: EventId,
        process: ProcessId,
        effect: EventEffect,
        note: Option<&str>,
    ) -> Result<()> {
        let text = "UPDATE webhook_events SET status = 'processed', processed_at = $3, effect = $4, note = $5 \
                    WHERE id = $1 AND claimed_by = $2 AND status = 'processing'";
        let args = sql::values![id.0, process.0, self.now, effect.as_str(), note];
        self.transition(1, NOT_HELD, text, args).await
    }

    /// The event could not be applied: processing → failed, until a person replays it. `error` holds no answer.
    ///
    /// # Errors
    /// A conflict unless `process` holds it.
    pub async fn fail_event(&self, id: EventId, process: ProcessId, error: &str) -> Result<()> {
        let text = "UPDATE webhook_events SET status = 'failed', error_message = $3 \
                    WHERE id = $1 AND claimed_by = $2 AND status = 'processing'";
        self.transition(1, NOT_HELD, text, sql::values![id.0, process.0, error]).await
    }

    /// A person asks for another attempt: failed, stuck in processing, or processed too early for its study → received. None when there is no such event.
    ///
    /// # Errors
    /// A conflict that says why, when the event is in another state.
    pub async fn replay_event(&self, id: EventId) -> Result<Option<Replayed>> {
        let text = format!("SELECT {COLUMNS} FROM webhook_events WHERE id = $1{}", self.dialect.for_update());
        let Some(row) = self.one::<Row>(&text, sql::values![id.0]).await? else { return Ok(None) };
        let event: StoredEvent = row.try_into()?;
        let stuck = event.status == EventStatus::Processing && self.is_stuck(id).await?;
        refuse_replay(event.status, stuck, event.effect).map_err(|refusal| conflict(refusal.to_string()))?;
        let retry_count = event.retry_count + 1;
        let text = "UPDATE webhook_events SET status = 'received', retry_count = $2, claimed_at = NULL, claimed_by = NULL, \
                    processed_at = NULL, effect = NULL, error_message = NULL, note = NULL WHERE id = $1";
        self.execute(text, sql::values![id.0, retry_count]).await?;
        Ok(Some(Replayed { study: event.study, from: event.status, retry_count }))
    }

    async fn is_stuck(&self, id: EventId) -> Result<bool> {
        let text = format!("SELECT count(*) FROM webhook_events WHERE id = $1 AND {}", stuck("webhook_events", 2));
        Ok(self.count(&text, sql::values![id.0, self.stuck_before(), self.dead_before()]).await? > 0)
    }
}

const NOT_HELD: &str = "the event is no longer this process's; somebody replayed it";
