//! One file per command. Each opens what it needs, does one thing, prints it.

mod audit;
mod breaker;
mod config;
pub mod cutover;
mod docs;
pub mod migrate;
mod reconcile;
pub mod redcap_sim;
mod secrets;
pub mod serve;
pub mod study;
mod user;
mod webhooks;

use clap::CommandFactory;
use metricis_core::action::Actor;
use metricis_store::{DatabaseUrl, Store, StoreError, StoreOptions, StoredStudy, Tx};

use crate::args::{Args, Command};
use crate::config::{Absent, Problem, Settings};
use crate::output::{CliError, say};

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
        Command::Reconcile(order) => reconcile::run(args, order).await,
        Command::Flags(command) => reconcile::flags(args, command).await,
        Command::Cutover(command) => cutover::run(args, command).await,
        Command::RedcapSim(simulator) => redcap_sim::run(args, simulator).await,
        Command::User(command) => user::run(args, command).await,
        Command::Study(command) => study::run(args, command).await,
        Command::Docs { out } => docs::write(out),
        Command::Completions { shell } => {
            let mut script = vec![];
            clap_complete::generate(*shell, &mut Args::command(), "metricis", &mut script);
            say(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
    }
}

/// The settings for a command that works on what is there: it makes neither a folder nor secrets, as it would in a mistyped `--data`.
///
/// # Errors
/// Usage, when there is no database, or naming every problem.
pub fn settings(args: &Args) -> Result<Settings, CliError> {
    let read = Settings::from_environment(args.data.clone(), Absent::Imagined).map_err(|all| all_problems(&all))?;
    require_database(&read, &read.database)?;
    Settings::from_environment(args.data.clone(), Absent::Refused).map_err(|problems| all_problems(&problems))
}

/// The settings for a command that starts a data directory where there is none.
///
/// # Errors
/// Usage, naming every problem.
pub fn settings_or_new(args: &Args) -> Result<Settings, CliError> {
    Settings::from_environment(args.data.clone(), Absent::Made).map_err(|problems| all_problems(&problems))
}

/// An embedded database must be there before it is opened: opening makes an empty one.
///
/// # Errors
/// Usage, when it is not.
fn require_database(settings: &Settings, database: &DatabaseUrl) -> Result<(), CliError> {
    match database {
        DatabaseUrl::Sqlite(path) if !path.exists() => {
            let folder = path.parent().unwrap_or(&settings.data).display();
            Err(CliError::Usage(format!(
                "there is no database in {folder}; name the right folder with --data, or make one with `metricis migrate up`"
            )))
        }
        _ => Ok(()),
    }
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
    require_database(settings, &settings.database)?;
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

/// A conflict in words, when it is the one expected: with the constraint, or on SQLite the column, whose name ends so.
fn taken(error: StoreError, name: &str, words: impl FnOnce() -> String) -> CliError {
    match error {
        StoreError::Conflict { constraint } if constraint.trim_end_matches('\'').ends_with(name) => {
            CliError::No(words())
        }
        other => other.into(),
    }
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
