//! How a fault turns the right answer into what a broken server sends.
//! Invariant: a fault that refuses leaves the store untouched; one that damages or delays comes after the work is done,
//! as on a real server, where a client that gives up has undone nothing.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, LOCATION};
use axum::http::{HeaderValue, StatusCode, response::Parts};
use axum::response::Response;
use futures::{StreamExt, stream};

use super::answer::{ApiError, Format, respond};
use super::no_permission;
use super::params::Params;
use crate::fault::orders::Faults;
use crate::fault::{BanReply, Fault, Length, Noise};

const HTML: &str = "text/html; charset=utf-8";

/// Answers a call under its faults; `right` does the work and gives the right answer.
pub(super) async fn answer(faults: &Faults, params: &Params, right: impl FnOnce() -> Response) -> Response {
    let Some(fault) = faults.of_transport() else { return right() };
    match fault {
        Fault::Slow { ms } => {
            let late = right();
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            late
        }
        Fault::Drip { ms } => drip(right(), *ms).await,
        Fault::CutConnection => cut(right()).await,
        Fault::WrongLength(length) => wrong_length(right(), *length).await,
        Fault::Noise(noise) => noisy(right(), *noise).await,
        other => instead(other, params.return_format()).unwrap_or_else(right),
    }
}

/// What comes in place of the right answer; the work is not done then.
fn instead(fault: &Fault, format: Format) -> Option<Response> {
    Some(match fault {
        Fault::Down | Fault::Ban { reply: BanReply::Closed, .. } => closed(),
        Fault::Status5xx(status) => respond(*status, HTML, page(*status, "The server could not answer.")),
        Fault::GatewayHtml(status) => respond(*status, "text/html", page(*status, "nginx")),
        Fault::HtmlWith200 => respond(200, HTML, UNKNOWN_ERROR.to_owned()),
        Fault::MemoryTextWith200 => respond(200, HTML, memory(format)),
        Fault::MemoryTextWith500 => respond(500, HTML, "ERROR: REDCap ran out of memory!".to_owned()),
        Fault::DatabaseTextWith200 => respond(200, HTML, NO_DATABASE.to_owned()),
        Fault::SignInPage(200) => respond(200, HTML, SIGN_IN.to_owned()),
        Fault::SignInPage(status) => sent_away(*status),
        Fault::Offline(status) => respond(*status, HTML, OFFLINE.to_owned()),
        Fault::Ban { reply: BanReply::Page, .. } => respond(403, HTML, BANNED.to_owned()),
        Fault::WrongToken => no_permission().render(format),
        Fault::Refusal(status) => ApiError { status: *status, message: refusal(*status).to_owned() }.render(format),
        Fault::EmptyBody500 => respond(500, HTML, String::new()),
        Fault::EmptyBody200 => respond(200, HTML, String::new()),
        _ => return None,
    })
}

const UNKNOWN_ERROR: &str = "<div class=\"red\"><b>ERROR:</b> An unknown error occurred. This can be caused by having \
    multiple browser tabs of the same REDCap page open. If that is not the case, try again.</div>";

const NO_DATABASE: &str = "The hostname (db.example.org) / username (redcap) / password (XXXXXX) combination could not \
    connect to the MySQL server.";

/// What follows the redirect, and what stands in place of the answer without one.
pub(super) const SIGN_IN: &str = "<!DOCTYPE html>\n<html>\n<head><title>Sign in</title></head>\n<body>\n<h1>Sign in with \
    your organization's account</h1>\n<form method=\"post\"><label>User <input name=\"user\"></label></form>\n</body>\n</html>\n";

const OFFLINE: &str = "<!DOCTYPE html>\n<html>\n<head><title>REDCap</title></head>\n<body>\n<h1>REDCap is currently \
    offline</h1>\n<p>The system is down for maintenance. We are sorry for the inconvenience.</p>\n</body>\n</html>\n";

const BANNED: &str = "<!DOCTYPE html>\n<html>\n<head><title>403 Forbidden</title></head>\n<body>\n<p>Your IP address has \
    been banned due to suspected abuse. Please contact your REDCap administrator.</p>\n</body>\n</html>\n";

