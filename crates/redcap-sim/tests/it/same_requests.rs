//! For the same call the simulator understands the same from PyCap and from our client.
//!
//! Both make the calls below against one project, PyCap in `tests/python/pycap_requests.py`. Two things are compared: what the API
//! read of each request, typed and with its defaults, which must be equal; and which names were sent, where a difference without
//! effect is allowed if it stands in a list here, with its reason. Nothing stands in a list that does not happen.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use chrono::NaiveDateTime;
use metricis_redcap::wire::{Arm, FormEventMapping, NewEvent, RepeatingFormEvent, Row};
use metricis_redcap::{ApiUrl, Client, LogQuery, RecordQuery, http_client};
use metricis_redcap_sim::ParsedRequest;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::server::{Project, Server};

const EVENT: &str = "week_1_arm_1";

/// What both may read differently: content, parameter, why.
const READ_DIFFERENTLY: &[(&str, &str, &str)] = &[
    (
        "version",
        "returnFormat",
        "PyCap names no format here, so that an error would come as XML; the answer is plain text",
    ),
    ("generateNextRecordName", "returnFormat", "PyCap wants an error as CSV, because the answer is plain text"),
    ("surveyLink", "returnFormat", "PyCap wants an error as CSV, because the answer is plain text"),
];

/// Names that only our client sends; what is read is the same.
const ONLY_OURS: &[(&str, &str)] = &[
    ("action", "PyCap lets the presence of data decide between export and import"),
    ("returnFormat", "PyCap leaves it to its default, the format, wherever it exports"),
    ("format", "PyCap names none for plain texts"),
    ("exportDataAccessGroups", "PyCap leaves out what is false"),
    ("exportSurveyFields", "PyCap leaves out what is false"),
];

/// Names that only PyCap sends; what is read is the same.
const ONLY_THEIRS: &[(&str, &str)] = &[
    ("eventName", "REDCap ignores it"),
    ("rawOrLabelHeaders", "always its default, and of no meaning for JSON"),
    ("dateFormat", "always its default, and of no meaning for a dictionary"),
];

/// Calls that make no request of their own, or one that stands in the list by another name.
/// The last is one that PyCap does not have.
const NOT_A_CALL: &[&str] = &["next", "read", "call", "send", "import_project_settings"];

#[tokio::test]
async fn pycap_and_our_client_ask_the_same() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    server.sim.listen(project.id()).unwrap();
    let names = pycap(&project).await;
    let mut theirs = server.sim.heard(project.id());
    assert_eq!(theirs.remove(0).content, "metadata", "what PyCap asks by itself");
    let ours = ours(&project).await;
    assert_eq!(names, ours.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(theirs.len(), ours.len(), "one request for each call");
    let every_field = every_field(&project).await;
    assert_eq!(theirs.iter_mut().map(|request| name_none(request, &every_field)).filter(|named| *named).count(), 3);
    let mut happened = Happened::default();
    for ((name, ours), theirs) in ours.iter().zip(&theirs) {
        compare(name, ours, theirs, &mut happened);
    }
    happened.in_full();
}

#[test]
fn every_call_of_our_client_is_compared() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../redcap/src");
    let suite = include_str!("../../../../tests/python/pycap_requests.py");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for call in text.split("    pub async fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next()) {
            let compared = suite.contains(&format!("\"{call}\":")) || suite.contains(&format!("\"{call} of "));
            let known = compared || NOT_A_CALL.contains(&call);
            assert!(known, "{call} in {}: make the same call in tests/python/pycap_requests.py", path.display());
        }
    }
}

/// All fields as PyCap names them where our client names none, which means the same: the dictionary's and each form's status.
async fn every_field(project: &Project<'_>) -> BTreeSet<String> {
    let names = |rows: &Value, key: &str, end: &str| -> Vec<String> {
        rows.as_array().unwrap().iter().map(|row| format!("{}{end}", row[key].as_str().unwrap())).collect()
    };
    let mut all = names(&project.json(&[("content", "metadata")]).await, "field_name", "");
    all.extend(names(&project.json(&[("content", "instrument")]).await, "instrument_name", "_complete"));
    drop(project.server.sim.heard(project.id()));
    all.into_iter().collect()
}

