//! `docs/AUDIT.md` is enough to verify a log without us: the script beside the tests reads real exports and names what was changed.

use std::path::Path;
use std::process::{Command, Output};

use metricis_store::DatabaseUrl;
use secrecy::ExposeSecret;

use crate::program::Program;

const TABLES: [&str; 3] = ["audit_logs", "audit_chains", "sessions"];

/// The statements that the document prints for the embedded engine, run by Python's own SQLite.
const FROM_SQLITE: &str = "import csv, re, sqlite3, sys\n\
    database, folder, page = sys.argv[1:]\n\
    statements = re.findall(r'^sqlite3 .* \"(SELECT [^\"]*)\" > (\\w+)\\.csv$', open(page, encoding='utf-8').read(), re.M)\n\
    assert len(statements) == 3, statements\n\
    for statement, name in statements:\n\
    \x20   rows = sqlite3.connect(database).execute(statement)\n\
    \x20   with open(f'{folder}/{name}.csv', 'w', encoding='utf-8', newline='') as file:\n\
    \x20       csv.writer(file, lineterminator='\\n').writerows([[column[0] for column in rows.description], *rows])\n";

fn repository(path: &str) -> String {
    format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
}

fn python(arguments: &[&str]) -> Output {
    let python = std::env::var("TEST_PYTHON").expect("TEST_PYTHON is not set: run the suite with `make test`");
    Command::new(python).args(arguments).output().expect("Python runs")
}

fn export(program: &Program, folder: &Path) {
    let to = folder.to_str().expect("a path");
    match &program.db.url {
        DatabaseUrl::Sqlite(file) => {
            let arguments = ["-c", FROM_SQLITE, file.to_str().expect("a path"), to, &repository("docs/AUDIT.md")];
            let output = python(&arguments);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        DatabaseUrl::Postgres(address) => {
            for table in TABLES {
                let copy = format!("\\copy (SELECT * FROM app.{table}) TO '{to}/{table}.csv' CSV HEADER");
                let page = std::fs::read_to_string(repository("docs/AUDIT.md")).expect("the document");
                assert!(page.contains(&copy.replace(&format!("{to}/"), "")), "the document prints another command");
                let psql =
                    Command::new("psql").args(["--no-psqlrc", "-c", &copy]).arg(address.expose_secret()).status();
                assert!(psql.expect("psql runs").success());
            }
        }
    }
}

fn run(folder: &Path) -> Result<String, String> {
    let output = python(&[&repository("tests/python/verify_audit.py"), folder.to_str().expect("a path")]);
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Replaces `from` once in an export, and puts it back.
fn with_change(folder: &Path, table: &str, from: &str, to: &str) -> String {
    let file = folder.join(format!("{table}.csv"));
    let whole = std::fs::read_to_string(&file).expect("an export");
    assert!(whole.contains(from), "{table} has no {from}");
    std::fs::write(&file, whole.replacen(from, to, 1)).expect("written");
    let told = run(folder).expect_err("the change is found");
    std::fs::write(&file, whole).expect("written");
    told
}

/// Verifies what the story left, then each kind of change.
pub fn check(program: &Program) {
    let folder = tempfile::tempdir().expect("a folder");
    export(program, folder.path());
    let told = run(folder.path()).expect("a valid log");
    assert!(
        told.contains("chains valid") && told.contains(", 0 not covered") && !told.contains(" 0 results"),
        "{told}"
    );
    // The second row of the first study's chain, whichever action it is.
    let told = with_change(folder.path(), "audit_logs", "20000000002,", "20000000001,");
    assert!(told.starts_with("row 20000000001: "), "{told}");
    let told = with_change(folder.path(), "audit_logs", ",enrol_participant,", ",update_participant,");
    assert!(told.starts_with("row 2") && told.contains("its hash is not that of its columns"), "{told}");
    let told = with_change(folder.path(), "sessions", "median_ms", "median_s");
    assert!(told.starts_with("session ") && told.contains("does not match the audit log"), "{told}");
    let log = std::fs::read_to_string(folder.path().join("audit_logs.csv")).expect("an export");
    let last = log.lines().rfind(|line| line.starts_with("2000000")).expect("a row").to_owned();
    let told = with_change(folder.path(), "audit_logs", &format!("{last}\n"), "");
    assert!(told.contains("the chain ends here") || told.contains("missing or doubled"), "{told}");
}

/// `metricis audit verify` names the session whose result was changed, in words and for machines.
pub async fn check_command(program: &Program) {
    let change = "UPDATE sessions SET task = 'other' WHERE id = (SELECT min(CAST(id AS text)) FROM sessions)";
    let change = match &program.db.url {
        DatabaseUrl::Sqlite(_) => change.replace("min(CAST(id AS text))", "min(id)"),
        DatabaseUrl::Postgres(_) => change.replace("WHERE id =", "WHERE CAST(id AS text) ="),
    };
    program.db.as_server(&change).await.expect("the server may");
    let output = program.run(&["audit", "verify"], "");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("BROKEN (study ") && told.contains(": the stored result does not match the audit log"),
        "{told}"
    );
    let output = program.run(&["--json", "audit", "verify"], "");
    let verdicts: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let altered: Vec<_> = verdicts
        .as_array()
        .expect("verdicts")
        .iter()
        .flat_map(|of| of["results"]["altered"].as_array())
        .flatten()
        .collect();
    assert!(
        altered.len() == 1
            && altered[0]["fault"] == "changed"
            && told.contains(altered[0]["session"].as_str().expect("an id"))
    );
}
