//! Clients of REDCap that nobody here wrote take the simulator for one: PyCap and redcaplite from PyPI, unmodified.
//! Each suite makes its own projects with the super token and says which of its steps failed.

use std::process::Stdio;

use tokio::process::Command;

use crate::server::Server;

async fn believes(variable: &str, suite: &str) {
    let python = std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run the suite with `make test`, or see scripts/python-env"));
    let server = Server::start().await;
    let output = Command::new(python)
        .arg(format!("{}/../../tests/python/{suite}", env!("CARGO_MANIFEST_DIR")))
        .env("REDCAP_SIM_URL", format!("{}/api/", server.base))
        .env("REDCAP_SIM_SUPER_TOKEN", server.sim.super_token())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // The server is on this machine, whatever proxy the environment names.
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .output()
        .await
        .expect("Python runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{told}", String::from_utf8_lossy(&output.stdout));
    assert!(told.contains("Ran ") && !told.contains("Ran 0 tests"), "{told}");
}

#[tokio::test]
async fn pycap_believes_the_simulator() {
    believes("TEST_PYCAP", "pycap_scenarios.py").await;
}

#[tokio::test]
async fn redcaplite_believes_the_simulator() {
    believes("TEST_REDCAPLITE", "redcaplite_scenarios.py").await;
}