/// Whether the request has named every field; then as if it had named none.
fn name_none(request: &mut ParsedRequest, every_field: &BTreeSet<String>) -> bool {
    let fields = request.parameters.get("fields").and_then(Value::as_array).into_iter().flatten();
    let named = fields.filter_map(Value::as_str).map(str::to_owned).collect::<BTreeSet<_>>() == *every_field;
    if named {
        request.parameters.insert("fields".to_owned(), json!([]));
        request.sent.remove("fields");
    }
    named
}

/// What differed, so that a list can be held to what happens.
#[derive(Default)]
struct Happened {
    read: BTreeSet<(String, String)>,
    ours: BTreeSet<String>,
    theirs: BTreeSet<String>,
}

impl Happened {
    fn in_full(&self) {
        let read = READ_DIFFERENTLY.iter().map(|(content, name, _)| ((*content).to_owned(), (*name).to_owned()));
        assert_eq!(self.read, read.collect(), "READ_DIFFERENTLY");
        assert_eq!(self.ours, ONLY_OURS.iter().map(|(name, _)| (*name).to_owned()).collect(), "ONLY_OURS");
        assert_eq!(self.theirs, ONLY_THEIRS.iter().map(|(name, _)| (*name).to_owned()).collect(), "ONLY_THEIRS");
    }
}

fn compare(call: &str, ours: &ParsedRequest, theirs: &ParsedRequest, happened: &mut Happened) {
    assert_eq!((&ours.content, &ours.action), (&theirs.content, &theirs.action), "{call}");
    let names: BTreeSet<&String> = ours.parameters.keys().chain(theirs.parameters.keys()).collect();
    for name in names.into_iter().filter(|name| ours.parameters.get(*name) != theirs.parameters.get(*name)) {
        let listed = READ_DIFFERENTLY.iter().any(|(content, listed, _)| *content == ours.content && listed == name);
        let (ours_read, theirs_read) = (ours.parameters.get(name), theirs.parameters.get(name));
        assert!(listed, "{call}: `{name}` is {ours_read:?} from us and {theirs_read:?} from PyCap");
        happened.read.insert((ours.content.clone(), name.clone()));
    }
    for name in ours.sent.difference(&theirs.sent) {
        assert!(ONLY_OURS.iter().any(|(listed, _)| listed == name), "{call}: only we send `{name}`");
        happened.ours.insert(name.clone());
    }
    for name in theirs.sent.difference(&ours.sent) {
        assert!(ONLY_THEIRS.iter().any(|(listed, _)| listed == name), "{call}: only PyCap sends `{name}`");
        happened.theirs.insert(name.clone());
    }
}

