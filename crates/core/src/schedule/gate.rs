//! The consent gate: whether a participant's visits may be made yet.
//!
//! Invariant: the gate opens only for a reason that the audit log can state.

use serde::Serialize;

use crate::Timestamp;
use crate::study::Constraints;
use crate::words::ConsentMode;

/// A consent on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ConsentFact {
    /// When it was given.
    pub given_at: Timestamp,
}

/// Whether visits may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "gate", rename_all = "snake_case")]
pub enum Gate {
    /// They may.
    Open {
        /// Why.
        because: GateReason,
    },
    /// They wait.
    Closed {
        /// For what.
        needs: GateNeed,
    },
}

/// Why the gate is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateReason {
    /// A consent is on record.
    Consented,
    /// The study does not let scheduling wait.
    NotRequired,
    /// `consent_mode` is `waived`.
    Waived,
    /// `consent_mode` is `implied`.
    Implied,
}

/// What the gate waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateNeed {
    /// The participant's own digital consent.
    DigitalConsent,
    /// A consent that staff records.
    ManualConsent,
    /// A choice of `constraints.consent_mode`: nobody has said how this study obtains consent.
    ConsentMode,
}

impl Gate {
    /// Whether visits may be made.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

impl std::fmt::Display for GateReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Consented => "consent is on record",
            Self::NotRequired => "the study does not require consent for scheduling",
            Self::Waived => "consent is waived for this study",
            Self::Implied => "consent is implied in this study",
        })
    }
}

impl std::fmt::Display for GateNeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::DigitalConsent => "the participant's digital consent",
            Self::ManualConsent => "a consent recorded by staff",
            Self::ConsentMode => "the study's consent_mode: set config.constraints.consent_mode",
        })
    }
}

/// Decides whether visits may be made (system.md, *Consent gate*).
#[must_use]
pub fn gate(constraints: &Constraints, consent: Option<ConsentFact>) -> Gate {
    let open = |because| Gate::Open { because };
    match (constraints.consent_mode, consent) {
        (Some(ConsentMode::Waived), _) => open(GateReason::Waived),
        (Some(ConsentMode::Implied), _) => open(GateReason::Implied),
        (_, Some(_)) => open(GateReason::Consented),
        _ if !constraints.require_consent_for_scheduling => open(GateReason::NotRequired),
        (Some(ConsentMode::Digital), None) => Gate::Closed { needs: GateNeed::DigitalConsent },
        (Some(ConsentMode::Manual), None) => Gate::Closed { needs: GateNeed::ManualConsent },
        (None, None) => Gate::Closed { needs: GateNeed::ConsentMode },
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::unchosen(None, true, false, Gate::Closed { needs: GateNeed::ConsentMode })]
    #[case::digital_waits(Some(ConsentMode::Digital), true, false, Gate::Closed { needs: GateNeed::DigitalConsent })]
    #[case::manual_waits(Some(ConsentMode::Manual), true, false, Gate::Closed { needs: GateNeed::ManualConsent })]
    #[case::digital_given(Some(ConsentMode::Digital), true, true, Gate::Open { because: GateReason::Consented })]
    #[case::not_required(Some(ConsentMode::Manual), false, false, Gate::Open { because: GateReason::NotRequired })]
    #[case::waived(Some(ConsentMode::Waived), true, false, Gate::Open { because: GateReason::Waived })]
    #[case::implied(Some(ConsentMode::Implied), true, false, Gate::Open { because: GateReason::Implied })]
    fn the_gate_opens_for_a_stated_reason(
        #[case] consent_mode: Option<ConsentMode>,
        #[case] required: bool,
        #[case] given: bool,
        #[case] expected: Gate,
    ) {
        let constraints =
            Constraints { consent_mode, require_consent_for_scheduling: required, require_consent_for_messaging: true };
        let consent = given.then_some(ConsentFact { given_at: Timestamp::UNIX_EPOCH });
        assert_eq!(gate(&constraints, consent), expected);
    }

    #[test]
    fn scheduling_waits_unless_the_study_says_otherwise() {
        assert!(!gate(&Constraints::default(), None).is_open());
    }
}
