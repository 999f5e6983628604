//! A request as a test writes it, and its answer.

use std::net::{IpAddr, SocketAddr};

use axum::body::{Body, BodyDataStream, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use futures::StreamExt;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tower::ServiceExt;

const EVENT_STREAM: &str = "text/event-stream";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persona {
    /// Owner of the study.
    Ada,
    /// Its coordinator.
    Ben,
    /// Owner of another study.
    Cleo,
    /// A global admin without a role on either.
    Gus,
    /// A participant of the study.
    Pia,
    /// Not signed in.
    Nobody,
}

impl Persona {
    pub const ALL: [Self; 6] = [Self::Nobody, Self::Pia, Self::Gus, Self::Cleo, Self::Ben, Self::Ada];
}

pub struct Ask {
    method: Method,
    uri: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    peer: IpAddr,
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

/// An open stream of server-sent events.
pub struct Events {
    body: BodyDataStream,
    read: String,
}

impl Events {
    /// The next event or comment, without the empty line that ends it; none when the stream has ended.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let event = event.to_owned();
                self.read = rest.to_owned();
                return Some(event);
            }
            let piece = self.body.next().await?.expect("a piece of the stream");
            self.read.push_str(std::str::from_utf8(&piece).expect("text"));
        }
    }
}

impl Ask {
    pub fn new(method: &str, uri: impl Into<String>) -> Self {
        let method = method.parse().expect("a method");
        Self { method, uri: uri.into(), headers: vec![], body: vec![], peer: [192, 0, 2, 1].into() }
    }

    pub fn get(uri: impl Into<String>) -> Self {
        Self::new("GET", uri)
    }

    pub fn post(uri: impl Into<String>) -> Self {
        Self::new("POST", uri)
    }

    pub fn put(uri: impl Into<String>) -> Self {
        Self::new("PUT", uri)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn json(mut self, body: Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("content-type", "application/json")
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn from(mut self, peer: [u8; 4]) -> Self {
        self.peer = peer.into();
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Opens a stream, which stays open until it is dropped.
    pub async fn listen(self, router: axum::Router) -> Events {
        let response = self.respond(router).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], EVENT_STREAM);
        Events { body: response.into_body().into_data_stream(), read: String::new() }
    }

    /// Begins a download, whose pieces are read one by one.
    pub async fn download(self, router: axum::Router) -> BodyDataStream {
        let response = self.respond(router).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body().into_data_stream()
    }

    pub async fn send(self, router: axum::Router) -> Reply {
        let (parts, body) = self.respond(router).await.into_parts();
        // A stream has no end to wait for.
        let body = match parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == EVENT_STREAM) {
            true => Body::empty(),
            false => body,
        };
        let text = to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8_lossy(&text).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { status: parts.status, headers: parts.headers, text, json }
    }

    async fn respond(self, router: axum::Router) -> axum::response::Response {
        let mut request = Request::builder().method(self.method).uri(self.uri);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Body::from(self.body)).expect("a request");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(self.peer, 4_242)));
        router.oneshot(request).await.expect("the router never fails")
    }
}

impl Reply {
    /// The body of a success.
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self.json
    }

    /// The body of a refusal, which must be a problem of this kind.
    pub fn problem(self, status: u16, slug: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        let kind = self.headers.get(header::CONTENT_TYPE).expect("a content type");
        assert_eq!(kind, "application/problem+json", "{}", self.text);
        assert_eq!(self.json["type"], format!("/problems/{slug}"), "{}", self.text);
        assert_eq!(self.json["status"], status);
        assert!(self.json["title"].is_string());
        self.json
    }
}

/// The form of a DET, in REDCap's order; `with` replaces or adds fields.
pub fn det_body(with: &[(&str, &str)]) -> Vec<u8> {
    let mut pairs = vec![
        ("redcap_url", "https://redcap.example.edu/"),
        ("project_url", "https://redcap.example.edu/redcap_v15.0.1/index.php?pid=18"),
        ("project_id", "18"),
        ("username", "jsmith"),
        ("record", "332-1"),
        ("instrument", "enrollment"),
        ("enrollment_complete", "2"),
    ];
    for (name, value) in with {
        match pairs.iter_mut().find(|(known, _)| known == name) {
            Some(pair) => pair.1 = value,
            None => pairs.push((name, value)),
        }
    }
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

/// An unproven DET.
pub fn det(body: impl Into<Vec<u8>>) -> Ask {
    Ask::post("/api/webhooks/redcap/det").header("content-type", "application/x-www-form-urlencoded").body(body)
}

/// A DET signed with `secret`.
pub fn signed_det(body: impl Into<Vec<u8>>, secret: &str) -> Ask {
    let body = body.into();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(&body);
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    det(body).header("x-metricis-signature", &signature)
}