/// The names of the calls that PyCap has made.
async fn pycap(project: &Project<'_>) -> Vec<String> {
    let python = std::env::var("TEST_PYCAP").expect("TEST_PYCAP is not set: run the suite with `make test`");
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/python/pycap_requests.py"))
        .env("REDCAP_SIM_URL", format!("{}/api/", project.server.base))
        .env("REDCAP_SIM_TOKEN", &project.handle.token)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // The server is on this machine, whatever proxy the environment names.
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .output()
        .await
        .expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// The same calls by our client, each with what the simulator understood.
async fn ours(project: &Project<'_>) -> Vec<(&'static str, ParsedRequest)> {
    let url = ApiUrl::parse(&project.server.base).unwrap();
    let token = SecretString::from(project.handle.token.clone());
    let client = Client::new(http_client("test").unwrap(), url, token, Duration::from_secs(20));
    let mut heard = vec![];
    macro_rules! call {
        ($name:literal, $call:expr) => {{
            $call.await.unwrap();
            let mut requests = project.server.sim.heard(project.id());
            assert_eq!(requests.len(), 1, "{}", $name);
            heard.push(($name, requests.remove(0)));
        }};
    }
    call!("version", client.version());
    call!("project_info", client.project_info());
    call!("metadata", client.metadata());
    call!("arms", client.arms());
    call!("events", client.events());
    call!("form_event_mapping", client.form_event_mapping());
    call!("instruments", client.instruments());
    call!("dags", client.dags());
    call!("repeating_forms_events", client.repeating_forms_events());
    call!("next_record_name", client.next_record_name());
    call!("import_records", client.import_records("record_id", &rows()));
    call!("export_record", client.export_record("Ä-07"));
    call!("export_records of everything", client.export_records(&RecordQuery::default()));
    call!("export_records of some fields", client.export_records(&some_fields()));
    call!("export_records of forms at events", client.export_records(&forms_at_events()));
    call!("export_records as labels", client.export_records(&RecordQuery { raw: false, ..RecordQuery::default() }));
    call!("record_ids", client.record_ids("record_id"));
    call!("record_ids_since", client.record_ids_since("record_id", Some(march())));
    call!("survey_link", client.survey_link("Ä-07", "wellbeing", Some(EVENT), Some(1)));
    let log = LogQuery { begin: Some(march()), end: None, record: Some("Ä-07"), id_field: "record_id" };
    call!("read_log", client.read_log(log));
    let dictionary = client.metadata().await.unwrap();
    drop(project.server.sim.heard(project.id()));
    call!("import_metadata", client.import_metadata(&dictionary));
    call!("import_arms", client.import_arms(&[Arm { arm_num: 1, name: "Active".to_owned() }]));
    call!("import_events", client.import_events(&["Baseline", "Week 1"].map(new_event)));
    call!("import_form_event_mapping", client.import_form_event_mapping(&MAPPING.map(designation)));
    call!("import_repeating_forms_events", client.import_repeating_forms_events(&[repeat()]));
    heard
}

const MAPPING: [(&str, &str); 4] = [
    ("baseline_arm_1", "enrollment"),
    ("baseline_arm_1", "adverse_event"),
    (EVENT, "reaction_time"),
    (EVENT, "wellbeing"),
];

fn march() -> NaiveDateTime {
    NaiveDateTime::parse_from_str("2026-03-01 08:30", "%Y-%m-%d %H:%M").unwrap()
}

fn new_event(name: &str) -> NewEvent {
    NewEvent { event_name: name.to_owned(), arm_num: 1, day_offset: None, offset_min: None, offset_max: None }
}

fn designation((event, form): (&str, &str)) -> FormEventMapping {
    serde_json::from_value(json!({ "arm_num": 1, "unique_event_name": event, "form": form })).unwrap()
}

fn repeat() -> RepeatingFormEvent {
    let row = json!({ "event_name": "baseline_arm_1", "form_name": "adverse_event", "custom_form_label": "" });
    serde_json::from_value(row).unwrap()
}

fn rows() -> [Row; 2] {
    let row = |cells: &[(&str, &str)]| cells.iter().copied().collect();
    [
        row(&[("record_id", "Ä-07"), ("redcap_event_name", "baseline_arm_1"), ("enroll_date", "2026-03-02")]),
        row(&[
            ("record_id", "Ä-07"),
            ("redcap_event_name", EVENT),
            ("rt_mean_ms", "251.5"),
            ("reaction_time_complete", "2"),
        ]),
    ]
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn some_fields() -> RecordQuery {
    RecordQuery {
        records: owned(&["Ä-07", "a,b"]),
        fields: owned(&["record_id", "rt_mean_ms"]),
        export_dags: true,
        ..RecordQuery::default()
    }
}

fn forms_at_events() -> RecordQuery {
    RecordQuery {
        fields: owned(&["record_id"]),
        forms: owned(&["enrollment", "reaction_time"]),
        events: owned(&["baseline_arm_1", EVENT]),
        export_survey_fields: true,
        ..RecordQuery::default()
    }
}
