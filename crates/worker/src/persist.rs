//! Local transactions of a piece of work while the database may be away: what it needs to know, and what came of it.
//!
//! Invariant: only local transactions are repeated, never a call to REDCap. A result that is lost here all the same leaves
//! a job that nobody holds, which the reaper fails; a read that gave up would make an event fail, and a person replay it,
//! because the database was restarted.

use std::future::Future;
use std::time::Duration;

use metricis_store::StoreError;

use crate::failure::Stop;

/// With the default poll of 250 ms: a minute, long enough for a database to restart.
const ATTEMPTS: u32 = 240;

/// Runs `transaction` until the database answers, pausing `poll_ms` in between.
///
/// # Errors
/// Whatever the transaction says, except that the database is away; that only after the last attempt.
pub(crate) async fn persist<T, F, Fut>(poll_ms: u32, mut transaction: F) -> Result<T, Stop>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Stop>>,
{
    for attempt in 1..ATTEMPTS {
        match transaction().await {
            Err(Stop::Store(StoreError::Unavailable(reason))) => {
                tracing::warn!(attempt, %reason, "the database is away; the work waits for it");
                tokio::time::sleep(Duration::from_millis(poll_ms.into())).await;
            }
            ended => return ended,
        }
    }
    transaction().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn away() -> Stop {
        StoreError::Unavailable("restarting".to_owned()).into()
    }

    #[tokio::test]
    async fn a_result_waits_for_the_database() {
        let calls = Cell::new(0);
        let written = persist(0, || {
            calls.set(calls.get() + 1);
            let call = calls.get();
            async move { if call < 3 { Err(away()) } else { Ok(call) } }
        });
        assert_eq!(written.await.expect("written at last"), 3);
    }

    #[tokio::test]
    async fn a_conflict_is_not_repeated_and_absence_ends() {
        let calls = Cell::new(0);
        let conflict = persist(0, || {
            calls.set(calls.get() + 1);
            async { Err::<(), _>(StoreError::Conflict { constraint: "taken".to_owned() }.into()) }
        });
        assert!(conflict.await.is_err());
        assert_eq!(calls.get(), 1);
        let never = persist(0, || {
            calls.set(calls.get() + 1);
            async { Err::<(), _>(away()) }
        });
        assert!(never.await.is_err());
        assert_eq!(calls.get(), 1 + ATTEMPTS);
    }
}
