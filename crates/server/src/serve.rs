//! Serving on a socket until told to stop.
//!
//! Invariant: on the way out, requests under way are answered, deliveries are durable, and the registry says that the process
//! stopped.

use std::time::Duration;

use metricis_store::StoreError;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::connections::{ConnectionRules, serve_connections};
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
    /// The socket has no address.
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
    let settings = &state.settings;
    let head_within = Duration::from_millis(settings.head_within_ms);
    let rules = ConnectionRules { at_most: settings.max_connections, head_within };
    let serving = serve_connections(listener, router(state.clone()), rules, shutdown.clone());
    let end_streams = async {
        shutdown.cancelled().await;
        // A stream of changes would be under way for ever.
        state.changes.end();
    };
    let serving = async { tokio::join!(serving, end_streams) };
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(ENDS_WITHIN).await;
    };
    tokio::select! {
        _ = serving => {}
        () = overdue => tracing::warn!("requests still under way at shutdown were given up"),
    }
    state.shutdown().await;
    registered.leave(&state).await;
    Ok(())
}
