//! One file per command. Each opens what it needs, does one thing, prints it.

mod audit;
mod breaker;
mod config;
pub mod cutover;
mod docs;
pub mod migrate;
pub mod redcap_sim;
mod secrets;
pub mod serve;
mod study;
mod user;
mod webhooks;

use clap::CommandFactory;
use metricis_core::action::Actor;
use metricis_store::{Store, StoreOptions, StoredStudy, Tx};

use crate::args::{Args, Command};
use crate::config::{Problem, Settings};
use crate::output::CliError;

/// Runs the chosen command.
///
/// # Errors
/// See [`CliError`].
pub async fn run(args: &Args) -> Result<(), CliError> {
    match &args.command {
        Command::Demo(demo) => crate::demo::run(args, demo).await,
        Command::Serve { listen, with_worker } => serve::serve(args, *listen, *with_worker).await,
        Command::Worker => serve::worker(args).await,
        Command::Migrate(command) => migrate::run(args, command).await,
        Command::Config(_) => config::check(args),
        Command::Secrets(command) => secrets::run(args, command).await,
        Command::Audit(command) => audit::run(args, command).await,
        Command::Breaker(command) => breaker::run(args, command).await,
        Command::Webhooks(command) => webhooks::run(args, command).await,
        Command::Cutover(command) => cutover::run(args, command).await,
        Command::RedcapSim { listen, project, det_url } => {
            redcap_sim::run(args, *listen, project, det_url.clone()).await
        }
        Command::User(command) => user::run(args, command).await,
        Command::Study(command) => study::run(args, command).await,
        Command::Docs { out } => docs::write(out),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Args::command(), "metricis", &mut std::io::stdout());
            Ok(())
        }
    }
}

/// The settings, or every problem there is.
///
/// # Errors
/// Usage, naming every problem.
pub fn settings(args: &Args) -> Result<Settings, CliError> {
    Settings::from_environment(args.data.clone()).map_err(|problems| all_problems(&problems))
}

/// Every problem of a configuration as one error.
pub fn all_problems(problems: &[Problem]) -> CliError {
    let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
    CliError::Usage(format!("the configuration has {} problem(s):\n{}", lines.len(), lines.join("\n")))
}

/// Opens the runtime database and makes sure that its schema is the one this program needs.
///
/// # Errors
/// Unavailable, or a schema that is not at its head.
pub async fn open(settings: &Settings) -> Result<Store, CliError> {
    let store = Store::open(&settings.database, &StoreOptions::default()).await?;
    let status = store.migration_status().await?;
    if !status.is_at_head() {
        let applied = status.applied_head.unwrap_or_else(|| "nothing".to_owned());
        let required = status.required_head;
        return Err(CliError::Usage(format!(
            "the database is at {applied}, this program needs {required}; run `metricis migrate up`"
        )));
    }
    Ok(store)
}

/// The person at the command line, as the audit log names them.
pub fn operator() -> Actor {
    let name = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    Actor::Operator(name.filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned()))
}

/// The study with this code, locked against other writers.
async fn lock_study_by_code(tx: &Tx, code: &str) -> Result<StoredStudy, CliError> {
    let found = tx.study_by_code(code).await?.ok_or_else(|| no_study(code))?;
    tx.lock_study(found.id).await?.ok_or_else(|| no_study(code))
}

fn no_study(code: &str) -> CliError {
    CliError::No(format!("there is no study with the code {code:?}; `metricis study list` shows them"))
}

/// The next line of standard input.
fn stdin_line(what: &str) -> Result<String, CliError> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| CliError::Usage(format!("cannot read {what}: {error}")))?;
    let line = line.trim_end_matches(['\r', '\n']).to_owned();
    if line.is_empty() {
        return Err(CliError::Usage(format!("{what} is expected as a line on standard input, and none came")));
    }
    Ok(line)
}
