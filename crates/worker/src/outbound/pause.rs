//! How a moment is waited for: by the system's timer, or by a test that turns its own clock.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use metricis_core::Timestamp;

type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Waits until a moment. Clones wait alike.
#[derive(Clone)]
pub struct Pause(Arc<dyn Fn(Timestamp, Timestamp) -> Waiting + Send + Sync>);

impl Pause {
    /// Waits as `wait` does: it gets the moment to wait for, and now.
    #[must_use]
    pub fn by(wait: impl Fn(Timestamp, Timestamp) -> Waiting + Send + Sync + 'static) -> Self {
        Self(Arc::new(wait))
    }

    pub(crate) async fn until(&self, moment: Timestamp, now: Timestamp) {
        (self.0)(moment, now).await;
    }
}

impl Default for Pause {
    /// The system's timer.
    fn default() -> Self {
        Self::by(|moment, now| {
            let wait = moment.signed_duration_since(now).to_std().unwrap_or_default();
            Box::pin(async move {
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
            })
        })
    }
}
