//! Serving on a real socket: registered while it runs, durable and signed off when it stops.

use chrono::Duration;
use metricis_server::{ServerSettings, serve};
use metricis_store::testing::Engine;
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
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
    let live = world.read().await.live_processes(world.now() - Duration::seconds(1)).await.expect("processes");
    assert_eq!(live.iter().map(|process| process.role.as_str()).collect::<Vec<_>>(), ["server"]);
    world.send(signed_det(det_body(&[]), SECRET)).await.ok();
    stop.cancel();
    serving.await.expect("no panic").expect("served");
    let live = world.read().await.live_processes(world.now() - Duration::seconds(1)).await.expect("processes");
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

/// A server that was told something else; stop it with the token, then wait for the task.
async fn served(change: impl FnOnce(&mut ServerSettings)) -> (std::net::SocketAddr, CancellationToken, JoinHandle<()>) {
    let world = World::with(Engine::Sqlite, change).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, stop) = (listener.local_addr().expect("an address"), CancellationToken::new());
    let stopping = stop.clone();
    let serving = tokio::spawn(async move { serve(listener, world.app.clone(), stopping).await.expect("served") });
    (address, stop, serving)
}

#[tokio::test]
async fn who_does_not_say_what_they_want_is_hung_up_on() {
    let (address, stop, serving) = served(|settings| settings.head_within_ms = 50).await;
    let mut dribbling = TcpStream::connect(address).await.expect("a connection");
    dribbling.write_all(b"GET /api/health HTTP/1.1\r\nhost: me").await.expect("sent");
    let mut rest = vec![];
    dribbling.read_to_end(&mut rest).await.expect("hung up");
    assert!(!String::from_utf8_lossy(&rest).contains(" 200 "));
    stop.cancel();
    serving.await.expect("no panic");
}

/// One after the other on a connection that stays open; what came of the last.
async fn ask_again(socket: &mut TcpStream) -> String {
    socket.write_all(b"GET /problems/invalid HTTP/1.1\r\nhost: metricis\r\n\r\n").await.expect("sent");
    let mut answer = vec![];
    while !answer.ends_with(b"</html>") {
        assert_ne!(socket.read_buf(&mut answer).await.expect("an answer"), 0, "it stays open");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn at_the_cap_who_comes_next_waits_until_somebody_leaves() {
    let (address, stop, serving) = served(|settings| settings.max_connections = 1).await;
    let mut first = TcpStream::connect(address).await.expect("a connection");
    assert!(ask_again(&mut first).await.starts_with("HTTP/1.1 200"));
    let second = tokio::spawn(async move { get(address, "/api/health").await });
    for _ in 0..50 {
        ask_again(&mut first).await;
    }
    assert!(!second.is_finished(), "there is one place");
    drop(first);
    assert!(second.await.expect("no panic").starts_with("HTTP/1.1 200"));
    stop.cancel();
    serving.await.expect("no panic");
}

#[tokio::test]
async fn a_connection_that_idles_does_not_hold_the_end_up() {
    let (address, stop, serving) = served(|_| {}).await;
    let mut idle = TcpStream::connect(address).await.expect("a connection");
    ask_again(&mut idle).await;
    stop.cancel();
    serving.await.expect("no panic");
    assert_eq!(idle.read(&mut [0; 8]).await.expect("the end"), 0);
}
