//! Failures of the way to REDCap and back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::post};
use metricis_redcap::{CallError, FailureClass};
use tokio::net::TcpListener;

use crate::stand_in::{TOKEN, answering, client, client_waiting, serve, serve_bytes};

/// Long enough to connect on the loopback, short enough to wait for.
const SOON: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_redirect_is_a_failure_that_names_only_the_origin() {
    for (location, origin) in [
        ("https://sso.example.org:8443/login?ticket=secret", Some("https://sso.example.org:8443")),
        ("mailto:secret@example.org", None),
    ] {
        let router =
            Router::new().route("/api/", post(move || async move { (StatusCode::FOUND, [("location", location)]) }));
        let failure = client(&serve(router).await).metadata().await.expect_err("a redirect");
        let expected = CallError::Redirect { status: 302, origin: origin.map(str::to_owned) };
        assert_eq!(failure, expected);
        assert!(!format!("{failure} {failure:?}").contains("secret"));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let followed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&followed);
    let elsewhere = move || {
        count.fetch_add(1, Ordering::SeqCst);
        async { "[]" }
    };
    let router = Router::new()
        .route("/api/", post(|| async { (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]) }))
        .route("/elsewhere", post(elsewhere));
    let origin = serve(router).await;
    let failure = client(&origin).metadata().await.expect_err("a redirect");
    assert_eq!(failure, CallError::Redirect { status: 307, origin: Some(origin) });
    assert_eq!(followed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_failed_call_is_sent_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let router = Router::new().route(
        "/api/",
        post(move || {
            count.fetch_add(1, Ordering::SeqCst);
            async { StatusCode::SERVICE_UNAVAILABLE }
        }),
    );
    let failure = client(&serve(router).await).version().await;
    assert_eq!(failure, Err(CallError::Gateway { status: 503 }));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_server_that_never_answers_meets_the_deadline() {
    let router = Router::new().route("/api/", post(std::future::pending::<()>));
    let silent = client_waiting(&serve(router).await, SOON).version().await;
    assert_eq!(silent, Err(CallError::Timeout { after: SOON }));

    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{\"record_id\":";
    let stalled = client_waiting(&serve_bytes(half, true).await, SOON).metadata().await;
    assert_eq!(stalled, Err(CallError::Timeout { after: SOON }));
}

#[tokio::test]
async fn a_connection_that_breaks_is_no_answer() {
    for bytes in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{\"record_id\":",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[]\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
    ] {
        let failure = client(&serve_bytes(bytes, false).await).metadata().await.expect_err("cut");
        assert!(matches!(failure, CallError::Cut { .. }), "{bytes}: {failure:?}");
        assert_eq!(failure.class(), FailureClass::ApiError);
        assert!(!failure.to_string().contains("127.0.0.1"), "{failure}");
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let failure = client(&origin).version().await.expect_err("nobody listens");
    assert!(matches!(failure, CallError::Unreachable { .. }), "{failure:?}");
    assert!(failure.to_string().contains("onnection refused"), "{failure}");
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_held() {
    let body = "[]".to_owned() + &" ".repeat(2000);
    let announced = answering(200, body.clone()).await;
    assert_eq!(announced.clone().with_body_limit(2002).metadata().await, Ok(vec![]));
    let refused = announced.with_body_limit(2001).metadata().await;
    assert_eq!(refused, Err(CallError::TooLarge { limit: 2001 }));

    // Without an announced length the limit holds while reading; the server goes on for ever.
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n[       \r\n8\r\n        \r\n";
    let refused = client(&serve_bytes(endless, true).await).with_body_limit(15).metadata().await;
    assert_eq!(refused, Err(CallError::TooLarge { limit: 15 }));
}

#[tokio::test]
async fn the_token_is_never_shown() {
    let client = answering(403, format!("{{\"error\":\"token {TOKEN} is unknown\"}}")).await;
    let failure = client.version().await.expect_err("a refusal");
    let shown = format!("{client:?} {failure:?} {failure}");
    assert!(!shown.contains(TOKEN), "{shown}");
    assert!(shown.contains("token *** is unknown"), "{shown}");
}

#[test]
fn a_user_agent_that_cannot_be_sent_is_our_own_defect() {
    let failure = metricis_redcap::http_client("two\nlines").expect_err("not a header");
    assert_eq!(failure.class(), FailureClass::Exception);
}
