//! Every line of a production process is JSON with a request id, whatever happens: a worker's turn, a dead worker's job, a DET
//! that is not stored, the start, the end, and a refusal to start.

use metricis_redcap_sim::Fault;
use metricis_store::testing::Engine;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::program::Program;
use crate::site::{Server, Site, serve, wait_for_count};

async fn production() -> Program {
    let mut program = Program::new(Engine::Postgres).await;
    program.set("ENVIRONMENT", "production");
    program.set("SESSION_STORAGE_BACKEND", "redis");
    program.set("ALLOWED_ORIGINS", "https://app.metricis.app");
    program
}

/// Each line, which must be JSON and have an id.
fn lines_of(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")));
    let with_id = |line: Value| {
        assert!(line["request_id"].as_str().is_some_and(|id| !id.is_empty()), "without an id: {line}");
        line
    };
    lines.map(with_id).collect()
}

fn find<'a>(lines: &'a [Value], message: &str) -> &'a Value {
    let found = lines.iter().find(|line| line["message"] == message);
    found.unwrap_or_else(|| panic!("no line says {message:?}: {lines:#?}"))
}

/// A session of record 332-1 whose sync fails.
async fn fail_a_sync(program: &Program, server: &Server, site: &Site) {
    let id = site.get(server, "participants").await["participants"][0]["id"].as_str().expect("an id").to_owned();
    let visits = site.get(server, &format!("participants/{id}")).await;
    let link = site.post(server, &format!("participants/{id}/link"), &json!({})).await;
    let ask = |path: &str| site.http.post(format!("{}/api/{path}", server.url));
    let entered = ask("auth/participant").json(&json!({ "code": link["code"] })).send().await.expect("an answer");
    let token = entered.json::<Value>().await.expect("JSON")["session_token"].as_str().expect("a token").to_owned();
    let submission = json!({
        "submission_key": "k", "task": "reaction_time", "visit_id": visits["visits"][0]["id"],
        "started_at": "2026-03-02T09:00:00Z", "completed_at": "2026-03-02T09:05:00Z", "results": { "median_ms": 251.5 },
    });
    let sent = ask("portal/sessions").bearer_auth(token).json(&submission).send().await.expect("an answer");
    assert!(sent.status().is_success(), "{}", sent.text().await.expect("text"));
    wait_for_count(program, "SELECT count(*) FROM sessions WHERE sync_status = 'failed'", 1).await;
}

/// The job of a process that nobody knows.
async fn plant_a_dead_job(program: &Program, site: &Site) -> Uuid {
    let (job, process) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let text = format!(
        "INSERT INTO jobs (id, study_id, kind, payload, state, created_at, claimed_at, claimed_by) VALUES ('{job}', '{}', \
         'sync_events', '{{\"kind\": \"sync_events\"}}', 'running', '2026-03-02T09:00:00Z', '2026-03-02T09:00:00Z', '{process}')",
        site.study
    );
    program.db.tamper(&text).await.expect("planted");
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_production_is_json_with_a_request_id() {
    let program = production().await;
    let server = serve(&program, &[]).await;
    let site = Site::new(&program, &server).await;
    let dead = plant_a_dead_job(&program, &site).await;
    let worker = program.start(&["worker"]);
    site.post(&server, "redcap/sync-events", &json!({})).await;
    let form = site.enrol_in_redcap("332-1").await;
    assert_eq!(site.deliver(&server, &form).await.0, 200);
    wait_for_count(&program, "SELECT count(*) FROM webhook_events WHERE status = 'processed'", 1).await;
    site.sim.set_fault(site.project.project_id, Some(Fault::Status5xx(500))).expect("a fault");
    fail_a_sync(&program, &server, &site).await;
    let (status, failing) = site.deliver(&server, &site.enrol_in_redcap("332-2").await).await;
    assert_eq!(status, 200, "{failing}");
    wait_for_count(&program, "SELECT count(*) FROM webhook_events WHERE status = 'failed'", 1).await;
    program.db.tamper("ALTER TABLE det_keys RENAME TO away").await.expect("broken");
    let (status, lost) = site.deliver(&server, &site.enrol_in_redcap("332-3").await).await;
    assert_eq!(status, 503, "{lost}");
    program.db.tamper("ALTER TABLE away RENAME TO det_keys").await.expect("mended");

    let (served, worked) = (lines_of(&server.process.stop()), lines_of(&worker.stop()));
    for (lines, first) in [(&served, "metricis serves"), (&worked, "metricis works")] {
        assert_eq!(
            find(lines, first)["request_id"],
            find(lines, "metricis has stopped")["request_id"],
            "one run, one id"
        );
    }
    // A lost DET is found by the id that its sender got.
    assert_eq!(find(&served, "DET not stored")["request_id"], lost["request_id"]);
    // A stored one by its event: in the line of its request, and as the id of the worker's lines.
    let event = &failing["event_id"];
    let answered = served.iter().find(|line| line["span"]["event"] == *event).expect("the request names its event");
    assert_eq!((&answered["message"], &answered["status"]), (&"answered".into(), &200.into()));
    let mut of_event = worked.iter().filter(|line| line["request_id"] == *event);
    assert_eq!(of_event.next_back().expect("the worker's lines of the event")["message"], "failed");
    let job = program.db.count("SELECT count(*) FROM jobs WHERE kind = 'sync_session' AND state = 'failed'").await;
    assert_eq!(job, 1);
    let alarm = find(&worked, "a session's result did not reach REDCap");
    assert_eq!((&alarm["severity"], &alarm["span"]["request_id"]), (&"CRITICAL".into(), &alarm["request_id"]));
    assert_eq!(find(&worked, "nobody works on a running job any more")["request_id"], dead.to_string().as_str());
}

#[tokio::test]
async fn a_refusal_to_start_is_one_such_line_too() {
    let mut program = production().await;
    program.set("ALLOWED_ORIGINS", "");
    for command in [&["serve"][..], &["worker"]] {
        let output = program.run(command, "");
        assert_eq!(output.status.code(), Some(2));
        let lines = lines_of(&String::from_utf8_lossy(&output.stderr));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(find(&lines, "metricis ends")["error"].as_str().is_some_and(|text| text.contains("ALLOWED_ORIGINS")));
    }
}
