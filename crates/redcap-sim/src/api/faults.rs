//! How a fault turns the right answer into what a broken server sends.
//! Invariant: faults that refuse or lose data leave the store as a real server would: untouched, or short of a record.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header::CONTENT_LENGTH};
use axum::response::Response;
use futures::stream;

use super::answer::{Format, respond};
use super::no_permission;
use super::params::Params;
use crate::fault::Fault;

const HTML: &str = "text/html; charset=utf-8";

/// Answers a call under a fault; `right` does the work and gives the right answer.
pub(super) async fn answer(fault: Option<Fault>, params: &Params, right: impl FnOnce() -> Response) -> Response {
    let format = params.return_format();
    match fault {
        None | Some(Fault::RefuseValidation { .. } | Fault::LostRows) => right(),
        Some(Fault::Down) => closed(),
        Some(Fault::Slow { ms }) => {
            // The work is done at once: a client that gives up has not undone it, as on a real server.
            let late = right();
            tokio::time::sleep(Duration::from_millis(ms)).await;
            late
        }
        Some(Fault::Status5xx(status)) => respond(status, HTML, page(status, "The server could not answer.")),
        Some(Fault::GatewayHtml(status)) => respond(status, "text/html", page(status, "nginx")),
        Some(Fault::HtmlWith200) => respond(200, HTML, UNKNOWN_ERROR.to_owned()),
        Some(Fault::MemoryTextWith200) => respond(200, HTML, memory(format)),
        Some(Fault::WrongToken) => no_permission().render(format),
        Some(Fault::EmptyBody500) => respond(500, HTML, String::new()),
        Some(Fault::CutConnection) => cut(right()).await,
    }
}

const UNKNOWN_ERROR: &str = "<div class=\"red\"><b>ERROR:</b> An unknown error occurred. This can be caused by having \
    multiple browser tabs of the same REDCap page open. If that is not the case, try again.</div>";

fn memory(format: Format) -> String {
    let text = "REDCap ran out of server memory. The request cannot be processed. Please try importing/exporting a \
                smaller amount of data.";
    match format {
        Format::Json => format!("<div class=\"red\">{text}</div>{{\"error\":\"{text}\"}}"),
        Format::Csv | Format::Xml => text.to_owned(),
    }
}

fn page(status: u16, text: &str) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    format!(
        "<html>\n<head><title>{status} {reason}</title></head>\n<body>\n<center><h1>{status} {reason}</h1></center>\n<hr><center>{text}</center>\n</body>\n</html>\n"
    )
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "closed on purpose")
}

/// The body fails before its first byte, so that the server drops the connection with the headers still unsent.
fn closed() -> Response {
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(broken())])))
}

/// Headers and the first half of the body leave, then the connection breaks.
async fn cut(right: Response) -> Response {
    let (mut head, body) = right.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    head.headers.insert(CONTENT_LENGTH, whole.len().max(1).into());
    let start = stream::iter([Ok::<Bytes, Infallible>(half)]);
    let start = futures::StreamExt::map(start, |chunk| chunk.map_err(|never| match never {}));
    let end = stream::once(async {
        // Lets the first half reach the wire before the connection goes.
        tokio::task::yield_now().await;
        Err::<Bytes, io::Error>(broken())
    });
    Response::from_parts(head, Body::from_stream(futures::StreamExt::chain(start, end)))
}
