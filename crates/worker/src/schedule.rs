//! What is due by the clock: queued as jobs, by whichever worker looks first.
//!
//! Invariant: a schedule only queues; what it queues reads REDCap and decides like any other work, and what failed stays a person's.

use chrono::Duration;
use metricis_store::{Operational, Result};

use crate::jobs::fetch_survey_links;
use crate::worker::Worker;

impl Worker {
    /// Queues what is due; how many jobs.
    ///
    /// # Errors
    /// Whatever the database says; nothing is queued then.
    pub async fn queue_due(&self) -> Result<usize> {
        fetch_survey_links::due(self).await?;
        let every = Duration::minutes(self.settings.reconcile_every_min.into());
        if every.is_zero() {
            return Ok(0);
        }
        let tx = self.write().await?;
        let queued = tx.queue_due_reconciles(every).await?;
        tx.commit_operational(Operational::QueueClaim).await?;
        if queued > 0 {
            self.wake.notify_waiters();
        }
        Ok(queued)
    }
}
