//! Proves on the running database that a repeated DET becomes a duplicate, and leaves nothing behind.

use chrono::Duration;
use metricis_core::Timestamp;

use super::group::{NewDet, Receipt, insert_dets};
use crate::{Result, Store};

/// What became of one DET that arrived twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbedTwice {
    /// The first arrival.
    pub first: Receipt,
    /// The second.
    pub second: Receipt,
}

impl ProbedTwice {
    /// Whether the second was recognized as the first's duplicate.
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        self.first.duplicate_of.is_none() && self.second.duplicate_of == Some(self.first.event)
    }
}

/// Stores `det` twice with the writer's own statements, then rolls everything back.
///
/// # Errors
/// Whatever the database says.
pub async fn probe_idempotency(store: &Store, now: Timestamp, ttl: Duration, det: &NewDet) -> Result<ProbedTwice> {
    let tx = store.write(now).await?;
    let first = insert_dets(&tx, ttl, &[det]).await?;
    let second = insert_dets(&tx, ttl, &[det]).await?;
    tx.roll_back().await?;
    match (first.as_slice(), second.as_slice()) {
        ([first], [second]) => Ok(ProbedTwice { first: *first, second: *second }),
        _ => Err(crate::StoreError::inconsistent("one delivery without one receipt")),
    }
}
