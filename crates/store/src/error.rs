//! What can go wrong with the database, seen from outside: a conflict, a refused value, an inconsistency, absence of the
//! database itself. The absence of a row is an `Option`.

use metricis_core::action::Chain;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Why the store did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another row is in the way.
    #[error("conflict: {constraint}")]
    Conflict {
        /// The constraint, as the engine names it.
        constraint: String,
    },
    /// The database refuses the value itself: too long, a NUL, a failed check.
    #[error("the database refuses this value: {reason}")]
    Refused {
        /// The engine's reason, without the value.
        reason: String,
    },
    /// What is stored cannot be: columns contradict each other.
    #[error("inconsistent: {0}")]
    Inconsistent(String),
    /// The audit log has no chain for what was done: nothing can be recorded, and so nothing is done.
    #[error("the audit log has no chain of {owner}: audit_chains was changed; `metricis audit verify` names the chain")]
    ChainLost {
        /// `the system` or `study <id>`.
        owner: String,
    },
    /// No answer from the database.
    #[error("database unavailable: {0}")]
    Unavailable(String),
}

impl StoreError {
    pub(crate) fn chain_lost(chain: Chain) -> Self {
        Self::ChainLost { owner: chain.to_string() }
    }

    pub(crate) fn inconsistent(what: impl std::fmt::Display) -> Self {
        Self::Inconsistent(what.to_string())
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => from_sqlx(inner),
            DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => Self::Unavailable(error.to_string()),
            DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => Self::Inconsistent(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

fn from_sqlx(error: &sqlx::Error) -> StoreError {
    let sqlx::Error::Database(database) = error else { return StoreError::Unavailable(error.to_string()) };
    let code = database.code().unwrap_or_default().into_owned();
    let message = database.message().to_owned();
    match code.as_str() {
        // PostgreSQL: unique, foreign key, exclusion, restrict.
        "23505" | "23503" | "23P01" | "23001" => {
            StoreError::Conflict { constraint: database.constraint().map_or(message, str::to_owned) }
        }
        // PostgreSQL: check and not-null. The message is PostgreSQL's own; its DETAIL, which holds the row, is left out.
        "23514" | "23502" => StoreError::Refused { reason: message },
        // SQLite reports a RESTRICT violation and our own RAISE(ABORT) alike, as a trigger (extended code 1811).
        "1811" if !message.contains("FOREIGN KEY") => StoreError::Refused { reason: message },
        // SQLite: unique, primary key, foreign key.
        "2067" | "1555" | "787" | "1811" => StoreError::Conflict { constraint: message },
        // SQLite: check, not-null.
        "275" | "1299" => StoreError::Refused { reason: message },
        // PostgreSQL: the append-only trigger and missing grants.
        "42501" => StoreError::Refused { reason: message },
        // PostgreSQL class 22: data exception (too long, NUL, …).
        code if code.starts_with("22") => StoreError::Refused { reason: message },
        _ => StoreError::Unavailable(format!("{message} ({code})")),
    }
}
