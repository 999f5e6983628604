//! Serving on a real socket: registered while it runs, durable and signed off when it stops.

use metricis_server::serve;
use metricis_store::testing::Engine;
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::ask::{Persona, det_body, signed_det};
use crate::world::{SECRET, World};

async fn get(address: std::net::SocketAddr, path: &str) -> String {
    let mut socket = TcpStream::connect(address).await.expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nhost: metricis\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[rstest]
#[tokio::test]
async fn a_server_is_registered_while_it_serves(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, world.app.clone(), stop.clone()));
    let health = get(address, "/api/health").await;
    assert!(health.starts_with("HTTP/1.1 200") && health.contains(r#""status":"ok""#), "{health}");
    let refused = get(address, "/api/studies").await;
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("/problems/unauthenticated"), "{refused}");
    let live = world.read().await.live_processes().await.expect("processes");
    assert_eq!(live.iter().map(|process| process.role.as_str()).collect::<Vec<_>>(), ["server"]);
    world.send(signed_det(det_body(&[]), SECRET)).await.ok();
    stop.cancel();
    serving.await.expect("no panic").expect("served");
    let live = world.read().await.live_processes().await.expect("processes");
    assert!(live.is_empty(), "it has signed off");
    assert_eq!(world.count("SELECT count(*) FROM webhook_events").await, 1);
}

#[tokio::test]
async fn a_stream_of_changes_ends_when_the_server_stops() {
    let world = World::new(Engine::Sqlite).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, world.app.clone(), stop.clone()));
    let token = world.token_of(Persona::Ben).expect("a token");
    let mut socket = TcpStream::connect(address).await.expect("a connection");
    let (path, close) = (world.at("/changes"), "connection: close");
    let request = format!("GET {path} HTTP/1.1\r\nhost: metricis\r\n{close}\r\nauthorization: Bearer {token}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = vec![];
    while !String::from_utf8_lossy(&answer).contains(": listening") {
        assert_ne!(socket.read_buf(&mut answer).await.expect("an answer"), 0, "it goes on");
    }
    stop.cancel();
    socket.read_to_end(&mut answer).await.expect("the rest");
    assert!(answer.ends_with(b"\r\n0\r\n\r\n"), "it ended as a stream ends, and was not cut off");
    serving.await.expect("no panic").expect("served");
}
