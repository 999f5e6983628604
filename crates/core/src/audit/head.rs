//! What can be wrong with `audit_chains`, the table that says which chain is whose and where it ends.

use uuid::Uuid;

/// A head that is missing or names the wrong owner. Without its head a study's actions cannot be recorded, and so are refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HeadFault {
    /// A study, or the system, has no head.
    #[error("audit_chains has no chain of {owner}: its row was removed or names another")]
    Missing {
        /// `the system` or `study <id>`.
        owner: String,
    },
    /// A head that is not the system's belongs to no study that exists.
    #[error("audit_chains.study_id of chain {chain} names no study{}", of_rows(*rows_of))]
    Ownerless {
        /// The chain.
        chain: i64,
        /// The study that its first row names.
        rows_of: Option<Uuid>,
    },
    /// The system's chain, which is number 1, belongs to a study.
    #[error("audit_chains.study_id of chain 1, the system's, names study {study}")]
    SystemOwned {
        /// The study.
        study: Uuid,
    },
    /// There are rows of a chain that has no head.
    #[error("audit_logs has rows of chain {chain}, audit_chains has no such chain")]
    Headless {
        /// The chain that their ids give.
        chain: i64,
    },
}

fn of_rows(study: Option<Uuid>) -> String {
    study.map(|study| format!("; its rows are of study {study}")).unwrap_or_default()
}
