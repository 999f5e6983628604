//! A study that runs: simulator, accounts, connection, mapping, as the command line and the API set them up.

use std::collections::BTreeMap;

use metricis_redcap_sim::{ProjectHandle, ProjectOptions, SaveForm, Sim, SimOptions};
use serde_json::{Value, json};

use crate::program::{Program, Running, free_port};

pub const SECRET: &str = "webhook-secret-for-the-end-to-end-tests";
pub const CODE: &str = "E2E-1";
const PASSWORD: &str = "correct horse battery";

pub struct Site {
    pub sim: Sim,
    pub project: ProjectHandle,
    pub redcap: String,
    pub http: reqwest::Client,
    pub study: String,
}

pub struct Server {
    pub process: Running,
    pub url: String,
}

fn http() -> reqwest::Client {
    metricis_redcap::http_client("metricis-e2e").expect("an HTTP client")
}

/// Starts a server and waits until it answers.
pub async fn serve(program: &Program, extra: &[&str]) -> Server {
    let listen = format!("127.0.0.1:{}", free_port());
    let mut arguments = vec!["serve", "--listen", &listen];
    arguments.extend(extra);
    let process = program.start(&arguments);
    let url = format!("http://{listen}");
    for _ in 0..300 {
        if http().get(format!("{url}/api/health")).send().await.is_ok_and(|answer| answer.status().is_success()) {
            return Server { process, url };
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the server does not answer:\n{}", process.log());
}

impl Site {
    /// A study connected to a simulator, its events not yet synced.
    pub async fn new(program: &Program, server: &Server) -> Self {
        let sim = Sim::new(SimOptions::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let redcap = format!("http://{}", listener.local_addr().expect("its address"));
        tokio::spawn(sim.serve(listener, std::future::pending()));
        let xml = include_str!("../../../../demo/sponsor-study.REDCap.xml");
        let project = sim.add_project_xml(xml, ProjectOptions::default()).expect("the sponsor study");
        program.ok(&["user", "create", "ada@example.org", "--password-stdin"], &format!("{PASSWORD}\n"));
        program.ok(&["study", "create", CODE, "--name", "End to end", "--owner", "ada@example.org"], "");
        let id = project.project_id.to_string();
        let api = format!("{redcap}/api/");
        let arguments = [
            "study",
            "set-redcap",
            CODE,
            "--api-url",
            &api,
            "--project-id",
            &id,
            "--token-stdin",
            "--webhook-secret-stdin",
        ];
        program.ok(&arguments, &format!("{}\n{SECRET}\n", project.token));
        let studies: Value = serde_json::from_str(&program.ok(&["--json", "study", "list"], "")).expect("JSON");
        let study = studies[0]["id"].as_str().expect("an id").to_owned();
        let site = Self { sim, project, redcap, http: http(), study };
        site.configure(server).await;
        site
    }

    async fn configure(&self, server: &Server) {
        let settings = json!({
            "record_id_field": "external_id", "anchor_date_field": "enroll_date", "enrollment_instrument": "enrollment",
            "participant_field_mapping": { "enroll_date": "enrollment_date", "arm": "arm" },
            "redcap_field_mapping": { "reaction_time": { "instrument": "reaction_time", "fields": { "median_ms": "rt_median_ms" } } },
        });
        self.put(server, "redcap/settings", &settings).await;
        self.put(
            server,
            "settings",
            &json!({ "constraints": { "consent_mode": "implied" }, "time_zone": "Europe/Zurich" }),
        )
        .await;
        for (code, dag) in [("NORTH", "site_north"), ("SOUTH", "site_south")] {
            let site = json!({ "code": code, "name": code, "redcap_dag": dag });
            self.send(server, reqwest::Method::POST, "sites", &site).await;
        }
    }

    pub async fn token(&self, server: &Server) -> String {
        let login = json!({ "email": "ada@example.org", "password": PASSWORD });
        let answer =
            self.http.post(format!("{}/api/auth/login", server.url)).json(&login).send().await.expect("an answer");
        let body: Value = answer.json().await.expect("JSON");
        body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }

    async fn send(&self, server: &Server, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/api/studies/{}/{path}", server.url, self.study);
        let request = self.http.request(method, url).bearer_auth(self.token(server).await).json(body);
        let answer = request.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn put(&self, server: &Server, path: &str, body: &Value) {
        self.send(server, reqwest::Method::PUT, path, body).await;
    }

    pub async fn get(&self, server: &Server, path: &str) -> Value {
        self.send(server, reqwest::Method::GET, path, &json!({})).await
    }

    pub async fn post(&self, server: &Server, path: &str, body: &Value) -> Value {
        self.send(server, reqwest::Method::POST, path, body).await
    }

    /// Saves the enrolment form in REDCap; the fields of its DET, which goes nowhere unless a URL is set.
    pub async fn enrol_in_redcap(&self, record: &str) -> Vec<(String, String)> {
        let values =
            BTreeMap::from([("enroll_date".to_owned(), "2026-03-02".to_owned()), ("arm".to_owned(), "1".to_owned())]);
        let save = SaveForm {
            record: record.to_owned(),
            event: None,
            instrument: "enrollment".to_owned(),
            repeat_instance: None,
            values,
            complete: 2,
            user: "jsmith".to_owned(),
            dag: Some("site_north".to_owned()),
        };
        self.sim.save_form(self.project.project_id, save).await.expect("saved");
        let text = |pairs: &[(&str, String)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        text(&[
            ("redcap_url", format!("{}/", self.redcap)),
            ("project_id", self.project.project_id.to_string()),
            ("username", "jsmith".to_owned()),
            ("record", record.to_owned()),
            ("redcap_event_name", "baseline_arm_1".to_owned()),
            ("instrument", "enrollment".to_owned()),
            ("redcap_data_access_group", "site_north".to_owned()),
            ("enrollment_complete", "2".to_owned()),
        ])
    }

    /// The baseline rows of all records, with their groups, as REDCap's API exports them.
    pub async fn rows(&self, fields: &[&str]) -> Vec<Value> {
        let form = [
            ("token", self.project.token.as_str()),
            ("content", "record"),
            ("format", "json"),
            ("events", "baseline_arm_1"),
            ("fields", &fields.join(",")),
            ("exportDataAccessGroups", "true"),
        ];
        let answer = self.http.post(format!("{}/api/", self.redcap)).form(&form).send().await.expect("an answer");
        answer.json().await.expect("rows")
    }

    /// Delivers a DET; the status and the body of the answer.
    pub async fn deliver(&self, server: &Server, form: &[(String, String)]) -> (u16, Value) {
        let url = format!("{}/api/webhooks/redcap/det?token={SECRET}", server.url);
        let answer = self.http.post(url).form(form).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }
}

/// Waits until `query` gives `wanted`; at most half a minute.
pub async fn wait_for_count(program: &Program, query: &str, wanted: i64) {
    let mut found = -1;
    for _ in 0..300 {
        found = program.db.count(query).await;
        if found == wanted {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{query} gives {found}, not {wanted}");
}
