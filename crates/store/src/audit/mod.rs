//! Writing and reading the hash chain. The verifier stands in `metricis_core::audit` and shares no code with the writer.

mod append;
mod changes;
mod read;
mod verify;

pub(crate) use append::{Head, Heads, append, extend, lock_heads, open_chain};
pub(crate) use read::id_range;
pub use read::{AuditFilter, ChainHead};
pub use verify::ChainVerdict;
