//! What a person may decide about a flag.
//!
//! Invariant: a participant follows a rename only from the name that they have now, so that of a chain of renames each is decided in
//! its turn; nothing that a decision does cannot be seen in the audit log.

use crate::words::{FlagKind, FlagResolution};

/// Why a decision cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolutionRefusal {
    /// Somebody was quicker.
    #[error("the flag was decided on already: {0}")]
    Decided(FlagResolution),
    /// Only a rename can be followed.
    #[error("only a rename can be followed, and this record was {0}; dismiss the flag when you have looked at it")]
    NotARename(&'static str),
    /// The participant has another name by now.
    #[error(
        "the participant's record is {now:?} now, not {then:?}; decide on the flag of the earlier rename first, or dismiss this one"
    )]
    OutOfTurn {
        /// Their record.
        now: String,
        /// The record of the flag.
        then: String,
    },
    /// Not a person's word.
    #[error("a flag is followed or dismissed")]
    NotAPersons,
}

/// Decides on a flag about `record`; the name that the participant has from now on, if it is another one.
///
/// # Errors
/// The refusal.
pub fn resolve(
    kind: FlagKind,
    record: &str,
    became: Option<&str>,
    decided: Option<FlagResolution>,
    resolution: FlagResolution,
    participants_record: Option<&str>,
) -> Result<Option<String>, ResolutionRefusal> {
    if let Some(decided) = decided {
        return Err(ResolutionRefusal::Decided(decided));
    }
    match (resolution, kind, became) {
        (FlagResolution::Dismissed, ..) => Ok(None),
        (FlagResolution::Unconcerned, ..) => Err(ResolutionRefusal::NotAPersons),
        (FlagResolution::Followed, FlagKind::Renamed, Some(became)) => match participants_record {
            Some(now) if now == record => Ok(Some(became.to_owned())),
            now => {
                let now = now.unwrap_or_default().to_owned();
                Err(ResolutionRefusal::OutOfTurn { now, then: record.to_owned() })
            }
        },
        (FlagResolution::Followed, FlagKind::DagMoved, _) => {
            Err(ResolutionRefusal::NotARename("moved to another group"))
        }
        (FlagResolution::Followed, ..) => Err(ResolutionRefusal::NotARename("deleted")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_is_followed_from_the_name_that_the_participant_has() {
        let decide =
            |record, now| resolve(FlagKind::Renamed, record, Some("9"), None, FlagResolution::Followed, Some(now));
        assert_eq!(decide("7", "7"), Ok(Some("9".to_owned())));
        let refusal = ResolutionRefusal::OutOfTurn { now: "7".to_owned(), then: "8".to_owned() };
        assert_eq!(decide("8", "7"), Err(refusal));
    }

    #[test]
    fn everything_else_is_dismissed_and_once() {
        for kind in [FlagKind::Deleted, FlagKind::DagMoved] {
            assert!(resolve(kind, "7", None, None, FlagResolution::Followed, Some("7")).is_err(), "{kind}");
            assert_eq!(resolve(kind, "7", None, None, FlagResolution::Dismissed, Some("7")), Ok(None));
        }
        let decided = Some(FlagResolution::Dismissed);
        assert!(resolve(FlagKind::Deleted, "7", None, decided, FlagResolution::Dismissed, Some("7")).is_err());
    }
}
