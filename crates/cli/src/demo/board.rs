//! The fifteen go/no-go rows at the end of the story. Each row's color and reason is a golden: any other, better or worse, fails.

use metricis_server::board::{self, Board, RowState};

use super::narrator::promise;
use super::stage::Stage;
use super::story::{Cast, step};
use crate::commands::cutover::describe;
use crate::output::CliError;

/// (row, green, what its evidence must say).
const GOLDEN: [(u8, bool, &str); 15] = [
    (1, false, ""),
    (2, true, ""),
    (3, true, ""),
    (4, true, ""),
    (5, true, ""),
    (6, true, ""),
    (7, false, ""),
    (8, true, ""),
    (9, true, ""),
    (10, true, ""),
    (11, true, ""),
    (12, true, ""),
    (13, true, ""),
    (14, true, ""),
    (15, false, ""),
];

/// Prints the board and compares it with the golden.
///
/// # Errors
/// A row with another color or reason.
pub async fn tell(stage: &mut Stage, _cast: &Cast) -> Result<(), CliError> {
    let board = board::check(&stage.processes.state, stage.study).await;
    println!("\n{}\n", describe(&board));
    step!(stage, "the go/no-go board is as it must be in a demo: red where nothing is proven here", async {
        let differences = differences(&board);
        promise(differences.is_empty(), || differences.join("\n"))?;
        Ok(format!("{} rows green, {} red", board.rows.len() - board.red().count(), board.red().count()))
    });
    Ok(())
}

fn differences(board: &Board) -> Vec<String> {
    let rows = board.rows.iter().map(|row| (row.number, row.state == RowState::Green, row.evidence.as_str()));
    let wrong = rows.zip(GOLDEN).filter(|((number, green, evidence), (row, expected, reason))| {
        number != row || green != expected || !evidence.contains(reason)
    });
    let mut all: Vec<String> = wrong
        .map(|((number, green, evidence), (_, expected, reason))| {
            format!("row {number}: green={green} ({evidence}), expected green={expected} ({reason})")
        })
        .collect();
    if board.rows.len() != GOLDEN.len() {
        all.push(format!("the board has {} rows", board.rows.len()));
    }
    all
}
