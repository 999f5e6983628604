//! Commands in a hurry: what they print, what they refuse, how they exit.

use metricis_store::testing::Engine;
use rstest::rstest;

use crate::program::Program;

fn refused(program: &Program, arguments: &[&str], input: &str, code: i32) -> String {
    let output = program.run(arguments, input);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

#[rstest]
#[tokio::test]
async fn mistakes_are_told_with_what_to_do(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let program = Program::new(engine).await;
    assert!(
        refused(&program, &["user", "create", "ada", "--password-stdin"], "x\n", 2).contains("not an e-mail address")
    );
    assert!(
        refused(&program, &["user", "create", "a@b.c", "--password-stdin"], "short\n", 2).contains("12 characters")
    );
    let owner = ["study", "create", "S-1", "--name", "S", "--owner", "nobody@example.org"];
    assert!(refused(&program, &owner, "", 1).contains("metricis user create nobody@example.org"));
    assert!(refused(&program, &["cutover", "check", "S-9"], "", 1).contains("no study with the code \"S-9\""));
    assert!(refused(&program, &["webhooks", "replay", "7"], "", 2).contains("not the id of an event"));
    program.ok(&["user", "create", "Ada@Example.org", "--password-stdin"], "correct horse battery\n");
    refused(&program, &["user", "create", "ada@example.org", "--password-stdin"], "correct horse battery\n", 1);
    program.ok(&["study", "create", "S-1", "--name", "S", "--owner", "ada@example.org"], "");
    assert!(refused(&program, &["webhooks", "reread", "S-9", "7"], "", 1).contains("no study with the code \"S-9\""));
    assert!(refused(&program, &["webhooks", "reread", "S-1", &"7".repeat(256)], "", 2).contains("1 to 255 characters"));
    let moved = ["study", "set-redcap", "S-1", "--api-url", "ftp://x", "--project-id", "7"];
    assert!(refused(&program, &moved, "", 2).contains("api_url"));
}

#[rstest]
#[tokio::test]
async fn a_person_has_a_record_read_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let program = Program::new(engine).await;
    program.ok(&["user", "create", "ada@example.org", "--password-stdin"], "correct horse battery\n");
    program.ok(&["study", "create", "S-1", "--name", "S", "--owner", "ada@example.org"], "");
    assert!(program.ok(&["webhooks", "reread", "S-1", "Ä-07"], "").contains("reads record Ä-07 of S-1 again"));
    let told: serde_json::Value =
        serde_json::from_str(&program.ok(&["--json", "webhooks", "reread", "S-1", "Ä-07"], "")).expect("JSON");
    assert_eq!((&told["record_id"], &told["status"]), (&"Ä-07".into(), &"asked".into()));
    let count = async |query: &str| program.db.count(query).await;
    assert_eq!(count("SELECT wanted - done FROM record_rereads").await, 2);
    let asked = "SELECT count(*) FROM audit_logs WHERE action = 'ask_reread' AND study_id = (SELECT id FROM studies)";
    assert_eq!(count(asked).await, 2, "in the study's chain");
    program.ok(&["audit", "verify"], "");
}

#[rstest]
#[tokio::test]
async fn a_key_rotates_by_the_checklists_bridge(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut program = Program::new(engine).await;
    program.ok(&["user", "create", "ada@example.org", "--password-stdin"], "correct horse battery\n");
    program.ok(&["study", "create", "S-1", "--name", "S", "--owner", "ada@example.org"], "");
    let connect = [
        "study",
        "set-redcap",
        "S-1",
        "--api-url",
        "https://redcap.example.edu/api/",
        "--project-id",
        "7",
        "--token-stdin",
        "--webhook-secret-stdin",
    ];
    program.ok(&connect, "0123456789ABCDEF0123456789ABCDEF\nsecret-secret-secret-secret-secret\n");
    assert!(program.ok(&["secrets", "rotate"], "").contains("zero rotations needed"));
    let key = crate::program::KEYS[2].1;
    program.set("REDCAP_ENCRYPTION_KEY_PREVIOUS", key);
    program.set("REDCAP_ENCRYPTION_KEY", "another-redcap-key-for-the-end-to-end-tests");
    assert!(program.ok(&["secrets", "rotate"], "").contains("2 would be rotated"));
    assert!(program.ok(&["secrets", "rotate", "--apply"], "").contains("2 rotated"));
    program.variables.retain(|(name, _)| name != "REDCAP_ENCRYPTION_KEY_PREVIOUS");
    assert!(program.ok(&["secrets", "rotate"], "").contains("zero rotations needed"));
    program.set("REDCAP_ENCRYPTION_KEY", key);
    let lost = program.run(&["secrets", "rotate"], "");
    assert_eq!(lost.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&lost.stdout).contains("opens with neither"));
}

#[tokio::test]
async fn migrate_status_and_down_say_where_the_database_stands() {
    let program = Program::new(Engine::Postgres).await;
    let head = format!("at head {}", metricis_store::migration::required_head());
    assert!(program.ok(&["migrate", "status"], "").contains(&head));
    assert!(refused(&program, &["migrate", "down"], "", 1).contains("add --yes"));
    program.ok(&["migrate", "down", "--yes"], "");
    refused(&program, &["migrate", "status"], "", 1);
    assert!(refused(&program, &["serve"], "", 2).contains("metricis migrate up"));
    program.ok(&["migrate", "up"], "");
}

#[tokio::test]
async fn a_start_without_its_redis_says_so_loudly_and_serves() {
    let mut program = Program::new(Engine::Sqlite).await;
    program.set("REDIS_URL", "redis://:a-redis-password@127.0.0.1:1/0");
    let server = crate::site::serve(&program, &[]).await;
    let log = server.process.log();
    let line =
        log.lines().find(|line| line.contains("Redis (REDIS_URL) does not answer")).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains("ERROR") && line.contains("sign-in stays limited"), "{line}");
    assert!(!log.contains("a-redis-password"), "{log}");
}

#[tokio::test]
async fn production_names_every_missing_setting_and_refuses_the_owners_role() {
    let mut program = Program::new(Engine::Postgres).await;
    program.set("ENVIRONMENT", "production");
    program.set("DEV_MODE", "true");
    let text = refused(&program, &["serve"], "", 2);
    for name in ["DEV_MODE", "SESSION_STORAGE_BACKEND", "ALLOWED_ORIGINS"] {
        assert!(text.contains(name), "{name} is missing from {text}");
    }
    program.set("DEV_MODE", "false");
    program.set("SESSION_STORAGE_BACKEND", "redis");
    program.set("ALLOWED_ORIGINS", "https://app.metricis.app");
    let owner =
        program.variables.iter().find(|(name, _)| name == "MIGRATION_DATABASE_URL").expect("the owner").1.clone();
    program.set("DATABASE_URL", &owner);
    assert!(refused(&program, &["serve"], "", 2).contains("owns the tables"));
}
