//! The outbound budget of each REDCap host: one row, locked while a start is reserved.

use metricis_core::Timestamp;
use metricis_core::budget::{BudgetSettings, Slot, take};
use sea_orm::FromQueryResult;

use crate::{Result, StoreError, Tx, sql};

#[derive(FromQueryResult)]
struct Row {
    next_at: Timestamp,
}

impl Tx {
    /// Reserves the next start of a request to `host`: now, or later when the budget is used up. Rolling back gives it back.
    ///
    /// `seen` is a state that the caller has met elsewhere (in Redis, before it was lost); the later of the two holds.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn take_budget(&self, host: &str, settings: &BudgetSettings, seen: Option<Timestamp>) -> Result<Slot> {
        // A host never called and one whose stored moment is now are the same to the core.
        let text = "INSERT INTO outbound_budgets (host, next_at) VALUES ($1, $2) ON CONFLICT (host) DO NOTHING";
        self.execute(text, sql::values![host, self.now]).await?;
        let text = format!("SELECT next_at FROM outbound_budgets WHERE host = $1{}", self.dialect.for_update());
        let row = self.one::<Row>(&text, sql::values![host]).await?;
        let row = row.ok_or_else(|| StoreError::inconsistent("the budget's row vanished"))?;
        let slot = take(Some(row.next_at).max(seen), self.now, settings);
        let text = "UPDATE outbound_budgets SET next_at = $2 WHERE host = $1";
        self.execute(text, sql::values![host, slot.new_tat]).await?;
        Ok(slot)
    }
}
