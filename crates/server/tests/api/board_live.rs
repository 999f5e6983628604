//! The board asks the running servers, as themselves and over HTTP; what it sends is of no use to anybody else.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use metricis_core::environment::Environment;
use metricis_server::board::Board;
use metricis_store::testing::Engine;
use rstest::rstest;
use tokio::net::TcpListener;

use crate::ask::Ask;
use crate::board::{add_process, board, in_production, production, red};
use crate::served::Served;
use crate::world::{KEY, SECRET, TOKEN, World};

/// A request as somebody else has seen it.
#[derive(Clone, Debug)]
pub struct Seen {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Listens in a server's place, keeps what it is sent, and answers everything as a closed server would.
pub async fn impostor(at: Option<SocketAddr>) -> (SocketAddr, Arc<Mutex<Vec<Seen>>>) {
    let listener = TcpListener::bind(at.unwrap_or_else(|| ([127, 0, 0, 1], 0).into())).await.expect("the port");
    let address = listener.local_addr().expect("an address");
    let kept: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let seen = Arc::clone(&kept);
    let keep = move |request: Request| async move {
        let (parts, body) = request.into_parts();
        let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let seen_now = Seen {
            method: parts.method.to_string(),
            path: parts.uri.to_string(),
            headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: to_bytes(body, usize::MAX).await.expect("a body").to_vec(),
        };
        seen.lock().expect("the list").push(seen_now);
        StatusCode::NOT_FOUND
    };
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(keep)).await });
    (address, kept)
}

fn evidence(board: &Board, row: usize) -> &str {
    &board.rows[row - 1].evidence
}

#[rstest]
#[tokio::test]
async fn with_no_live_server_the_rows_that_ask_one_are_red(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, served) = production(engine).await;
    served.leave().await;
    let board = board(&world).await;
    assert_eq!(red(&board), [1, 7, 9]);
    for row in [1, 7, 9] {
        assert_eq!(evidence(&board, row), "no server is running");
        assert_eq!(board.rows[row - 1].remedy.as_deref(), Some("start `metricis serve`"));
    }
}

#[rstest]
#[tokio::test]
async fn a_killed_server_is_red_with_its_name(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, _served) = production(engine).await;
    let killed = Served::start(&world.another(in_production)).await.kill().await;
    let board = board(&world).await;
    assert_eq!(red(&board), [1, 7, 9]);
    for row in [1, 7, 9] {
        let expected = format!("at http://{killed} does not answer: no connection");
        assert!(evidence(&board, row).ends_with(&expected), "{}", evidence(&board, row));
    }
}

/// The board asks from one server; another one was started by hand with another environment.
#[rstest]
#[tokio::test]
async fn every_server_is_asked_not_only_the_one_that_shows_the_board(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, _served) = production(engine).await;
    let staging = Served::start(&world.another(|settings| settings.environment = Environment::new("staging"))).await;
    let board = board(&world).await;
    assert_eq!(red(&board), [1, 7]);
    let expected = format!("at http://{}: GET /api/dev/settings answers 200", staging.address);
    assert!(evidence(&board, 7).contains(&expected), "{}", evidence(&board, 7));
}

#[tokio::test]
async fn whatever_else_listens_in_a_servers_place_proves_nothing() {
    let (world, served) = production(Engine::Sqlite).await;
    let place = served.kill().await;
    let (_, asked) = impostor(Some(place)).await;
    let board = board(&world).await;
    assert_eq!(red(&board), [1, 7, 9], "each of its answers is 404");
    assert!(evidence(&board, 7).contains("does not prove its answer (404)"), "{}", evidence(&board, 7));
    assert_eq!(asked.lock().expect("the list").len(), 1, "it is asked once and not again");
}

#[rstest]
#[tokio::test]
async fn an_address_that_the_server_has_not_marked_is_never_asked(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, _served) = production(engine).await;
    let (address, asked) = impostor(None).await;
    let schema = if engine == Engine::Postgres { "app." } else { "" };
    let forged = format!("UPDATE {schema}processes SET address = 'http://{address}' WHERE role = 'server'");
    world.db.tamper(&forged).await.expect("planted");
    let board = board(&world).await;
    assert_eq!(red(&board), [1, 7, 9]);
    assert!(evidence(&board, 9).contains("was not asked"), "{}", evidence(&board, 9));
    assert!(asked.lock().expect("the list").is_empty());
}

