//! `metricis user`: who may come in, and that each change is audited and tells no password.

use metricis_store::testing::Engine;
use rstest::rstest;

use crate::program::Program;

const ADA: &str = "ada@example.org";

#[rstest]
#[tokio::test]
async fn accounts_are_closed_opened_and_given_passwords(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let program = Program::new(engine).await;
    program.ok(&["user", "create", ADA, "--password-stdin"], "correct horse battery\n");
    program.ok(&["study", "create", "S-1", "--name", "S", "--owner", ADA], "");
    let count = async |query: &str| program.db.count(query).await;
    let disabled = program.ok(&["user", "disable", "Ada@Example.org"], "");
    assert!(disabled.contains("ada@example.org is disabled") && disabled.contains("without an owner now: S-1"));
    program.ok(&["user", "disable", ADA], "");
    assert_eq!(count("SELECT count(*) FROM users WHERE disabled_at IS NOT NULL AND token_generation = 1").await, 1);
    program.ok(&["user", "enable", ADA], "");
    assert_eq!(count("SELECT count(*) FROM users WHERE disabled_at IS NULL AND token_generation = 1").await, 1);
    program.ok(&["user", "revoke", ADA], "");
    program.ok(&["user", "set-password", ADA, "--password-stdin"], "another horse battery\n");
    let told = program.ok(&["--json", "user", "set-password", ADA, "--generate"], "");
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let made = told["password"].as_str().expect("a password");
    assert!(made.len() >= 40, "{made}");
    assert_eq!(count("SELECT token_generation FROM users").await, 4);
    for (action, times) in [("disable_user", 1), ("enable_user", 1), ("revoke_tokens", 1), ("set_password", 2)] {
        let query = format!("SELECT count(*) FROM audit_logs WHERE action = '{action}' AND study_id IS NULL");
        assert_eq!(count(&query).await, times, "{action}");
    }
    let leaked = format!("SELECT count(*) FROM audit_logs WHERE detail LIKE '%{made}%' OR detail LIKE '%horse%'");
    assert_eq!(count(&leaked).await, 0);
    program.ok(&["audit", "verify"], "");
}

#[rstest]
#[case::enabled(&["user", "enable", ADA])]
#[case::new_password(&["user", "set-password", ADA, "--generate"])]
#[tokio::test]
async fn every_lock_of_an_account_is_lifted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] command: &[&str],
) {
    let program = Program::new(engine).await;
    let made = program.ok(&["--json", "user", "create", ADA, "--password-stdin"], "correct horse battery\n");
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    let id = made["id"].as_str().expect("an id");
    let (then, until) = ("2026-03-02T09:00:00Z", "2999-01-01T00:00:00Z");
    for place in ["", "/browser", "=address", "@00"] {
        let locked = format!("INSERT INTO sign_in_failures VALUES ('{id}{place}', 10, '{then}', '{until}')");
        program.db.as_server(&locked).await.expect("locked");
    }
    program.ok(command, "");
    let locked = "SELECT count(*) FROM sign_in_failures WHERE locked_until IS NOT NULL OR failures > 0";
    assert_eq!(program.db.count(locked).await, 0);
}

#[tokio::test]
async fn mistakes_change_nothing() {
    let program = Program::new(Engine::Sqlite).await;
    program.ok(&["user", "create", ADA, "--password-stdin"], "correct horse battery\n");
    for (arguments, input, code, told) in [
        (vec!["user", "disable", "eve@example.org"], "", 1, "nobody has the address \"eve@example.org\""),
        (vec!["user", "set-password", ADA, "--password-stdin"], "short\n", 2, "12 characters"),
        (vec!["user", "set-password", ADA, "--password-stdin"], "", 2, "none came"),
        (vec!["user", "set-password", ADA], "", 2, "--password-stdin"),
        (vec!["user", "set-password", ADA, "--password-stdin", "--generate"], "", 2, "cannot be used with"),
    ] {
        let output = program.run(&arguments, input);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(told), "{arguments:?}: {text}");
    }
    assert_eq!(program.db.count("SELECT count(*) FROM users WHERE token_generation = 0").await, 1);
}
