//! Who acts, as the audit log names them.

use crate::ids::{ParticipantId, UserId};

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A member of staff.
    User(UserId),
    /// A participant.
    Participant(ParticipantId),
    /// REDCap, through a proven DET.
    Redcap,
    /// A worker.
    Worker,
    /// A person at the command line, by login name.
    Operator(String),
    /// The software itself.
    System,
}

impl Actor {
    /// The kind of actor, as stored.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Participant(_) => "participant",
            Self::Redcap => "redcap",
            Self::Worker => "worker",
            Self::Operator(_) => "operator",
            Self::System => "system",
        }
    }

    /// Which one of its kind; empty where there is only one.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::User(id) => id.to_string(),
            Self::Participant(id) => id.to_string(),
            Self::Operator(name) => name.clone(),
            Self::Redcap | Self::Worker | Self::System => String::new(),
        }
    }
}
