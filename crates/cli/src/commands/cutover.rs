//! `cutover check STUDY`: the go/no-go board, from this machine against the running system's database; and the report of the
//! test suites, which `report-suites` judges where they ran and `attach-suites` records where the program runs.

mod junit;

use std::path::Path;

use super::serve::Processes;
use super::{no_study, open, operator, settings};
use crate::VERSION;
use crate::args::{Args, Cutover};
use crate::clock::SystemClock;
use crate::output::{CliError, show, table};
use metricis_core::Clock;
use metricis_core::action::{Action, Entry};
use metricis_core::suites::SuiteEvidence;
use metricis_server::board::{self, Board, RowState};

pub async fn run(args: &Args, command: &Cutover) -> Result<(), CliError> {
    match command {
        Cutover::Check { study } => check(args, study).await,
        Cutover::ReportSuites { junit } => report(args, junit),
        Cutover::AttachSuites { report } => attach(args, report).await,
    }
}

async fn check(args: &Args, code: &str) -> Result<(), CliError> {
    let settings = settings(args)?;
    let store = open(&settings).await?;
    let study = store.read(SystemClock.now()).await?.study_by_code(code).await?.ok_or_else(|| no_study(code))?.id;
    let processes = Processes::new(store, &settings, "");
    let board = board::check(&processes.state, study).await;
    show(args.json, &board, describe)?;
    if board.is_green() { Ok(()) } else { Err(CliError::No(String::new())) }
}

/// The board as a table.
pub fn describe(board: &Board) -> String {
    let rows = board.rows.iter().map(|row| {
        let mark = if row.state == RowState::Green { "✅ go" } else { "❌ NO GO" };
        let mut text = row.evidence.clone();
        if let Some(remedy) = &row.remedy {
            text.push_str(&format!("\n→ {remedy}"));
        }
        vec![row.number.to_string(), mark.to_owned(), format!("{}\n{}", row.name, row.guarantee), text]
    });
    let red = board.red().count();
    let end = if red == 0 {
        "GO: every row is green".to_owned()
    } else {
        format!("NO GO: {red} of {} rows are red", board.rows.len())
    };
    format!("{}\n{end}", table(&["#", "", "check (guarantee)", "evidence"], rows))
}

fn report(args: &Args, file: &Path) -> Result<(), CliError> {
    let report =
        junit::read(&text_of(file)?).map_err(|reason| CliError::Usage(format!("{}: {reason}", file.display())))?;
    let evidence = report.accept(VERSION, SystemClock.now()).map_err(|flaws| refused(&flaws))?;
    show(args.json, &evidence, |evidence| serde_json::to_string_pretty(evidence).unwrap_or_default())
}

async fn attach(args: &Args, file: &Path) -> Result<(), CliError> {
    let text = text_of(file)?;
    let evidence: SuiteEvidence = serde_json::from_str(&text).map_err(|error| {
        let what = "is not what `metricis cutover report-suites` prints";
        CliError::Usage(format!("{} {what}: {error}", file.display()))
    })?;
    let flaws = evidence.flaws(VERSION, SystemClock.now());
    if !flaws.is_empty() {
        return Err(refused(&flaws));
    }
    let tx = open(&settings(args)?).await?.write(SystemClock.now()).await?;
    tx.commit(Entry::system(operator(), Action::AttachSuites(evidence.clone()))).await?;
    show(args.json, &evidence, |evidence| {
        format!("attached to {}: {} tests passed, run at {}", evidence.version, evidence.cases, evidence.run_at)
    })
}

fn text_of(file: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(file).map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))
}

/// The first flaws; a run that went wrong has hundreds.
fn refused(flaws: &[String]) -> CliError {
    const SHOWN: usize = 20;
    let mut lines: Vec<String> = flaws.iter().take(SHOWN).cloned().collect();
    if flaws.len() > SHOWN {
        lines.push(format!("and {} more", flaws.len() - SHOWN));
    }
    CliError::No(format!("the report proves nothing:\n  {}", lines.join("\n  ")))
}
