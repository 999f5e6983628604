//! The main job, as the README's first command plays it.

use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::Value;

use crate::audit_script;
use crate::program::{Program, real};

#[rstest]
#[tokio::test]
async fn the_story_holds_and_can_be_told_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let program = Program::new(engine).await;
    for _ in 0..2 {
        let told = program.ok(&["demo", "--once"], "");
        assert!(told.contains("Every step was as promised"), "{told}");
        assert!(!told.contains('✗') && !told.contains("not applicable"), "{told}");
    }
    let verified = program.ok(&["audit", "verify"], "");
    assert!(verified.lines().all(|line| line.starts_with("chain valid through row ")), "{verified}");
    assert!(verified.lines().count() >= 3, "{verified}");
    audit_script::check(&program);
    audit_script::check_command(&program).await;
}

#[rstest]
#[tokio::test]
async fn the_story_holds_on_a_project_that_a_real_redcap_made(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(file) = real("real/phpcap/PHPCapLongitudinalData.REDCap.xml") else { return };
    let program = Program::new(engine).await;
    let told = program.ok(&["demo", "--once", "--project", file.to_str().expect("a path")], "");
    assert!(told.contains("Every step was as promised"), "{told}");
}

#[tokio::test]
async fn for_machines_each_step_is_an_object_and_the_log_is_loud() {
    let program = Program::new(Engine::Sqlite).await;
    let told = program.ok(&["demo", "--once", "--json"], "");
    let objects: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let (end, steps) = objects.split_last().expect("objects");
    assert!(steps.len() > 10 && steps.iter().enumerate().all(|(n, step)| step["step"] == n + 1), "{told}");
    assert!(steps.iter().all(|step| step["ok"] == true && step["promise"].is_string()), "{told}");
    assert_eq!((&end["ok"], &end["steps"]), (&Value::Bool(true), &Value::from(steps.len())), "{end}");
    let broken = steps.iter().find(|step| step["promise"] == "REDCap is broken: the sync fails loudly").expect("it");
    let evidence = broken["evidence"].as_str().expect("text");
    assert!(evidence.contains("CRITICAL redcap_sync_failure error_type=api_error"), "{evidence}");
    let log = std::fs::read_to_string(end["log"].as_str().expect("a path")).expect("the log");
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
    assert!(log.contains("\"source\":\"redcap_sync_failure\""), "{log}");
}

#[tokio::test]
async fn the_demo_does_not_run_in_production() {
    let mut program = Program::new(Engine::Sqlite).await;
    program.set("ENVIRONMENT", "production");
    let output = program.run(&["demo", "--once"], "");
    assert_eq!(output.status.code(), Some(2));
}
