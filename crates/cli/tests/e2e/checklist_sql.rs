//! Every SQL statement that the cutover checklist prints, unchanged, through psql, after the story.

use std::process::Command;

use metricis_store::DatabaseUrl;
use metricis_store::testing::Engine;
use secrecy::ExposeSecret;

use crate::program::{Program, real};

const INDEX: &str = "SELECT indexname, indexdef
FROM pg_indexes
WHERE schemaname = 'app' AND indexname = 'ix_studies_redcap_project_id';";
const SEALED: &str = "SELECT id, code,
(config->'redcap'->>'api_token') LIKE 'enc:v2:%' AS api_v2,
(config->'redcap'->>'webhook_secret') LIKE 'enc:v2:%' AS secret_v2
FROM app.studies WHERE integration_mode = 'redcap';";
const MODE: &str = "SELECT code, integration_mode, redcap_enabled,
config->'constraints'->>'consent_mode' AS consent_mode
FROM app.studies WHERE code = '<sponsor study code>';";
const ADMINS: &str = "SELECT u.email, us.role
FROM app.user_studies us
JOIN app.users u ON u.id = us.user_id
JOIN app.studies s ON s.id = us.study_id
WHERE s.code = '<sponsor study code>' AND us.role IN ('admin', 'owner');";
const LATEST: &str = "SELECT id, source, project_id, record_id, status, processed_at
FROM app.webhook_events ORDER BY received_at DESC LIMIT 1;";
const LANDED: &str = "SELECT participant_code, status, enrollment_date FROM app.participants
WHERE external_id = '<the REDCap record id>';";
const VERSION: &str = "SELECT version_number, status, is_current, anchor_date_used FROM app.schedule_versions
WHERE participant_id = '<participant uuid>';";
const FAILED_EVENTS: &str = "SELECT * FROM app.webhook_events WHERE status='failed' ORDER BY received_at DESC";
const OFFSET: &str = "SELECT test_mode_config->>'time_simulation_offset_days' FROM app.studies WHERE …";
const FAILED_SYNCS: &str = "SELECT id, participant_id, completed_at, sync_status FROM app.sessions
WHERE sync_status = 'failed' ORDER BY completed_at DESC;";
const STUCK: &str = "SELECT id, source, project_id, record_id, status, received_at, retry_count
FROM app.webhook_events WHERE status = 'processing' AND received_at < NOW() - interval '15 minutes';";

/// Runs a statement with psql as the operator does; rows as `a|b|c`.
fn psql(program: &Program, statement: &str) -> Vec<String> {
    let DatabaseUrl::Postgres(address) = &program.db.url else { panic!("not PostgreSQL") };
    let output = Command::new("psql")
        .args(["--no-psqlrc", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", "-c", statement])
        .arg(address.expose_secret())
        .output()
        .expect("psql runs");
    assert!(output.status.success(), "{statement}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn the_statements_are_the_checklists() {
    let Some(file) = real("seed/000_f828965fc2dd339b.txt") else { return };
    let checklist = std::fs::read_to_string(file).expect("the checklist");
    let all = [INDEX, SEALED, MODE, ADMINS, LATEST, LANDED, VERSION, FAILED_EVENTS, OFFSET, FAILED_SYNCS, STUCK];
    for statement in all {
        assert!(checklist.contains(statement), "not in the checklist: {statement}");
    }
    assert_eq!(checklist.matches("SELECT ").count(), all.len(), "a statement of the checklist is not tried here");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_statement_shows_what_the_checklist_says() {
    let program = Program::new(Engine::Postgres).await;
    program.ok(&["demo", "--once"], "");
    let index = psql(&program, INDEX);
    assert!(index[0].contains("WHERE ((integration_mode)::text = 'redcap'::text)"), "{index:?}");
    assert!(psql(&program, SEALED).iter().all(|row| row.ends_with("|t|t")));
    let of_study = |statement: &str| psql(&program, &statement.replace("<sponsor study code>", "DEMO-001"));
    assert_eq!(of_study(MODE), ["DEMO-001|redcap|t|implied"]);
    assert_eq!(of_study(ADMINS), ["ada.demo-001@demo.example|owner"]);
    let latest = psql(&program, LATEST);
    assert!(latest[0].contains("|redcap_det|18|Ä-07|duplicate|"), "the replay is the latest: {latest:?}");
    let landed = psql(&program, &LANDED.replace("<the REDCap record id>", "Ä-07"));
    assert!(landed.len() == 1 && landed[0].starts_with("NORTH-001|enrolled|"), "{landed:?}");
    let participant = psql(&program, "SELECT id FROM app.participants");
    let versions = psql(&program, &VERSION.replace("<participant uuid>", &participant[0]));
    assert!(versions.iter().any(|row| row.starts_with("1|superseded|f|")), "{versions:?}");
    assert!(versions.iter().any(|row| row.starts_with("2|active|t|")), "{versions:?}");
    assert!(psql(&program, FAILED_EVENTS).is_empty());
    assert!(psql(&program, FAILED_SYNCS).is_empty(), "every failed sync was synced again");
    assert!(psql(&program, STUCK).is_empty());
    assert_eq!(psql(&program, &OFFSET.replace('…', "code = 'DEMO-001'")), [""]);
}
