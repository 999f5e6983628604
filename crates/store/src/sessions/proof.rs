//! What the rows say about guarantee 14: nothing was substituted, and nothing was sent again without a person.

use metricis_core::ids::StudyId;
use sea_orm::FromQueryResult;

use crate::{Result, Snapshot, StoreError, sql};

/// Sessions of a study, and those whose rows contradict the guarantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncProof {
    /// All sessions.
    pub sessions: u64,
    /// `synced` without an attempt or its moment, or `failed` without an error type.
    pub unexplained: u64,
    /// Queued to REDCap more often than once and once for each re-sync in the audit log.
    pub sent_unasked: u64,
}

#[derive(FromQueryResult)]
struct Row {
    sessions: i64,
    unexplained: i64,
    sent_unasked: i64,
}

impl Snapshot {
    /// Counts what speaks against guarantee 14.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn sync_proof(&self, study: StudyId) -> Result<SyncProof> {
        let text = "WITH sent AS (SELECT payload->>'session' AS session, count(*) AS times FROM jobs \
                      WHERE study_id = $1 AND kind = 'sync_session' GROUP BY payload->>'session'), \
                    asked AS (SELECT object_id AS session, count(*) AS times FROM audit_logs \
                      WHERE study_id = $1 AND action = 'resync_session' GROUP BY object_id) \
                    SELECT count(*) AS sessions, count(*) FILTER (WHERE \
                        (sync_status = 'synced' AND (sync_attempts = 0 OR synced_at IS NULL)) \
                        OR (sync_status = 'failed' AND sync_error_type IS NULL)) AS unexplained, \
                      (SELECT count(*) FROM sent LEFT JOIN asked ON asked.session = sent.session \
                        WHERE sent.times > 1 + coalesce(asked.times, 0)) AS sent_unasked \
                    FROM sessions WHERE study_id = $1";
        let row = self.one::<Row>(text, sql::values![study.0]).await?;
        let row = row.ok_or_else(|| StoreError::inconsistent("a count without a row"))?;
        Ok(SyncProof {
            sessions: row.sessions.unsigned_abs(),
            unexplained: row.unexplained.unsigned_abs(),
            sent_unasked: row.sent_unasked.unsigned_abs(),
        })
    }
}
