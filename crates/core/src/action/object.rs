//! What each action was done to.

use uuid::Uuid;

use super::Action;

/// What an action was done to: its kind and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// `participant`, `session`, …
    pub kind: &'static str,
    /// The id, as text.
    pub id: String,
}

impl Action {
    /// What the action was done to.
    #[must_use]
    pub fn object(&self) -> Object {
        let of = |kind, id: Uuid| Object { kind, id: id.to_string() };
        match self {
            Self::CreateStudy { study, .. }
            | Self::SetStudyStatus { study, .. }
            | Self::SetStudyConfig { study, .. }
            | Self::SetRedcapConnection { study, .. }
            | Self::SetWebhookSecret { study, .. }
            | Self::RetireWebhookSecret { study }
            | Self::RotateSecrets { study, .. }
            | Self::MarkReconcile { study, .. }
            | Self::AskReread { study, .. }
            | Self::SyncEvents { study, .. }
            | Self::Reconcile { study, .. }
            | Self::FetchSurveyLinks { study, .. }
            | Self::RefreshSurveyLinks { study, .. }
            | Self::OpenBreaker { study, .. }
            | Self::CloseBreaker { study }
            | Self::ResetBreaker { study, .. }
            | Self::CutoverSignoff { study, .. }
            | Self::OrderOperation { study, .. }
            | Self::FailOperation { study, .. }
            | Self::PushDictionary { study, .. }
            | Self::InitProject { study, .. }
            | Self::DeleteForm { study, .. }
            | Self::ImportParticipants { study, .. } => of("study", study.0),
            Self::CreateSite { site, .. } => of("site", site.0),
            Self::CreateUser { user, .. }
            | Self::SetPassword { user }
            | Self::DisableUser { user }
            | Self::EnableUser { user }
            | Self::RevokeTokens { user }
            | Self::GrantStudyRole { user, .. } => of("user", user.0),
            Self::AttachSuites(suites) => Object { kind: "version", id: suites.version.clone() },
            Self::Refuse { principal, .. } => Object { kind: "principal", id: principal.clone() },
            Self::ReceiveDet { event, .. }
            | Self::ReceiveReconcile { event, .. }
            | Self::ProcessEvent { event, .. }
            | Self::FailEvent { event, .. }
            | Self::ReplayEvent { event, .. } => of("webhook_event", event.0),
            Self::RaiseFlag { flag, .. } | Self::ResolveFlag { flag, .. } => of("flag", flag.0),
            Self::EnrolParticipant { participant, .. }
            | Self::UpdateParticipant { participant, .. }
            | Self::WithdrawParticipant { participant, .. }
            | Self::CreateScheduleVersion { participant, .. }
            | Self::PassConsentGate { participant, .. }
            | Self::RecordConsent { participant, .. }
            | Self::MoveAnchor { participant, .. }
            | Self::AddVisits { participant, .. }
            | Self::CreateParticipantLink { participant }
            | Self::UseParticipantLink { participant } => of("participant", participant.0),
            Self::SubmitSession { session, .. }
            | Self::SyncSession { session, .. }
            | Self::FailSync { session, .. }
            | Self::ResyncSession { session, .. } => of("session", session.0),
        }
    }
}
