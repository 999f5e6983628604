//! Small servers that answer one way.
//!
//! Invariant: each listens on its own port of the loopback and lives as long as the test's runtime.

use std::time::Duration;

use axum::{Router, http::StatusCode, routing::post};
use metricis_redcap::{ApiUrl, Client, http_client};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub const TOKEN: &str = "0123456789ABCDEF0123456789ABCDEF";

/// A client that waits 20 s, far beyond what any test needs.
pub fn client(origin: &str) -> Client {
    client_waiting(origin, Duration::from_secs(20))
}

pub fn client_waiting(origin: &str, timeout: Duration) -> Client {
    let url = ApiUrl::parse(origin).expect("an address");
    Client::new(http_client("metricis-test").expect("a client"), url, TOKEN.into(), timeout)
}

/// Serves a router and returns its origin.
pub async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

/// A client of a server that answers every call with this status and body.
pub async fn answering(status: u16, body: impl Into<String>) -> Client {
    let answer = (StatusCode::from_u16(status).expect("a status"), body.into());
    client(&serve(Router::new().route("/api/", post(move || async move { answer }))).await)
}

/// Serves bytes as they are, after reading the request, and then closes the connection or holds it open.
pub async fn serve_bytes(bytes: &'static str, hold: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            read_request(&mut stream).await;
            stream.write_all(bytes.as_bytes()).await.expect("the client listens");
            if hold {
                std::future::pending::<()>().await;
            }
        }
    });
    origin
}

/// Reads a whole request, so that closing the connection afterwards is an end and not a reset.
async fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    loop {
        stream.read_buf(&mut request).await.expect("the client sends");
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length.and_then(|length| length.parse().ok()).is_some_and(|length: usize| body.len() >= length) {
            return;
        }
    }
}
