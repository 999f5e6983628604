//! Whose turn it is: the work of one study, whose REDCap may be slow, must not hold up the work of another.
//!
//! ```text
//!   studies with waiting work ─► without those of which this process has its share, or leaves out ─► fewest live pieces first, then age
//!                                                                                     └─► one of the study's is claimed
//! ```
//!
//! Invariant: events, re-reads and jobs count together, because they fill the same slots. A process asks for one piece after
//! the other, so that its own share is exact; what other processes take at the same instant changes only the order.

use std::collections::BTreeSet;

use metricis_core::ids::{ProcessId, StudyId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Tx, sql};

#[derive(FromQueryResult)]
struct Row {
    study_id: Uuid,
}

/// What of the waiting work a process may take.
#[derive(Clone, Copy, Debug)]
pub struct Share<'a> {
    /// Live pieces of one study at most.
    pub per_study: usize,
    /// Studies whose work stays in the queue for now, such as those whose REDCap has no turn left.
    pub without: &'a BTreeSet<StudyId>,
}

static NONE: BTreeSet<StudyId> = BTreeSet::new();

impl From<usize> for Share<'static> {
    fn from(per_study: usize) -> Self {
        Self { per_study, without: &NONE }
    }
}

impl Tx {
    /// The studies of which `process` may take a piece of work, in their turn: not those of which it has its share of live
    /// pieces. A claim older than 15 minutes is not live: it hangs, and must not lock its study out of the process.
    ///
    /// Whether another claim's process is dead is not asked: the share counts the claims of `process` alone, which lives. In the
    /// order a dead process's jobs and re-reads count until they are reaped, its events until they are replayed or 15 minutes old;
    /// that can delay a study by a piece of each other one, and never holds it up.
    ///
    /// `waiting` is a query of `study_id` and `since`, the age of its longest waiting piece.
    pub(crate) async fn studies_in_turn(
        &self,
        waiting: &str,
        process: ProcessId,
        share: Share<'_>,
    ) -> Result<Vec<StudyId>> {
        let text = format!(
            "WITH live AS ( \
               SELECT study_id, claimed_by FROM webhook_events WHERE status = 'processing' AND claimed_at >= $2 \
               UNION ALL SELECT study_id, claimed_by FROM record_rereads WHERE claimed_at >= $2 \
               UNION ALL SELECT study_id, claimed_by FROM jobs WHERE state = 'running' AND claimed_at >= $2), \
             busy AS (SELECT study_id, count(*) AS pieces, count(*) FILTER (WHERE claimed_by = $1) AS mine \
               FROM live GROUP BY study_id) \
             SELECT waiting.study_id FROM ({waiting}) waiting LEFT JOIN busy ON busy.study_id = waiting.study_id \
             WHERE coalesce(busy.mine, 0) < $3 \
             ORDER BY coalesce(busy.pieces, 0), waiting.since, waiting.study_id"
        );
        let args = sql::values![process.0, self.stuck_before(), i64::try_from(share.per_study).unwrap_or(i64::MAX)];
        let studies = self.all::<Row>(&text, args).await?.into_iter().map(|row| StudyId(row.study_id));
        Ok(studies.filter(|study| !share.without.contains(study)).collect())
    }
}
