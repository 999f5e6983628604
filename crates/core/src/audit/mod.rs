//! The audit log as it is read, and its verifier.
//!
//! The writer of the chain lives in `metricis-store` and shares no code with this module: a mistake in one cannot
//! hide in the other. The byte format is described in `docs/AUDIT.md`.

mod head;
mod result;
mod verify;

pub use head::HeadFault;
pub use result::{ResultCheck, ResultFault, SubmittedResult, check_result};
pub use verify::{Break, ChainVerifier, Mismatch};

use crate::Timestamp;

/// Rows of one chain are numbered `chain × ID_STRIDE + sequence`, unique over all chains and readable in decimal.
pub const ID_STRIDE: i64 = 10_000_000_000;

/// A row of `audit_logs`, exactly as its columns hold it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AuditRow {
    /// Unique over all chains.
    pub id: i64,
    /// Number of the chain; 1 is the system's.
    pub chain: i64,
    /// The study whose chain it is; none for the system's.
    pub study_id: Option<uuid::Uuid>,
    /// 1, 2, 3, … without a gap.
    pub sequence: i64,
    /// When, in UTC microseconds.
    pub occurred_at: Timestamp,
    /// `user`, `worker`, …
    pub actor_kind: String,
    /// Which one.
    pub actor_id: String,
    /// The action's name.
    pub action: String,
    /// What it was done to.
    pub object_kind: String,
    /// Which one.
    pub object_id: String,
    /// Facts as JSON text, byte for byte as hashed.
    pub detail: String,
    /// Hash of the row before, 64 zeros for the first.
    pub previous_hash: String,
    /// SHA-256 of this row's canonical bytes, in hex.
    pub hash: String,
    /// Version of the canonical bytes.
    pub format: i32,
}
