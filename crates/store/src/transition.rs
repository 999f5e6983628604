//! A change of state is one conditional statement: `UPDATE … WHERE id = $1 AND state = 'from'`. When it touches other
//! rows than it names, somebody else was there first, and the whole transaction is to be dropped.

use sea_orm::Value;

use crate::{Result, StoreError, Tx};

/// A conflict that is told in words rather than by a constraint's name.
pub(crate) fn conflict(reason: impl Into<String>) -> StoreError {
    StoreError::Conflict { constraint: reason.into() }
}

impl Tx {
    /// Runs a conditional update of exactly `expected` rows; otherwise a conflict that says `reason`.
    pub(crate) async fn transition(&self, expected: usize, reason: &str, sql: &str, args: Vec<Value>) -> Result<()> {
        let touched = self.execute(sql, args).await?;
        if u64::try_from(expected).is_ok_and(|expected| expected == touched) { Ok(()) } else { Err(conflict(reason)) }
    }
}
