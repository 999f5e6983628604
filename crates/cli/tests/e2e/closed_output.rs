//! A reader that goes away (`metricis … | head -1`) ends the program quietly: no panic, no half-made data directory.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use metricis_store::testing::Engine;

use crate::program::Program;

/// Runs a command whose reader takes `lines` lines and goes; what stood on standard error, and the exit code.
fn with_a_short_reader(program: &Program, arguments: &[&str], lines: usize) -> (String, Option<i32>) {
    let mut command = program.command(arguments);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let read =
        BufReader::new(child.stdout.take().expect("its output")).lines().take(lines).map_while(Result::ok).count();
    assert_eq!(read, lines);
    let mut complaints = String::new();
    child.stderr.take().expect("its complaints").read_to_string(&mut complaints).expect("text");
    (complaints, child.wait().expect("the program ends").code())
}

#[tokio::test]
async fn a_reader_that_goes_is_no_panic() {
    let program = Program::new(Engine::Sqlite).await;
    for (arguments, lines) in
        [(vec!["demo", "--once"], 1), (vec!["completions", "bash"], 0), (vec!["config", "check"], 0)]
    {
        let (complaints, code) = with_a_short_reader(&program, &arguments, lines);
        assert_eq!((complaints.as_str(), code), ("", Some(141)), "{arguments:?}");
    }
}

/// Every log line and every complaint meets a closed standard error, from the first migration on.
#[tokio::test]
async fn a_closed_standard_error_stops_nothing() {
    let mut program = Program::new(Engine::Sqlite).await;
    program.variables.retain(|(name, _)| !name.ends_with("DATABASE_URL"));
    program.set("METRICIS_LOG", "debug");
    let mut command = program.command(&["demo", "--once"]);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stderr.take());
    let mut told = String::new();
    child.stdout.take().expect("its output").read_to_string(&mut told).expect("text");
    assert_eq!(child.wait().expect("the program ends").code(), Some(0), "{told}");
    let mut command = program.command(&["study", "grant", "S-9", "--user", "x@y.z", "--role", "owner"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("the program ends").code(), Some(1));
}
