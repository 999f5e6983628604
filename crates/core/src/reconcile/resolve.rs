//! What a person may decide about a flag.
//!
//! ```text
//!   deleted    followed   the record is there again and theirs      detached   they have no record any more
//!   renamed    followed   they have its new name                    detached   what has the new name is somebody else
//!   dag_moved  dismissed  seen
//! ```
//!
//! Invariant: a participant follows a rename, or loses a record, only by the name that they have now, so that of a chain of renames each is
//! decided in its turn. Who is detached has no record: nothing is written to REDCap for them, and the name is free for another person.

use crate::ids::ParticipantId;
use crate::words::{FlagKind, FlagResolution};

/// What stands before a participant's id in place of the record that they have no more. No record of REDCap has such a name.
const DETACHED: &str = "detached:";

/// Whether a participant has no record any more.
#[must_use]
pub fn is_detached(external_id: &str) -> bool {
    external_id.starts_with(DETACHED)
}

/// A flag, as far as it is decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagFacts<'a> {
    /// What happened.
    pub kind: FlagKind,
    /// The record, by the name that it had.
    pub record: &'a str,
    /// The name that it has since.
    pub became: Option<&'a str>,
    /// What was decided already.
    pub decided: Option<FlagResolution>,
}

/// Why a decision cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolutionRefusal {
    /// Somebody was quicker.
    #[error("the flag was decided on already: {0}")]
    Decided(FlagResolution),
    /// Not for a flag of this kind.
    #[error("a flag of the kind {kind} is {}, not {wanted}", choices.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(" or "))]
    NotAChoice {
        /// The kind.
        kind: FlagKind,
        /// What was wanted.
        wanted: FlagResolution,
        /// What there is.
        choices: &'static [FlagResolution],
    },
    /// The participant has another name by now.
    #[error("the participant's record is {now:?} now, not {then:?}; decide on the flag of the earlier rename first")]
    OutOfTurn {
        /// Their record.
        now: String,
        /// The record of the flag.
        then: String,
    },
}

/// What a person may decide about a flag of this kind.
#[must_use]
pub const fn choices(kind: FlagKind) -> &'static [FlagResolution] {
    match kind {
        FlagKind::Deleted | FlagKind::Renamed => &[FlagResolution::Followed, FlagResolution::Detached],
        FlagKind::DagMoved => &[FlagResolution::Dismissed],
    }
}

/// Decides on a flag about the record of `participant`, who has `now`; what they have from now on, if it is another one.
///
/// # Errors
/// The refusal.
pub fn resolve(
    flag: FlagFacts<'_>,
    resolution: FlagResolution,
    participant: ParticipantId,
    now: &str,
) -> Result<Option<String>, ResolutionRefusal> {
    if let Some(decided) = flag.decided {
        return Err(ResolutionRefusal::Decided(decided));
    }
    let choices = choices(flag.kind);
    if !choices.contains(&resolution) {
        return Err(ResolutionRefusal::NotAChoice { kind: flag.kind, wanted: resolution, choices });
    }
    let in_turn = || match now == flag.record {
        true => Ok(()),
        false => Err(ResolutionRefusal::OutOfTurn { now: now.to_owned(), then: flag.record.to_owned() }),
    };
    match (resolution, flag.became) {
        (FlagResolution::Followed, Some(became)) => in_turn().map(|()| Some(became.to_owned())),
        (FlagResolution::Detached, _) if is_detached(now) => Ok(None),
        (FlagResolution::Detached, _) => in_turn().map(|()| Some(format!("{DETACHED}{participant}"))),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(
        kind: FlagKind,
        names: (&str, Option<&str>),
        how: FlagResolution,
        now: &str,
    ) -> Result<Option<String>, ResolutionRefusal> {
        let flag = FlagFacts { kind, record: names.0, became: names.1, decided: None };
        resolve(flag, how, ParticipantId(uuid::Uuid::nil()), now)
    }

    #[test]
    fn a_chain_of_renames_is_followed_in_its_order() {
        let followed = |record, now| decide(FlagKind::Renamed, (record, Some("9")), FlagResolution::Followed, now);
        assert_eq!(followed("7", "7"), Ok(Some("9".to_owned())));
        let refusal = ResolutionRefusal::OutOfTurn { now: "7".to_owned(), then: "8".to_owned() };
        assert_eq!(followed("8", "7"), Err(refusal));
    }

    #[test]
    fn who_is_detached_has_no_record_and_frees_its_name() {
        for (kind, became) in [(FlagKind::Deleted, None), (FlagKind::Renamed, Some("8"))] {
            let detached = |now| decide(kind, ("7", became), FlagResolution::Detached, now);
            let nothing = detached("7").expect("in turn").expect("another name");
            assert!(is_detached(&nothing) && !is_detached("7"), "{nothing}");
            assert_eq!(detached(&nothing), Ok(None), "the rest of a chain is closed");
            assert!(detached("12").is_err(), "theirs is another record by now");
        }
    }

    #[test]
    fn each_kind_has_its_choices_and_is_decided_once() {
        use FlagResolution::{Detached, Dismissed, Followed, Unconcerned};
        for (kind, refused) in [
            (FlagKind::Deleted, [Dismissed, Unconcerned]),
            (FlagKind::Renamed, [Dismissed, Unconcerned]),
            (FlagKind::DagMoved, [Followed, Detached]),
        ] {
            for word in refused {
                assert!(decide(kind, ("7", Some("8")), word, "7").is_err(), "{kind} {word}");
            }
        }
        assert_eq!(decide(FlagKind::Deleted, ("7", None), Followed, "7"), Ok(None), "it is there again");
        assert_eq!(decide(FlagKind::DagMoved, ("7", Some("north")), Dismissed, "8"), Ok(None));
        let decided = FlagFacts { kind: FlagKind::Deleted, record: "7", became: None, decided: Some(Followed) };
        assert!(resolve(decided, Detached, ParticipantId(uuid::Uuid::nil()), "7").is_err());
    }
}
