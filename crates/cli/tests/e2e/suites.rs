//! The report of the test suites, from the runner's file to row 15, and what a green board is for: a study becomes active.

use metricis_core::suites::GROUPS;
use metricis_store::testing::Engine;
use serde_json::{Value, json};

use crate::program::Program;
use crate::site::{Site, serve, wait_for_count};

/// What the runner writes for a run of every group, begun when the program's folder was made; `more` is one more case.
fn junit(program: &Program, more: &str) -> String {
    let cases = GROUPS.iter().flat_map(|group| {
        (0..group.least)
            .map(move |n| format!(r#"<testcase name="{}::case_{n}" classname="metricis-server::api"/>"#, group.name))
    });
    let cases = cases.collect::<String>();
    let begun = std::fs::metadata(program.folder.path()).and_then(|folder| folder.modified()).expect("a time");
    let now = chrono::DateTime::<chrono::Utc>::from(begun).to_rfc3339();
    format!(
        r#"<testsuites name="nextest-run" timestamp="{now}"><testsuite name="all">{cases}{more}</testsuite></testsuites>"#
    )
}

fn complaint(program: &Program, arguments: &[&str], code: i32) -> String {
    let output = program.run(arguments, "");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    told
}

#[tokio::test]
async fn a_report_that_proves_nothing_is_refused_with_what_speaks_against_it() {
    let program = Program::new(Engine::Sqlite).await;
    let write = |name: &str, text: &str| std::fs::write(program.folder.path().join(name), text).expect("a file");
    write(
        "failed.xml",
        &junit(&program, r#"<testcase name="tx::x" classname="metricis-store::it"><failure/></testcase>"#),
    );
    let told = complaint(&program, &["cutover", "report-suites", "failed.xml"], 1);
    assert!(told.contains("proves nothing") && told.contains("metricis-store::it::tx::x did not pass"), "{told}");
    write("one.xml", r#"<testsuites timestamp="2026-03-02T09:00:00Z"></testsuites>"#);
    assert!(complaint(&program, &["cutover", "report-suites", "one.xml"], 1).contains("group redcap_lifecycle"));
    write("text.xml", "not XML");
    assert!(complaint(&program, &["cutover", "report-suites", "text.xml"], 2).contains("text.xml: does not say when"));
    assert!(complaint(&program, &["cutover", "report-suites", "nowhere.xml"], 2).contains("nowhere.xml: "));

    write("green.xml", &junit(&program, ""));
    let mut judged: Value =
        serde_json::from_str(&program.ok(&["cutover", "report-suites", "green.xml"], "")).expect("JSON");
    judged["version"] = json!("0.0.9");
    write("other.json", &judged.to_string());
    let told = complaint(&program, &["cutover", "attach-suites", "other.json"], 1);
    assert!(told.contains("the suites ran on version 0.0.9"), "{told}");
    assert!(complaint(&program, &["cutover", "attach-suites", "green.xml"], 2).contains("is not what"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_suites_attached_the_board_is_green_and_the_study_becomes_active() {
    let mut program = Program::new(Engine::Postgres).await;
    program.set("ENVIRONMENT", "production");
    program.set("SESSION_STORAGE_BACKEND", "redis");
    program.set("ALLOWED_ORIGINS", "https://app.metricis.app");
    let server = serve(&program, &[]).await;
    let site = Site::new(&program, &server).await;
    let _worker = program.start(&["worker"]);
    let live = "SELECT count(*) FROM processes WHERE role = 'worker' AND stopped_at IS NULL";
    wait_for_count(&program, live, 1).await;
    let red = || {
        let output = program.run(&["--json", "cutover", "check", "E2E-1"], "");
        let board: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let rows = board["rows"].as_array().expect("rows").clone();
        rows.into_iter().filter(|row| row["state"] == "red").collect::<Vec<Value>>()
    };
    let before = red();
    assert_eq!(before.len(), 1, "{before:#?}");
    assert!(before[0]["evidence"].as_str().is_some_and(|text| text.starts_with("no report of")), "{before:#?}");

    std::fs::write(program.folder.path().join("junit.xml"), junit(&program, "")).expect("a file");
    let judged = program.ok(&["cutover", "report-suites", "junit.xml"], "");
    std::fs::write(program.folder.path().join("suites.json"), judged).expect("a file");
    assert!(program.ok(&["cutover", "attach-suites", "suites.json"], "").starts_with("attached to "));
    assert_eq!(red(), Vec::<Value>::new());
    let active = site.post(&server, "status", &json!({ "status": "active" })).await;
    assert_eq!(active["status"], "active");
    program.ok(&["audit", "verify"], "");
}
