//! What a command prints, for people and for machines, and how it ends.
//!
//! Exit codes: 0 done · 1 the answer is no (a red row, a broken chain, a refused step) · 2 wrong usage or configuration ·
//! 3 something needed is not reachable.

use std::process::ExitCode;

use metricis_store::StoreError;
use serde::Serialize;

/// How a command fails.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The answer is no; it has been printed already when empty.
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
            StoreError::Conflict { .. } | StoreError::Refused { .. } | StoreError::Inconsistent(_) => {
                Self::No(error.to_string())
            }
            StoreError::Unavailable(_) => Self::Unavailable(error.to_string()),
        }
    }
}

impl CliError {
    /// Prints the error and gives the exit code.
    pub fn report(&self, json: bool) -> ExitCode {
        let (code, kind) = match self {
            Self::No(_) => (1, "refused"),
            Self::Usage(_) => (2, "usage"),
            Self::Unavailable(_) => (3, "unavailable"),
        };
        let message = self.to_string();
        if json && !message.is_empty() {
            eprintln!("{}", serde_json::json!({ "error": kind, "message": message }));
        } else if !message.is_empty() {
            eprintln!("metricis: {message}");
        }
        ExitCode::from(code)
    }
}

/// Prints `value` as JSON, or what `text` makes of it.
///
/// # Errors
/// The value cannot be written as JSON.
pub fn show<T: Serialize>(json: bool, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), CliError> {
    if json {
        let line = serde_json::to_string_pretty(value).map_err(|error| CliError::No(error.to_string()))?;
        println!("{line}");
    } else {
        println!("{}", text(value).trim_end());
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
    table.to_string()
}
