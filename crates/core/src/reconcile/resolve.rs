//! What a person may decide about a flag.
//!
//! ```text
//!   deleted    followed   the record is there again and theirs      detached   they have no record any more
//!   renamed    followed   they have its new name                    detached   what has the new name is somebody else
//!   dag_moved  dismissed  seen
//! ```
//!
//! Invariant: of a participant's flags the oldest is decided first, so that a chain of renames is followed in its order and every flag can be
//! decided at last. Who is detached has no record: nothing is written to REDCap for them, and the name is free for another person.

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
    /// Another one has to be decided on before.
    #[error("the participant has an older flag; decide on that one first")]
    OutOfTurn,
    /// There is nothing left to follow with.
    #[error("the participant has no record any more; this flag can only be closed as detached")]
    Detached,
}

/// What a person may decide about a flag of this kind.
#[must_use]
pub const fn choices(kind: FlagKind) -> &'static [FlagResolution] {
    match kind {
        FlagKind::Deleted | FlagKind::Renamed => &[FlagResolution::Followed, FlagResolution::Detached],
        FlagKind::DagMoved => &[FlagResolution::Dismissed],
    }
}

/// Decides on a flag about the record of `participant`, who has `now`; what they have from now on, if it is another one. `is_oldest` of
/// their open deletions and renames.
///
/// # Errors
/// The refusal.
pub fn resolve(
    flag: FlagFacts<'_>,
    resolution: FlagResolution,
    participant: ParticipantId,
    now: &str,
    is_oldest: bool,
) -> Result<Option<String>, ResolutionRefusal> {
    if let Some(decided) = flag.decided {
        return Err(ResolutionRefusal::Decided(decided));
    }
    let choices = choices(flag.kind);
    if !choices.contains(&resolution) {
        return Err(ResolutionRefusal::NotAChoice { kind: flag.kind, wanted: resolution, choices });
    }
    if flag.kind == FlagKind::DagMoved {
        return Ok(None);
    }
    match (is_oldest, resolution) {
        (false, _) => Err(ResolutionRefusal::OutOfTurn),
        (true, FlagResolution::Detached) if is_detached(now) => Ok(None),
        (true, FlagResolution::Detached) => Ok(Some(format!("{DETACHED}{participant}"))),
        (true, _) if is_detached(now) => Err(ResolutionRefusal::Detached),
        (true, _) => Ok(flag.became.filter(|became| *became != now).map(str::to_owned)),
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
        resolve(flag, how, ParticipantId(uuid::Uuid::nil()), now, true)
    }

    #[test]
    fn the_oldest_flag_is_decided_first() {
        let flag = FlagFacts { kind: FlagKind::Renamed, record: "8", became: Some("9"), decided: None };
        let later = resolve(flag, FlagResolution::Followed, ParticipantId(uuid::Uuid::nil()), "7", false);
        assert_eq!(later, Err(ResolutionRefusal::OutOfTurn));
        let followed = |now| decide(FlagKind::Renamed, ("7", Some("9")), FlagResolution::Followed, now);
        assert_eq!((followed("7"), followed("9")), (Ok(Some("9".to_owned())), Ok(None)));
    }

    #[test]
    fn who_is_detached_has_no_record_and_frees_its_name() {
        for (kind, became) in [(FlagKind::Deleted, None), (FlagKind::Renamed, Some("8"))] {
            let detached = |now| decide(kind, ("7", became), FlagResolution::Detached, now);
            let nothing = detached("7").expect("in turn").expect("another name");
            assert!(is_detached(&nothing) && !is_detached("7"), "{nothing}");
            assert_eq!(detached(&nothing), Ok(None), "the rest of a chain is closed");
            let followed = decide(kind, ("7", became), FlagResolution::Followed, &nothing);
            assert_eq!(followed, Err(ResolutionRefusal::Detached));
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
        assert!(resolve(decided, Detached, ParticipantId(uuid::Uuid::nil()), "7", true).is_err());
    }
}
