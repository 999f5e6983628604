//! What a DET means for its study (system.md, *DET intake* 3).
//!
//! Invariant: only the enrolment instrument, saved as complete, enrols; nothing revives a withdrawn participant.

use serde::Serialize;

use crate::words::{ParticipantStatus, StudyStatus};

const COMPLETE: u8 = 2;

/// What to do with a DET.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum DetDecision {
    /// Create the participant.
    Enrol,
    /// Bring the known participant's mapped fields up to date.
    Update,
    /// The event ends `processed` without effect; once the study is ready for it, a person's replay can have one.
    TooEarly {
        /// Why, kept with the event.
        note: String,
    },
    /// The event ends `processed` without effect, and no replay can change that.
    Nothing {
        /// Why, kept with the event.
        note: String,
    },
    /// The event ends `failed`.
    Refuse {
        /// Its `error_message`.
        reason: String,
    },
}

/// Decides about a DET. `complete` is 0 incomplete, 1 unverified, 2 complete; `known` is the status of the
/// participant that the record already is.
#[must_use]
pub fn decide_det(
    study: StudyStatus,
    instrument: &str,
    complete: u8,
    enrolment_instrument: Option<&str>,
    known: Option<ParticipantStatus>,
) -> DetDecision {
    let too_early = |note: String| DetDecision::TooEarly { note };
    match known {
        Some(ParticipantStatus::Withdrawn) => {
            return DetDecision::Nothing { note: "the participant is withdrawn: nothing is changed".to_owned() };
        }
        Some(_) if study == StudyStatus::Completed => {
            return DetDecision::Refuse { reason: "study completed: participants are no longer changed".to_owned() };
        }
        Some(_) => return DetDecision::Update,
        None => {}
    }
    let Some(enrols) = enrolment_instrument else {
        return too_early(
            "unknown record, and config.redcap.enrollment_instrument is not set: nothing enrols".to_owned(),
        );
    };
    if instrument != enrols {
        return too_early(format!("unknown record: only the instrument {enrols} enrols, this is {instrument}"));
    }
    if complete != COMPLETE {
        return too_early(format!("unknown record: {instrument} is not marked complete ({complete}, not {COMPLETE})"));
    }
    match study {
        StudyStatus::Draft | StudyStatus::Active => DetDecision::Enrol,
        // The wording is the contract's: people search for it when they resume a study and replay.
        StudyStatus::Paused => DetDecision::Refuse { reason: "study paused: enrolment halted".to_owned() },
        StudyStatus::Completed => {
            DetDecision::Refuse { reason: "study completed: nobody is enrolled any more".to_owned() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(study: StudyStatus, instrument: &str, complete: u8, known: Option<ParticipantStatus>) -> DetDecision {
        decide_det(study, instrument, complete, Some("enrollment"), known)
    }

    #[test]
    fn only_the_complete_enrolment_instrument_enrols() {
        for study in [StudyStatus::Draft, StudyStatus::Active] {
            assert_eq!(decide(study, "enrollment", 2, None), DetDecision::Enrol);
        }
        for (instrument, complete) in [("enrollment", 0), ("enrollment", 1), ("visit_form", 2)] {
            for study in StudyStatus::ALL {
                let decision = decide(*study, instrument, complete, None);
                assert!(matches!(decision, DetDecision::TooEarly { .. }), "{study} {instrument} {complete}");
            }
        }
        assert!(matches!(decide_det(StudyStatus::Active, "enrollment", 2, None, None), DetDecision::TooEarly { .. }));
    }

    #[test]
    fn a_paused_study_halts_enrolment_and_keeps_updating() {
        let refused = DetDecision::Refuse { reason: "study paused: enrolment halted".to_owned() };
        assert_eq!(decide(StudyStatus::Paused, "enrollment", 2, None), refused);
        let known = Some(ParticipantStatus::Enrolled);
        assert_eq!(decide(StudyStatus::Paused, "visit_form", 0, known), DetDecision::Update);
    }

    #[test]
    fn a_completed_study_refuses() {
        for known in [None, Some(ParticipantStatus::Screened), Some(ParticipantStatus::Completed)] {
            let decision = decide(StudyStatus::Completed, "enrollment", 2, known);
            assert!(matches!(decision, DetDecision::Refuse { .. }), "{known:?}");
        }
    }

    #[test]
    fn nothing_revives_a_withdrawn_participant() {
        for study in StudyStatus::ALL {
            let decision = decide(*study, "enrollment", 2, Some(ParticipantStatus::Withdrawn));
            assert!(matches!(decision, DetDecision::Nothing { .. }), "{study}");
        }
        for status in [ParticipantStatus::Screened, ParticipantStatus::Enrolled, ParticipantStatus::Completed] {
            assert_eq!(decide(StudyStatus::Active, "visit_form", 0, Some(status)), DetDecision::Update);
        }
    }
}
