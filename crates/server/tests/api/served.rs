//! A server on a real socket, for tests in which somebody asks it over HTTP.

use std::net::SocketAddr;

use metricis_server::{AppState, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server on a socket, until it is dropped or stopped.
pub struct Served {
    pub address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Served {
    pub async fn start(app: &AppState) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (address, stop) = (listener.local_addr().expect("an address"), CancellationToken::new());
        let (app, stopping) = (app.clone(), stop.clone());
        let serving = tokio::spawn(async move { serve(listener, app, stopping).await.expect("served") });
        let served = Self { address, stop, serving };
        served.answers().await;
        served
    }

    /// An answer to any request comes after the registration.
    async fn answers(&self) {
        let mut socket = TcpStream::connect(self.address).await.expect("a connection");
        socket.write_all(b"GET / HTTP/1.0\r\n\r\n").await.expect("sent");
        socket.read_to_end(&mut vec![]).await.expect("an answer");
    }

    /// Ends as if killed: it stays in the registry and its socket is closed.
    pub async fn kill(self) -> SocketAddr {
        self.serving.abort();
        assert!(self.serving.await.is_err_and(|error| error.is_cancelled()));
        self.address
    }

    pub async fn leave(self) {
        self.stop.cancel();
        self.serving.await.expect("no panic");
    }
}
