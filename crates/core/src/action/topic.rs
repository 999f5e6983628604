//! What a change is about, for whoever watches a study: each action chooses, or the code does not compile.
//!
//! Invariant: a topic tells which pages are out of date and nothing else; every change of a chain is also one of `audit`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ActionName;

/// A part of what people see of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Who takes part.
    Participants,
    /// When they are due.
    Visits,
    /// What was received from REDCap.
    Events,
    /// What participants have sent.
    Sessions,
    /// The circuit breaker.
    Breaker,
    /// The connection, its secrets and its windows.
    Redcap,
    /// The study, its sites and its team.
    Settings,
    /// The go/no-go board.
    Board,
    /// The account of everything.
    Audit,
}

impl Topic {
    /// Every topic.
    pub const ALL: &'static [Self] = &[
        Self::Participants,
        Self::Visits,
        Self::Events,
        Self::Sessions,
        Self::Breaker,
        Self::Redcap,
        Self::Settings,
        Self::Board,
        Self::Audit,
    ];
}

/// What the actions of these stored names are about; a name that is not known may be about anything.
#[must_use]
pub fn topics_of<'a>(actions: impl IntoIterator<Item = &'a str>) -> BTreeSet<Topic> {
    let mut topics = BTreeSet::new();
    for action in actions {
        let about = action.parse::<ActionName>().map_or(Topic::ALL, ActionName::topics);
        topics.extend(about.iter().copied().chain([Topic::Audit]));
    }
    topics
}

impl ActionName {
    const fn topics(self) -> &'static [Topic] {
        use Topic::{Board, Breaker, Events, Participants, Redcap, Sessions, Settings, Visits};
        match self {
            Self::CreateStudy | Self::SetStudyStatus | Self::GrantStudyRole => &[Settings, Board],
            Self::SetStudyConfig => &[Settings, Redcap, Board],
            Self::CreateSite => &[Settings, Participants],
            Self::SetRedcapConnection
            | Self::SetWebhookSecret
            | Self::RetireWebhookSecret
            | Self::RotateSecrets
            | Self::SyncEvents
            | Self::OrderOperation
            | Self::FailOperation
            | Self::PushDictionary
            | Self::InitProject
            | Self::DeleteForm => &[Redcap, Board],
            Self::ImportParticipants => &[Participants, Visits, Redcap],
            Self::ReceiveDet
            | Self::ReceiveReconcile
            | Self::MarkReconcile
            | Self::ProcessEvent
            | Self::FailEvent
            | Self::ReplayEvent
            | Self::AskReread
            | Self::Reconcile => &[Events],
            Self::RaiseFlag | Self::ResolveFlag => &[Events, Participants],
            Self::EnrolParticipant
            | Self::UpdateParticipant
            | Self::WithdrawParticipant
            | Self::CreateScheduleVersion
            | Self::PassConsentGate
            | Self::RecordConsent
            | Self::MoveAnchor
            | Self::AddVisits => &[Participants, Visits],
            Self::FetchSurveyLinks | Self::RefreshSurveyLinks => &[Visits],
            Self::CreateParticipantLink | Self::UseParticipantLink => &[Participants],
            Self::SubmitSession => &[Sessions, Visits],
            Self::SyncSession | Self::FailSync | Self::ResyncSession => &[Sessions],
            Self::OpenBreaker | Self::CloseBreaker | Self::ResetBreaker => &[Breaker, Board],
            Self::AttachSuites | Self::CutoverSignoff => &[Board],
            Self::CreateUser
            | Self::SetPassword
            | Self::DisableUser
            | Self::EnableUser
            | Self::RevokeTokens
            | Self::Refuse => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::ids::{EventId, ParticipantId, UserId};
    use crate::words::EventStatus;

    /// The stored name of an action, as the store writes it.
    fn stored(action: &Action) -> String {
        serde_json::to_value(action).expect("JSON")["action"].as_str().expect("a name").to_owned()
    }

    #[test]
    fn a_stored_name_is_read_as_its_action() {
        let now = crate::Timestamp::default();
        let participant = ParticipantId::at(now);
        let event = EventId::at(now);
        let received =
            Action::ReceiveDet { event, record: "1".into(), status: EventStatus::Received, duplicate_of: None };
        for action in [
            received,
            Action::UseParticipantLink { participant },
            Action::SetPassword { user: UserId::at(now) },
            Action::CloseBreaker { study: crate::ids::StudyId::at(now) },
        ] {
            assert_eq!(stored(&action).parse::<ActionName>(), Ok(ActionName::from(&action)), "{action:?}");
        }
    }

    #[test]
    fn every_change_is_one_of_audit_and_an_unknown_one_of_everything() {
        assert_eq!(topics_of(["receive_det"]), BTreeSet::from([Topic::Events, Topic::Audit]));
        assert_eq!(topics_of(["refuse"]), BTreeSet::from([Topic::Audit]));
        assert_eq!(topics_of(["submit_session", "fail_sync"]), {
            BTreeSet::from([Topic::Sessions, Topic::Visits, Topic::Audit])
        });
        assert_eq!(topics_of(["invent_something"]), Topic::ALL.iter().copied().collect());
        assert_eq!(topics_of([]), BTreeSet::new());
    }
}
