//! The running system, as the board meets it: what the registry says, and what each server answers over HTTP.
//!
//! Invariants: a server is asked only at an address that it has marked itself (`crate::probe`); no redirect is followed and no
//! proxy used; an answer counts only when that server has proven it, so that whatever else listens there turns nothing green.

use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode};
use futures::StreamExt;
use metricis_core::ids::ProcessId;
use metricis_store::Process;
use serde::Deserialize;

use super::Flaw;
use crate::AppState;
use crate::limit::RedisState;
use crate::probe::{ANSWER, Question, TICKET, digest};

const CONNECT_WITHIN: Duration = Duration::from_secs(1);
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);
/// Servers that one check asks, and how many of them at once: the registry is a table, and a table can be filled.
const ASKED_AT_MOST: usize = 32;
const ASKED_AT_ONCE: usize = 8;
pub(super) const NO_SERVER: &str = "no server is running";
pub(super) const START_SERVER: &str = "start `metricis serve`";

/// What is running, looked at once for all rows.
pub(super) struct Live {
    /// The registry.
    pub(super) processes: Vec<Process>,
    /// Each live server, and what it says of itself when asked.
    pub(super) servers: Vec<(Server, Result<Health, String>)>,
}

/// A server and the way to it.
pub(super) struct Server {
    pub(super) name: String,
    process: ProcessId,
    address: String,
    client: reqwest::Client,
}

/// The part of `/api/health` that rows look at.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Health {
    pub(super) environment: String,
    pub(super) redis: RedisState,
}

/// A request to be made.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) headers: &'a [(&'static str, String)],
    pub(super) body: &'a [u8],
}

impl<'a> Asked<'a> {
    pub(super) const fn bare(method: &'a str, target: &'a str) -> Self {
        Self { method, target, headers: &[], body: &[] }
    }
}

/// Looks at the registry, and asks every server how it is.
pub(super) async fn look(app: &AppState) -> Result<Live, Flaw> {
    let db = app.store.read(app.now()).await?;
    let processes = db.live_processes().await?;
    drop(db);
    let client = client().map_err(|error| Flaw { evidence: format!("the probe failed: {error}"), remedy: None })?;
    let known: Vec<Process> = processes.iter().filter(|process| process.role == "server").cloned().collect();
    let asking = (0..).zip(known).map(|(number, known)| ask_one(app, number, known, &client));
    let servers = futures::stream::iter(asking).buffered(ASKED_AT_ONCE).collect().await;
    Ok(Live { processes, servers })
}

async fn ask_one(
    app: &AppState,
    number: usize,
    known: Process,
    client: &reqwest::Client,
) -> (Server, Result<Health, String>) {
    let (server, trusted) = server_of(app, &known, client);
    let health = match trusted {
        Ok(()) if number < ASKED_AT_MOST => health_of(app, &server).await,
        Ok(()) => Err(format!("was not asked: {ASKED_AT_MOST} servers are asked at most")),
        Err(reason) => Err(reason),
    };
    (server, health)
}

impl Live {
    /// The servers, all of which answer as themselves.
    ///
    /// # Errors
    /// There is none, or one that does not.
    pub(super) fn answering(&self) -> Result<Vec<&Server>, Flaw> {
        if self.servers.is_empty() {
            return Err(Flaw::new(NO_SERVER, START_SERVER));
        }
        let silent: Vec<String> = self.silent().collect();
        match silent.is_empty() {
            true => Ok(self.servers.iter().map(|(server, _)| server).collect()),
            false => Err(Flaw::new(silent.join("; "), CHECK_ADDRESS)),
        }
    }

    /// Where the servers are reached.
    pub(super) fn addresses(&self) -> Vec<String> {
        let addresses = self.servers.iter().map(|(server, _)| server.address.clone());
        let mut addresses: Vec<String> = addresses.filter(|address| !address.is_empty()).collect();
        // The longest first: http://h:80 is the beginning of http://h:8080.
        addresses.sort_by_key(|address| std::cmp::Reverse(address.len()));
        addresses
    }

