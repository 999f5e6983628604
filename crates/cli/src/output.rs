//! What a command prints, for people and for machines, and how it ends.
//!
//! Exit codes: 0 done · 1 the answer is no (a red row, a broken chain, a refused step) · 2 wrong usage or configuration ·
//! 3 something needed is not reachable.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use metricis_store::StoreError;
use serde::Serialize;

/// How a command fails. An empty text has been printed already.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The answer is no.
    #[error("{0}")]
    No(String),
    /// Wrong usage or configuration.
    #[error("{0}")]
    Usage(String),
    /// Something needed is not reachable.
    #[error("{0}")]
    Unavailable(String),
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        match error {
            // In words already, where people meet it.
            StoreError::Conflict { constraint } => Self::No(constraint),
            StoreError::Refused { .. } | StoreError::Inconsistent(_) | StoreError::ChainLost { .. } => {
                Self::No(error.to_string())
            }
            StoreError::Unavailable(_) => Self::Unavailable(error.to_string()),
        }
    }
}

impl CliError {
    /// The same end with nothing left to print: it has been said already.
    pub fn silent(self) -> Self {
        match self {
            Self::No(_) => Self::No(String::new()),
            Self::Usage(_) => Self::Usage(String::new()),
            Self::Unavailable(_) => Self::Unavailable(String::new()),
        }
    }

    /// Prints the error and gives the exit code.
    pub fn report(&self, json: bool) -> ExitCode {
        let (code, kind) = match self {
            Self::No(_) => (1, "refused"),
            Self::Usage(_) => (2, "usage"),
            Self::Unavailable(_) => (3, "unavailable"),
        };
        let message = self.to_string();
        if json && !message.is_empty() {
            complain(&serde_json::json!({ "error": kind, "message": message }).to_string());
        } else if !message.is_empty() {
            complain(&format!("metricis: {message}"));
        }
        ExitCode::from(code)
    }
}

/// Exit code of a program whose reader has gone, as a shell reports SIGPIPE.
const READER_GONE: i32 = 141;

/// Prints a line on standard output: the one way of the program to print there.
///
/// When nobody reads any more (`metricis … | head -1`), the program ends quietly here, as it would of SIGPIPE: what is not
/// committed rolls back. `println!` would panic instead.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) {
        if error.kind() != ErrorKind::BrokenPipe {
            complain(&format!("metricis: cannot write to standard output: {error}"));
        }
        std::process::exit(READER_GONE);
    }
}

/// Prints a line on standard error. Where nobody reads it, nobody misses it: the exit code still says how it ended.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints `value` as JSON, or what `text` makes of it.
///
/// # Errors
/// The value cannot be written as JSON.
pub fn show<T: Serialize>(json: bool, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), CliError> {
    if json {
        let line = serde_json::to_string_pretty(value).map_err(|error| CliError::No(error.to_string()))?;
        say(&line);
    } else {
        say(text(value).trim_end());
    }
    Ok(())
}

/// A plain table with a header.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    if table.width().is_none() {
        // Not a terminal: a log or a pipe.
        table.set_width(140);
    }
    table.set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    // An id is there to be copied: it never wraps.
    if let Some(column) = header.iter().position(|name| *name == "id").and_then(|index| table.column_mut(index)) {
        column.set_constraint(comfy_table::ColumnConstraint::ContentWidth);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_id_never_wraps() {
        let id = "019b3c4d-0000-7000-8000-000000000001";
        let row = vec!["words ".repeat(40), id.to_owned()];
        assert!(super::table(&["error or note", "id"], [row]).contains(id));
    }
}
