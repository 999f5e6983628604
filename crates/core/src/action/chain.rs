//! Whose account an action stands in.

use std::fmt;

use crate::ids::StudyId;

/// The chain that an action belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chain {
    /// What concerns no single study.
    System,
    /// One study's account.
    Study(StudyId),
}

/// Whose it is: `the system`, `study <id>`.
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("the system"),
            Self::Study(study) => write!(f, "study {study}"),
        }
    }
}