    /// The servers that do not answer, each with its reason.
    pub(super) fn silent(&self) -> impl Iterator<Item = String> {
        self.servers.iter().filter_map(|(server, health)| {
            let reason = health.as_ref().err()?;
            Some(format!("{} {reason}", server.name))
        })
    }
}

/// What to do about a server that does not answer.
pub(super) const CHECK_ADDRESS: &str = "start it again or wait until it has left the registry (30 s); where it is reached at another \
                                        address than it listens on, set SERVER_URL for each server";

fn server_of(app: &AppState, known: &Process, client: &reqwest::Client) -> (Server, Result<(), String>) {
    let address = known.address.clone().unwrap_or_default();
    let place = if address.is_empty() { String::new() } else { format!(" at {address}") };
    let name = format!("server {}{place}", known.id);
    let trusted = match &known.address_mark {
        None => Err("has not said where it is reached".to_owned()),
        Some(mark) if app.probe_key.marked(known.id, &address, mark) => Ok(()),
        Some(_) => Err(
            "was not asked: its address does not bear the mark of our JWT_SECRET_KEY (it runs with another one, or \
                        somebody has changed the registry)"
                .to_owned(),
        ),
    };
    (Server { name, process: known.id, address, client: client.clone() }, trusted)
}

async fn health_of(app: &AppState, server: &Server) -> Result<Health, String> {
    let (status, body) = server.ask(app, &Asked::bare("GET", "/api/health")).await?;
    let text = String::from_utf8_lossy(&body);
    match status {
        StatusCode::OK => serde_json::from_str(&text).map_err(|error| format!("answers what is no health: {error}")),
        _ => {
            let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            Err(format!("says {}: {}", status.as_u16(), problem["detail"].as_str().unwrap_or_default()))
        }
    }
}

impl Server {
    /// Asks, and takes the answer only from this very process.
    ///
    /// # Errors
    /// Why there is no answer, to be read after the server's name.
    pub(super) async fn ask(&self, app: &AppState, asked: &Asked<'_>) -> Result<(StatusCode, Vec<u8>), String> {
        let (method, body) = (asked.method.parse::<Method>().map_err(|error| error.to_string())?, digest(asked.body));
        let question = Question { process: self.process, method: asked.method, target: asked.target, body: &body };
        let ticket = app.probe_key.ticket(question, app.now());
        let mut request = self.client.request(method, format!("{}{}", self.address, asked.target));
        for (name, value) in asked.headers {
            request = request.header(*name, value);
        }
        let sent =
            request.header(TICKET, &ticket).body(asked.body.to_vec()).send().await.map_err(|error| why(&error))?;
        let status = sent.status();
        let proof = sent.headers().get(ANSWER).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
        if !proof.is_some_and(|proof| app.probe_key.answers(&ticket, status.as_u16(), &proof)) {
            return Err(format!(
                "does not prove its answer ({}): something else listens there, or its clock is wrong",
                status.as_u16()
            ));
        }
        Ok((status, sent.bytes().await.map_err(|error| why(&error))?.to_vec()))
    }

    /// Asks as [`Self::ask`]; only the status counts.
    ///
    /// # Errors
    /// A flaw with the server's name.
    pub(super) async fn status(&self, app: &AppState, asked: &Asked<'_>) -> Result<StatusCode, Flaw> {
        let answered = self.ask(app, asked).await.map(|(status, _)| status);
        answered.map_err(|reason| Flaw::new(format!("{} {reason}", self.name), CHECK_ADDRESS))
    }
}

/// Never the address: the name has it already, once.
fn why(error: &reqwest::Error) -> String {
    match () {
        () if error.is_timeout() => format!("does not answer within {ANSWERS_WITHIN:?}"),
        () if error.is_connect() => "does not answer: no connection".to_owned(),
        () => "does not answer: the exchange failed".to_owned(),
    }
}

fn client() -> Result<reqwest::Client, reqwest::Error> {
    // An error means that another part of the process has installed a provider already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        reqwest::Client::builder()
            .user_agent("metricis-go-no-go")
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWERS_WITHIN)
    };
    // Without CA certificates a server is still reached over plain http; https then trusts nobody.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}
