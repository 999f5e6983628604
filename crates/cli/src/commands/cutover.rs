//! `cutover check STUDY`: the go/no-go board, from this machine against the running system's database.

use super::serve::Processes;
use super::{no_study, open, settings};
use crate::args::{Args, Cutover};
use crate::clock::SystemClock;
use crate::output::{CliError, show, table};
use metricis_core::Clock;
use metricis_server::board::{self, Board, RowState};

pub async fn run(args: &Args, command: &Cutover) -> Result<(), CliError> {
    let Cutover::Check { study: code } = command;
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
