//! Connections: how many at once, and how long one may take to say what it wants.
//!
//! Invariants: a client that dribbles or says nothing loses its connection; at the cap nobody is accepted until somebody leaves, and who
//! waits, waits in the system's queue; on the way out each connection finishes the answer under way and no more.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// After a failed accept (no file descriptors, most often) the next one would fail as well.
const BREATHE: Duration = Duration::from_millis(100);

/// The rules for connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionRules {
    /// Open at once.
    pub(crate) at_most: u32,
    /// For a request's head to arrive, and between two requests.
    pub(crate) head_within: Duration,
}

/// Serves `router` on `listener` until `stop`, then waits for the answers under way.
pub(crate) async fn serve_connections(
    listener: TcpListener,
    router: Router,
    rules: ConnectionRules,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(rules.at_most as usize));
    let accept = async {
        loop {
            let Some(place) = take_place(&places).await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let serving = serve_one(rules, stream, peer, router.clone(), stop.clone());
                    tokio::spawn(async move {
                        serving.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::error!(%error, "a connection could not be accepted");
                    tokio::time::sleep(BREATHE).await;
                }
            }
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop.cancelled() => {}
    }
    // Closed now, so that a proxy sends what comes next to another server.
    drop(listener);
    // Every place is free again when every connection has ended.
    let _all = places.acquire_many(rules.at_most).await;
}

/// A place, as soon as there is one; it is free again when what is returned is dropped.
async fn take_place(places: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    tracing::warn!("as many connections are open as one server may have; new ones wait");
    Arc::clone(places).acquire_owned().await.ok()
}

async fn serve_one(
    rules: ConnectionRules,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    stop: CancellationToken,
) {
    // Small answers leave at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(rules.head_within);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A client that went away, dribbled or did not speak HTTP: its affair.
        tracing::debug!(%error, "a connection ended");
    }
}
