//! Writing and reading the hash chain. The verifier stands in `metricis_core::audit` and shares no code with the writer.

mod append;
mod read;
mod verify;

pub(crate) use append::{append, open_chain};
pub use read::ChainHead;
pub use verify::ChainVerdict;
