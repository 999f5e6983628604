//! Serving on a socket until told to stop.
//!
//! Invariant: on the way out, requests under way are answered, deliveries are durable, and the registry says that the process
//! stopped.

use std::net::SocketAddr;
use std::time::Duration;

use metricis_store::StoreError;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::registry::Registered;
use crate::{AppState, router};

/// Requests that are still under way after this time are given up.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// Why serving ended early.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The process could not enter the registry.
    #[error("the server cannot enter the process registry: {0}")]
    Registry(#[from] StoreError),
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Socket(#[from] std::io::Error),
}

/// Serves `state` on `listener` until `shutdown` is cancelled, then shuts `state` down.
///
/// # Errors
/// The registry or the socket fails.
pub async fn serve(listener: TcpListener, state: AppState, shutdown: CancellationToken) -> Result<(), ServeError> {
    let registered = Registered::enter(&state, listener.local_addr()?).await?;
    state.limits.announce().await;
    let service = router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let (stopping, streams) = (shutdown.clone(), state.clone());
    let serving = axum::serve(listener, service).with_graceful_shutdown(async move {
        stopping.cancelled().await;
        // A stream of changes would be under way for ever.
        streams.changes.end();
    });
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(ENDS_WITHIN).await;
    };
    let served = tokio::select! {
        served = serving => served,
        () = overdue => {
            tracing::warn!("requests still under way at shutdown were given up");
            Ok(())
        }
    };
    state.shutdown().await;
    registered.leave(&state).await;
    Ok(served?)
}
