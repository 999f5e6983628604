//! Waiting for a job whose answer a request must show.
//!
//! Invariant: nobody waits inside a transaction; each look at the job is a short one of its own.

use std::time::Duration;

use metricis_core::ids::JobId;
use metricis_core::words::JobState;
use metricis_store::StoredJob;

use crate::AppState;
use crate::problem::Problem;

const LOOK_EVERY: Duration = Duration::from_millis(50);

impl AppState {
    /// The job once it has ended; none when it has not within the configured time.
    ///
    /// # Errors
    /// Whatever the database says.
    pub(crate) async fn wait_for(&self, id: JobId) -> Result<Option<StoredJob>, Problem> {
        let wait = Duration::from_millis(self.settings.job_wait_ms);
        tokio::time::timeout(wait, self.until_ended(id)).await.unwrap_or(Ok(None))
    }

    /// As [`Self::wait_for`] for several, within the same time; those that have not ended are missing.
    ///
    /// # Errors
    /// Whatever the database says.
    pub(crate) async fn wait_for_all(&self, ids: &[JobId]) -> Result<Vec<StoredJob>, Problem> {
        let wait = Duration::from_millis(self.settings.job_wait_ms);
        let mut ended = Vec::with_capacity(ids.len());
        let all = async {
            for id in ids {
                ended.extend(self.until_ended(*id).await?);
            }
            Ok(())
        };
        match tokio::time::timeout(wait, all).await {
            Ok(Err(problem)) => Err(problem),
            Ok(Ok(())) | Err(_) => Ok(ended),
        }
    }

    async fn until_ended(&self, id: JobId) -> Result<Option<StoredJob>, Problem> {
        loop {
            let job = self.store.read(self.now()).await?.job(id).await?.ok_or(Problem::NotFound)?;
            match job.state {
                JobState::Done | JobState::Failed => return Ok(Some(job)),
                JobState::Queued | JobState::Running => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }
}
