//! Events after they were received: read, claimed, finished, and replayed by a person. Receiving them is `intake`'s.
//!
//! ```text
//!   received ──claim──▶ processing ──▶ processed
//!      ▲                   │   └─────▶ failed
//!      └──── a person's replay: from failed; from processing only when it is stuck; from processed only when it came
//!            too early for its study ────┘
//! ```
//!
//! Invariant: nothing here leaves `failed`, or a `processing` whose process died, by itself.

mod rows;
mod work;

use chrono::Duration;
use metricis_core::Timestamp;
pub use metricis_core::enrolment::STUCK_AFTER_MINUTES;
use metricis_core::ids::{EventId, StudyId};
use metricis_core::words::{EventSource, EventStatus};

pub use rows::StoredEvent;
use rows::{COLUMNS, Row};
pub use work::Replayed;

use crate::participants::filter::containing;
use crate::{Result, Snapshot, sql};

/// That an event is stuck, for a query in which it is called `event`: `$first` is [`Snapshot::stuck_before`], the value after it
/// [`Snapshot::dead_before`]. Who asks for it in other words would call one event stuck and its key or its record taken.
pub(crate) fn stuck(event: &str, first: usize) -> String {
    format!(
        "({event}.status = 'processing' AND ({event}.claimed_at < ${first} OR EXISTS (SELECT 1 FROM processes p \
           WHERE p.id = {event}.claimed_by AND (p.stopped_at IS NOT NULL OR p.seen_at < ${}))))",
        first + 1
    )
}

/// Which events to list.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only these.
    pub status: Option<EventStatus>,
    /// Only from there.
    pub source: Option<EventSource>,
    /// Only of this record.
    pub record_id: Option<String>,
    /// Only the duplicates of this event.
    pub duplicate_of: Option<EventId>,
    /// Part of the record's, the instrument's or the event's name, whatever the case of its ASCII letters.
    pub search: Option<String>,
}

impl Snapshot {
    /// The event with this id.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn event(&self, id: EventId) -> Result<Option<StoredEvent>> {
        let text = format!("SELECT {COLUMNS} FROM webhook_events WHERE id = $1");
        self.one::<Row>(&text, sql::values![id.0]).await?.map(TryInto::try_into).transpose()
    }

    /// A page of a study's events, newest first; `before` is the last one of the former page.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn events(
        &self,
        study: StudyId,
        filter: &EventFilter,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<StoredEvent>> {
        let text = format!(
            "SELECT {COLUMNS} FROM webhook_events WHERE study_id = $1 AND ($2 IS NULL OR status = $2) \
             AND ($3 IS NULL OR source = $3) AND ($4 IS NULL OR record_id = $4) \
             AND ($7 IS NULL OR duplicate_of_id = $7) AND ($8 IS NULL OR lower(record_id) LIKE lower($8) ESCAPE '\\' \
                  OR lower(instrument) LIKE lower($8) ESCAPE '\\' OR lower(event_name) LIKE lower($8) ESCAPE '\\') \
             AND ($5 IS NULL OR (received_at, id) < (SELECT received_at, id FROM webhook_events WHERE id = $5)) \
             ORDER BY received_at DESC, id DESC LIMIT $6"
        );
        let args = sql::values![
            study.0,
            filter.status.map(EventStatus::as_str),
            filter.source.map(EventSource::as_str),
            filter.record_id.as_deref(),
            before.map(|id| id.0),
            i64::from(limit),
            filter.duplicate_of.map(|id| id.0),
            filter.search.as_deref().map(containing),
        ];
        self.all::<Row>(&text, args).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// What was claimed before this moment hangs, whether or not its process lives.
    pub(crate) fn stuck_before(&self) -> Timestamp {
        self.now - Duration::minutes(STUCK_AFTER_MINUTES)
    }

    /// The stuck events of a study, the longest first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn stuck_events(&self, study: StudyId) -> Result<Vec<StoredEvent>> {
        let text = format!(
            "SELECT {COLUMNS} FROM webhook_events WHERE study_id = $1 AND {} ORDER BY claimed_at, id",
            stuck("webhook_events", 2)
        );
        self.all::<Row>(&text, sql::values![study.0, self.stuck_before(), self.dead_before()])
            .await?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }
}
