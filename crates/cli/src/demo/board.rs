//! The fifteen go/no-go rows at the end of the story. Each row's color and reason is a golden: any other, better or worse, fails.

use metricis_server::board::{self, Board, RowState};

use super::narrator::promise;
use super::stage::Stage;
use super::story::{Cast, step};
use crate::commands::cutover::describe;
use crate::output::CliError;

/// (row, green, what its evidence must say).
const GOLDEN: [(u8, bool, &str); 15] = [
    (1, false, "this process says ENVIRONMENT=\"demo\""),
    (2, true, "set, not JWT_SECRET_KEY, the same"),
    (3, true, "the API token reads enc:v2:…, opens with the current key, and needs no rotation"),
    (4, true, "the webhook secret reads enc:v2:…, opens with the current key, and needs no rotation"),
    (5, true, "integration_mode is redcap, redcap_enabled is true"),
    (6, true, "test_mode_config.time_simulation_offset_days is 0 or null"),
    (7, false, "GET /api/dev/settings answers 200"),
    (8, true, "the second became a duplicate of the first; rolled back"),
    (9, true, ": wrong signature: 401; right signature: 200"),
    (10, true, "0 with an unexplained state, 0 sent to REDCap again without a person's re-sync"),
    (11, true, "(owner)"),
    (12, true, "with a synthetic failed session the tile goes from 0 to 1; rolled back"),
    (13, true, "with a synthetic failed session has_failed_sync is true"),
    (14, true, "study chain valid through row"),
    (15, false, "no report of the regression suites is attached to version "),
];

/// Prints the board and compares it with the golden.
///
/// # Errors
/// A row with another color or reason.
pub async fn tell(stage: &mut Stage, _cast: &Cast) -> Result<(), CliError> {
    let board = board::check(&stage.processes.state, stage.study).await;
    stage.narrator.aside(&format!("\n{}\n", describe(&board)));
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