fn memory(format: Format) -> String {
    let text = "REDCap ran out of server memory. The request cannot be processed. Please try importing/exporting a \
                smaller amount of data.";
    match format {
        Format::Json => format!("<div class=\"red\">{text}</div>{{\"error\":\"{text}\"}}"),
        Format::Csv | Format::Xml => text.to_owned(),
    }
}

/// What REDCap says with a status of its own list; the words of those that nobody has shown are ours.
fn refusal(status: u16) -> &'static str {
    match status {
        401 | 403 => "You do not have permissions to use the API",
        501 => "The requested method is not implemented.",
        _ => "The request cannot be processed.",
    }
}

fn page(status: u16, text: &str) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    format!(
        "<html>\n<head><title>{status} {reason}</title></head>\n<body>\n<center><h1>{status} {reason}</h1></center>\n<hr><center>{text}</center>\n</body>\n</html>\n"
    )
}

fn sent_away(status: u16) -> Response {
    let mut away = respond(status, HTML, String::new());
    away.headers_mut().insert(LOCATION, HeaderValue::from_static("/sim/sign-in"));
    away
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "closed on purpose")
}

/// The body fails before its first byte, so that the server drops the connection with the headers still unsent.
fn closed() -> Response {
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(broken())])))
}

async fn whole(right: Response) -> (Parts, Bytes) {
    let (head, body) = right.into_parts();
    (head, axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default())
}

/// A body that promises a length whatever it holds; a plain one would not be let out with a wrong one.
fn promised(mut head: Parts, length: usize, body: Bytes) -> Response {
    head.headers.insert(CONTENT_LENGTH, length.into());
    Response::from_parts(head, Body::from_stream(stream::iter([Ok::<Bytes, Infallible>(body)])))
}

/// Headers and these bytes leave, then the connection breaks.
fn breaking(mut head: Parts, length: usize, body: Bytes) -> Response {
    head.headers.insert(CONTENT_LENGTH, length.into());
    let start = stream::once(async { Ok::<Bytes, io::Error>(body) });
    let end = stream::once(async {
        // Lets the bytes reach the wire before the connection goes.
        tokio::task::yield_now().await;
        Err::<Bytes, io::Error>(broken())
    });
    Response::from_parts(head, Body::from_stream(start.chain(end)))
}

async fn cut(right: Response) -> Response {
    let (head, whole) = whole(right).await;
    let half = whole.slice(..whole.len() / 2);
    breaking(head, whole.len().max(1), half)
}

async fn wrong_length(right: Response, length: Length) -> Response {
    let (head, whole) = whole(right).await;
    match length {
        Length::Short => {
            let half = whole.slice(..whole.len() / 2);
            promised(head, half.len(), half)
        }
        Length::Long => breaking(head, whole.len() + 64, whole),
    }
}

async fn noisy(right: Response, noise: Noise) -> Response {
    let before = match noise {
        Noise::Blank => "\u{feff}\n\n",
        Noise::Sql => "select * from redcap_projects where project_id = 41;<br>\n",
    };
    let (head, whole) = whole(right).await;
    let all = Bytes::from([before.as_bytes(), &whole].concat());
    promised(head, all.len(), all)
}

/// As many pieces as a dripping body is cut into, when it is long enough.
const DROPS: usize = 20;

async fn drip(right: Response, ms: u64) -> Response {
    let (mut head, whole) = whole(right).await;
    head.headers.insert(CONTENT_LENGTH, whole.len().into());
    let size = whole.len().div_ceil(DROPS).max(1);
    let pause = Duration::from_millis(ms / whole.len().div_ceil(size).max(1) as u64);
    let drops = stream::iter((0..whole.len()).step_by(size)).then(move |start| {
        let drop = whole.slice(start..(start + size).min(whole.len()));
        async move {
            tokio::time::sleep(pause).await;
            Ok::<Bytes, Infallible>(drop)
        }
    });
    Response::from_parts(head, Body::from_stream(drops))
}
