//! What the tests stand on: a running simulator, its projects, and a receiver for DETs.
//! Invariant: every server listens on a free port of its own and ends with the test.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use metricis_redcap_sim::{ProjectHandle, ProjectOptions, Sim, SimOptions};
use serde_json::Value;
use tokio::net::TcpListener;

pub const SPONSOR_STUDY: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/sponsor-study.REDCap.xml"));

/// A file of a real REDCap; `None`, said aloud, where the folder does not exist. CI must have it.
pub fn real(name: &str) -> Option<String> {
    let path = format!("{}/../../../shared/real/phpcap/{name}", env!("CARGO_MANIFEST_DIR"));
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{name} is needed: {error}"),
        Err(_) => {
            println!("nothing was tested: ../shared/real/phpcap/{name} is not here");
            None
        }
    }
}

pub struct Server {
    pub sim: Sim,
    /// Without a trailing slash.
    pub base: String,
    pub http: reqwest::Client,
    stop: Arc<tokio::sync::Notify>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub async fn start() -> Self {
        Self::with(SimOptions::default()).await
    }

    pub async fn with(options: SimOptions) -> Self {
        Self::of(Sim::new(options)).await
    }

    pub async fn of(sim: Sim) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stop = Arc::new(tokio::sync::Notify::new());
        let stopped = stop.clone();
        let served = tokio::spawn(sim.serve(listener, async move { stopped.notified().await }));
        // No connection is kept, so that a test can tell a closed one from an old one.
        let http =
            reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).redirect(reqwest::redirect::Policy::none());
        Self { sim, base, http: http.build().unwrap(), stop, served }
    }

    pub fn add(&self, xml: &str) -> Project<'_> {
        let handle = self.sim.add_project_xml(xml, ProjectOptions::default()).unwrap();
        Project { server: self, handle }
    }

    pub fn known(&self, handle: ProjectHandle) -> Project<'_> {
        Project { server: self, handle }
    }

    /// Ends it as a signal does; what it kept is in its file then.
    pub async fn stop(self) {
        self.stop.notify_one();
        self.served.await.unwrap().unwrap();
    }

    pub fn sponsor_study(&self) -> Project<'_> {
        self.add(SPONSOR_STUDY)
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

pub struct Project<'a> {
    pub server: &'a Server,
    pub handle: ProjectHandle,
}

impl Project<'_> {
    pub fn id(&self) -> u32 {
        self.handle.project_id
    }

    pub async fn send(&self, parameters: &[(&str, &str)]) -> reqwest::Result<(u16, String)> {
        let mut form = vec![("token", self.handle.token.as_str())];
        form.extend_from_slice(parameters);
        let url = format!("{}/api/", self.server.base);
        let answer = self.server.http.post(url).form(&form).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// Status and body of one API call.
    pub async fn call(&self, parameters: &[(&str, &str)]) -> (u16, String) {
        self.send(parameters).await.unwrap()
    }

    /// A call whose answer is JSON; the status must be 200.
    pub async fn json(&self, parameters: &[(&str, &str)]) -> Value {
        let mut all = vec![("format", "json")];
        all.extend_from_slice(parameters);
        let (status, body) = self.call(&all).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// An import of JSON rows.
    pub async fn import(&self, rows: &Value, more: &[(&str, &str)]) -> (u16, String) {
        let data = rows.to_string();
        let mut all = vec![("content", "record"), ("action", "import"), ("format", "json"), ("data", data.as_str())];
        all.extend_from_slice(more);
        self.call(&all).await
    }
}

/// What one DET carried.
#[derive(Clone)]
pub struct Received {
    pub query: Option<String>,
    pub authorization: Option<String>,
    pub form: Vec<(String, String)>,
}

/// A receiver that answers every DET with one status.
pub struct Receiver {
    pub address: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    pub async fn start(status: StatusCode) -> Self {
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let router = Router::new().route("/det", axum::routing::post(receive)).with_state((received.clone(), status));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, received }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

async fn receive(
    State((received, status)): State<(Arc<Mutex<Vec<Received>>>, StatusCode)>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> StatusCode {
    let url = reqwest::Url::parse(&format!("http://x/?{}", String::from_utf8_lossy(&body))).unwrap();
    received.lock().unwrap().push(Received {
        query: uri.query().map(str::to_owned),
        authorization: headers.get("authorization").map(|value| value.to_str().unwrap().to_owned()),
        form: url.query_pairs().into_owned().collect(),
    });
    status
}
