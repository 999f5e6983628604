//! `redcap-sim` by itself: started with a known token, broken and repaired while it runs, stopped and started again.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

const TOKEN: &str = "0123456789ABCDEF0123456789ABCDEF";

fn metricis(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_metricis"));
    command.env_clear().args(["--json", "redcap-sim"]).args(arguments);
    command
}

fn order(arguments: &[&str]) -> Output {
    metricis(arguments).output().expect("the program runs")
}

fn ok(arguments: &[&str]) -> Value {
    let output = order(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn refused(arguments: &[&str], code: i32) -> String {
    let output = order(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A simulator that runs; killed at the end of the test.
struct Simulator {
    process: Child,
    facts: Value,
}

impl Simulator {
    fn start(arguments: &[&str]) -> Self {
        let mut command = metricis(&["--listen", "127.0.0.1:0"]);
        let mut process =
            command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output"));
        let mut text = String::new();
        while serde_json::from_str::<Value>(&text).is_err() {
            assert_ne!(lines.read_line(&mut text).expect("a line"), 0, "it ended: {text}");
        }
        Self { process, facts: serde_json::from_str(&text).expect("JSON") }
    }

    fn url(&self) -> &str {
        self.facts["url"].as_str().expect("its address")
    }

    async fn call(&self, more: &[(&str, &str)]) -> (u16, String) {
        let http = metricis_redcap::http_client("test").expect("a client");
        let mut form = vec![("token", TOKEN), ("format", "json")];
        form.extend_from_slice(more);
        let answer = http.post(format!("{}api/", self.url())).form(&form).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }

    fn terminate(mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
        assert!(self.process.wait().expect("it ends").success());
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const VERSION: [(&str, &str); 1] = [("content", "version")];

#[tokio::test]
async fn it_is_broken_and_repaired_while_it_runs() {
    let sim = Simulator::start(&["--token", TOKEN, "--project-id", "77", "--redcap-version", "15.5.2"]);
    assert_eq!(sim.facts["projects"][0]["token"], TOKEN);
    let at = sim.url().to_owned();
    assert_eq!(sim.call(&VERSION).await, (200, "15.5.2".into()));
    let told = ok(&["break", "--at", &at, "--project", "77", "gateway:504", "on", "version", "times", "1"]);
    assert_eq!(told["faults"][0], "gateway:504 on version times 1");
    assert_eq!(sim.call(&VERSION).await.0, 504);
    assert_eq!(sim.call(&VERSION).await.0, 200, "it was for one call");
    ok(&["break", "--at", &at, "empty500"]);
    ok(&["break", "--at", &at, "--project", "77", "cut"]);
    assert_eq!(sim.call(&VERSION).await, (500, String::new()), "what holds for the server comes first");
    let shown = ok(&["projects", "--at", &at]);
    assert_eq!((&shown["faults"][0], &shown["projects"][0]["faults"][0]), (&"empty500".into(), &"cut".into()));
    ok(&["repair", "--at", &at]);
    assert_eq!(sim.call(&VERSION).await.0, 200);
    assert!(refused(&["break", "--at", &at, "--project", "5", "cut"], 1).contains("there is no project 5"));
    assert!(refused(&["break", "--at", &at, "cut", "twice"], 2).contains("'twice' is no part of an order"));
    let clock = ok(&["clock", "--at", &at, "--set", "2026-10-25T00:30:00Z"]);
    assert_eq!(clock["server_time"], "2026-10-25 00:30:00");
    assert!(refused(&["det-test", "--at", &at, "77"], 1).contains("project 77 has no DET URL"));
}

#[tokio::test]
async fn its_state_outlives_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("redcap.state");
    let state = state.to_str().expect("a path");
    let sim = Simulator::start(&["--token", TOKEN, "--state", state, "--fault", "slow:1 on log"]);
    let import = [("content", "record"), ("data", r#"[{"record_id":"Ä-07","contact_name":"Ada"}]"#)];
    assert_eq!(sim.call(&import).await.0, 200);
    assert!(refused(&["--state", state], 2).contains("is in use by another simulator"));
    sim.terminate();
    let sim = Simulator::start(&["--state", state]);
    assert_eq!(sim.facts["projects"][0]["token"], TOKEN);
    let records = sim.call(&[("content", "record"), ("fields", "contact_name,record_id")]).await.1;
    assert!(records.contains("Ä-07") && records.contains("Ada"), "{records}");
    assert_eq!(ok(&["projects", "--at", sim.url()])["faults"][0], "slow:1 on log");
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    assert!(refused(&["--token", "abc"], 2).contains("a token has 32 hexadecimal digits"));
    assert!(
        refused(&["--time-zone", "Mars"], 2).contains("'Mars' is no time zone; write one like UTC or Europe/Zurich")
    );
    assert!(refused(&["--fault", "nonsense"], 2).contains("'nonsense' is no fault; write one of down"));
    assert!(refused(&["--project", "/no/such/file"], 2).contains("/no/such/file: "));
    let nobody = refused(&["projects", "--at", "http://127.0.0.1:9"], 3);
    assert!(
        nobody.contains("no simulator answers at http://127.0.0.1:9; start one with `metricis redcap-sim`"),
        "{nobody}"
    );
    let kinds = ok(&["faults"]);
    assert!(kinds.as_array().expect("a list").iter().any(|kind| kind["write"] == "down"));
}

/// The suite that the simulator's own tests run, here against the program as it is installed.
#[test]
fn pycap_takes_the_program_for_redcap() {
    let python = std::env::var("TEST_PYCAP").expect("TEST_PYCAP is not set: run the suite with `make test`");
    let super_token = TOKEN.repeat(2);
    let simulator = Simulator::start(&["--super-token", &super_token]);
    assert_eq!(simulator.facts["super_token"], super_token.as_str());
    let output = Command::new(python)
        .arg(format!("{}/../../tests/python/pycap_scenarios.py", env!("CARGO_MANIFEST_DIR")))
        .env("REDCAP_SIM_URL", format!("{}api/", simulator.url()))
        .env("REDCAP_SIM_SUPER_TOKEN", &super_token)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "*")
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(refused(&["--super-token", TOKEN], 2).contains("a super token has 64 hexadecimal digits"));
}