#[tokio::test]
async fn a_server_with_another_jwt_secret_is_red() {
    let (world, _served) = production(Engine::Sqlite).await;
    let other = world.another(|settings| {
        in_production(settings);
        settings.jwt_secret = "another-jwt-secret-of-more-than-32-characters".into();
    });
    let _other = Served::start(&other).await;
    let board = board(&world).await;
    assert_eq!(red(&board), [1, 7, 9]);
    assert!(evidence(&board, 1).contains("JWT_SECRET_KEY"), "{}", evidence(&board, 1));
}

/// What travels to one server, played to another and to itself: by whoever reads it on the way.
#[tokio::test]
async fn what_a_probe_sends_is_of_no_use_to_who_reads_it() {
    let world = World::with(Engine::Sqlite, in_production).await;
    let (address, kept) = impostor(None).await;
    // The server is reached where somebody listens in and passes everything on: here, the test itself.
    let app = world.another(|settings| {
        in_production(settings);
        settings.server_url = Some(format!("http://{address}"));
    });
    let _served = Served::start(&app).await;
    add_process(&world, "worker", "production").await;
    assert_eq!(red(&board(&world).await), [1, 7, 9, 15]);
    let health = kept.lock().expect("the list").first().cloned().expect("a request");
    let text = format!("{health:?}");
    for secret in [SECRET, TOKEN, KEY, "a-jwt-secret-for-tests"] {
        assert!(!text.contains(secret), "{text}");
    }
    let ticket = |seen: &Seen| {
        let found = seen.headers.iter().find(|(name, _)| name == "x-metricis-probe");
        found.map(|(_, value)| value.clone()).expect("a ticket")
    };
    let ticket = ticket(&health);
    let played = |router: axum::Router, method: &str, path: &str| {
        Ask::new(method, path).header("x-metricis-probe", &ticket).send(router)
    };
    let router = metricis_server::router(app.clone());
    let answered = played(router.clone(), &health.method, &health.path).await;
    assert!(answered.headers.contains_key("x-metricis-probed"), "the very request, to the very process");
    for (method, path) in [("GET", "/api/studies"), ("GET", "/api/health?x"), ("POST", "/api/health")] {
        let refused = played(router.clone(), method, path).await;
        assert!(!refused.headers.contains_key("x-metricis-probed"), "{method} {path}");
    }
    let elsewhere = played(world.router.clone(), &health.method, &health.path).await;
    assert!(!elsewhere.headers.contains_key("x-metricis-probed"), "another process");
    let with_body =
        Ask::new("GET", "/api/health").header("x-metricis-probe", &ticket).body("x").send(router.clone()).await;
    assert!(!with_body.headers.contains_key("x-metricis-probed"), "another body");
    world.clock.advance(chrono::Duration::seconds(61));
    let late = played(router, &health.method, &health.path).await;
    assert!(!late.headers.contains_key("x-metricis-probed"), "too late");
    assert!(health.body.is_empty());
}

/// A ticket bypasses limits for its one request only; a guess at one bypasses nothing.
#[tokio::test]
async fn a_made_up_ticket_bypasses_neither_limit_nor_proof() {
    let world = World::with(Engine::Sqlite, in_production).await;
    let ask = || Ask::get("/api/studies").header("x-metricis-probe", &format!("99999999999.{0}.{0}", "0".repeat(64)));
    world.send(ask()).await.problem(401, "unauthenticated");
    world.send(ask()).await.problem(429, "rate-limited");
}

/// The signed body of a probe, sent on by somebody as if it came from REDCap.
#[rstest]
#[tokio::test]
async fn a_probes_det_without_its_ticket_is_refused_and_not_stored(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let body = crate::ask::det_body(&[("instrument", "go-no-go-probe"), ("go-no-go-probe_complete", "0")]);
    world.send(crate::ask::signed_det(body, SECRET)).await.problem(422, "invalid");
    assert_eq!(world.count("SELECT count(*) FROM webhook_events").await, 0);
}
