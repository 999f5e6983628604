//! What the program refuses, on both engines: it names the thing that is in the way, and leaves nothing behind.

use metricis_store::testing::Engine;
use rstest::rstest;

use crate::program::Program;

fn refused(program: &Program, arguments: &[&str], input: &str, code: i32) -> String {
    let output = program.run(arguments, input);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    text
}

fn add_user(program: &Program, email: &str) {
    program.ok(&["user", "create", email, "--password-stdin"], "correct horse battery\n");
}

fn connect<'a>(code: &'a str, more: &'a [&'a str]) -> Vec<&'a str> {
    let start = ["study", "set-redcap", code, "--api-url", "https://redcap.example.edu/api/", "--project-id", "7"];
    [&start, more].concat()
}

#[rstest]
#[tokio::test]
async fn conflicts_name_the_thing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let program = Program::new(engine).await;
    add_user(&program, "ada@example.org");
    let again = ["user", "create", "Ada@example.org", "--password-stdin"];
    assert_eq!(
        refused(&program, &again, "correct horse battery\n", 1),
        "metricis: an account with the address ada@example.org exists already\n"
    );
    for code in ["S-1", "S-2"] {
        program.ok(&["study", "create", code, "--name", "S", "--owner", "ada@example.org"], "");
    }
    let again = ["study", "create", "S-1", "--name", "S", "--owner", "ada@example.org"];
    assert_eq!(refused(&program, &again, "", 1), "metricis: a study with the code S-1 exists already\n");
    program.ok(&connect("S-1", &[]), "");
    assert_eq!(
        refused(&program, &connect("S-2", &[]), "", 1),
        "metricis: another study that is not completed is connected to this origin and project\n"
    );
    let blank = ["study", "create", "S-3", "--name", " ", "--owner", "ada@example.org"];
    assert!(refused(&program, &blank, "", 2).contains("not empty"));
    let word = ["study", "grant", "S-1", "--user", "ada@example.org", "--role", "boss"];
    assert!(refused(&program, &word, "", 2).contains("\"boss\" is not a valid study role"));
    let short = connect("S-1", &["--webhook-secret-stdin"]);
    assert!(refused(&program, &short, "too short\n", 2).contains("32 to 200 visible ASCII"));
    // A first one; another, beside which the former stays; the same again, which changes nothing.
    for secret in ["1", "2", "2"] {
        program.ok(&short, &format!("{}\n", secret.repeat(32)));
    }
    assert!(refused(&program, &short, &format!("{}\n", "3".repeat(32)), 1).contains("still live"));
}

#[rstest]
#[tokio::test]
async fn a_study_keeps_an_owner(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let program = Program::new(engine).await;
    add_user(&program, "ada@example.org");
    add_user(&program, "ben@example.org");
    program.ok(&["study", "create", "S-1", "--name", "S", "--owner", "ada@example.org"], "");
    let grant = |email: &'static str, role: &'static str| ["study", "grant", "S-1", "--user", email, "--role", role];
    let demoted = refused(&program, &grant("ada@example.org", "monitor"), "", 1);
    assert_eq!(demoted, "metricis: the study would have no owner; make another one first\n");
    program.ok(&grant("ben@example.org", "coordinator"), "");
    refused(&program, &grant("ada@example.org", "monitor"), "", 1);
    program.ok(&grant("ada@example.org", "owner"), "");
    program.ok(&grant("ben@example.org", "owner"), "");
    program.ok(&grant("ada@example.org", "monitor"), "");
}

#[tokio::test]
async fn a_mistyped_folder_stays_as_it_was() {
    let mut program = Program::new(Engine::Sqlite).await;
    program.variables.clear();
    let folder = program.folder.path().join("data");
    for arguments in [
        &["study", "list"][..],
        &["migrate", "status"],
        &["migrate", "down", "--yes"],
        &["audit", "verify"],
        &["webhooks", "list", "S-1"],
        &["secrets", "rotate"],
        &["cutover", "check", "S-1"],
        &["breaker", "show", "S-1"],
    ] {
        let text = refused(&program, arguments, "", 2);
        assert!(text.contains(&format!("there is no database in {}", folder.display())), "{arguments:?}: {text}");
    }
    program.ok(&["config", "check"], "");
    assert!(!folder.exists(), "a command that only looks made {}", folder.display());
    program.ok(&["migrate", "up"], "");
    program.ok(&["study", "list"], "");
}

#[tokio::test]
async fn environment_is_a_closed_list() {
    let mut program = Program::new(Engine::Sqlite).await;
    program.set("ENVIRONMENT", "prod");
    assert!(refused(&program, &["serve"], "", 2).contains("ENVIRONMENT: \"prod\" is not an environment"));
}

#[tokio::test]
async fn the_demos_project_options_need_a_project() {
    let program = Program::new(Engine::Sqlite).await;
    for option in ["--anchor-field", "--enrollment-instrument", "--result-field"] {
        assert!(refused(&program, &["demo", "--once", option, "x"], "", 2).contains("--project"), "{option}");
    }
}
