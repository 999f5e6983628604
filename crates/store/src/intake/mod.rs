//! The inbox of DETs: looking the study up, and committing many deliveries in one transaction before any is answered.

mod group;
mod keys;
mod lookup;
mod opening;
mod probe;
mod writer;

pub use group::{NewDet, Receipt};
pub use lookup::{Candidate, Candidates, StudyLookup};
pub use probe::{ProbedTwice, probe_idempotency};
pub use writer::{DetWriter, IntakeError, WriterSettings};
