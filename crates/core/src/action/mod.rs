//! Everything that can be done to a study or to the system, as the audit log names it.
//!
//! Nothing commits without one of these. A variant carries ids, counts and dates: never a secret, never an answer.

mod actor;
mod chain;
mod object;
mod topic;

pub use actor::Actor;
pub use chain::Chain;
pub use object::Object;
pub use topic::{Topic, topics_of};

use chrono::NaiveDate;
use serde::Serialize;

use crate::ids::{
    EventId, FlagId, JobId, ParticipantId, ScheduleVersionId, SessionId, SiteId, StudyId, UserId, VisitId,
};
use crate::study::ConfigChange;
use crate::suites::SuiteEvidence;
use crate::words::{
    ConsentMode, EventSource, EventStatus, FlagKind, FlagResolution, GlobalRole, ParticipantStatus, StudyRole,
    StudyStatus, SyncErrorType,
};

/// One audited change. Its serialized `action` is the stored name, its `detail` the stored facts.
#[derive(Clone, Debug, PartialEq, Serialize, strum::EnumDiscriminants)]
#[strum_discriminants(
    name(ActionName),
    vis(pub(crate)),
    derive(strum::EnumString),
    strum(serialize_all = "snake_case")
)]
#[serde(tag = "action", content = "detail", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is named by its verb and its fields by what they hold")]
pub enum Action {
    CreateStudy {
        study: StudyId,
        code: String,
        owner: UserId,
    },
    SetStudyStatus {
        study: StudyId,
        from: StudyStatus,
        to: StudyStatus,
    },
    SetStudyConfig {
        study: StudyId,
        changed: Vec<ConfigChange>,
    },
    CreateSite {
        study: StudyId,
        site: SiteId,
        code: String,
        redcap_dag: Option<String>,
    },
    CreateUser {
        user: UserId,
        role: GlobalRole,
    },
    SetPassword {
        user: UserId,
    },
    DisableUser {
        user: UserId,
    },
    EnableUser {
        user: UserId,
    },
    RevokeTokens {
        user: UserId,
    },
    GrantStudyRole {
        study: StudyId,
        user: UserId,
        role: StudyRole,
        before: Option<StudyRole>,
        recovery: bool,
    },
    SetRedcapConnection {
        study: StudyId,
        origin: String,
        project_id: String,
        origin_before: Option<String>,
        token_replaced: bool,
    },
    SetWebhookSecret {
        study: StudyId,
        former_kept: bool,
    },
    RetireWebhookSecret {
        study: StudyId,
    },
    RotateSecrets {
        study: StudyId,
        fields: Vec<String>,
    },
    ReceiveDet {
        event: EventId,
        record: String,
        status: EventStatus,
        duplicate_of: Option<EventId>,
    },
    ReceiveReconcile {
        event: EventId,
        record: String,
    },
    MarkReconcile {
        study: StudyId,
        refused: u64,
    },
    Refuse {
        kind: String,
        principal: String,
        count: u64,
    },
    ProcessEvent {
        event: EventId,
        source: EventSource,
        note: Option<String>,
    },
    FailEvent {
        event: EventId,
        error: String,
    },
    ReplayEvent {
        event: EventId,
        from: EventStatus,
        retry_count: i32,
    },
    AskReread {
        study: StudyId,
        record: String,
    },
    EnrolParticipant {
        participant: ParticipantId,
        event: EventId,
        site: Option<SiteId>,
        status: ParticipantStatus,
        visits: usize,
    },
    UpdateParticipant {
        participant: ParticipantId,
        event: EventId,
        changed: Vec<String>,
    },
    WithdrawParticipant {
        participant: ParticipantId,
        from: ParticipantStatus,
        reason: String,
    },
    CreateScheduleVersion {
        participant: ParticipantId,
        version: ScheduleVersionId,
        version_number: i32,
        anchor_date: NaiveDate,
    },
    PassConsentGate {
        participant: ParticipantId,
        mode: Option<ConsentMode>,
        reason: String,
    },
    RecordConsent {
        participant: ParticipantId,
        mode: ConsentMode,
        visits: usize,
    },
    MoveAnchor {
        participant: ParticipantId,
        old_anchor_date: NaiveDate,
        new_anchor_date: NaiveDate,
        old_version: i32,
        new_version: i32,
        reconciled: usize,
        cancelled: usize,
        flagged: usize,
        created: usize,
        /// The date is the one that REDCap has: the mark for review is cleared.
        review_cleared: bool,
        reason: String,
    },
    SyncEvents {
        study: StudyId,
        created: usize,
        updated: usize,
        retired: usize,
        renamed: usize,
    },
    /// Visits of windows that are newer than the participant's schedule.
    AddVisits {
        participant: ParticipantId,
        version: ScheduleVersionId,
        visits: usize,
    },
    /// Counts only: a link is its participant's own.
    FetchSurveyLinks {
        study: StudyId,
        fetched: usize,
        refused: usize,
    },
    RefreshSurveyLinks {
        study: StudyId,
        job: JobId,
    },
    Reconcile {
        study: StudyId,
        job: JobId,
        full: bool,
        examined: usize,
        events: usize,
        flags: usize,
    },
    RaiseFlag {
        study: StudyId,
        flag: FlagId,
        kind: FlagKind,
        record: String,
        became: Option<String>,
        participant: Option<ParticipantId>,
    },
    ResolveFlag {
        study: StudyId,
        flag: FlagId,
        resolution: FlagResolution,
        participant: Option<ParticipantId>,
        /// The participant's record before and after, when the rename was followed.
        record: Option<(String, String)>,
        reason: String,
    },
    CreateParticipantLink {
        participant: ParticipantId,
    },
    UseParticipantLink {
        participant: ParticipantId,
    },
    SubmitSession {
        session: SessionId,
        participant: ParticipantId,
        visit: Option<VisitId>,
        task: String,
        flag: Option<String>,
        result_digest: String,
    },
    SyncSession {
        session: SessionId,
        job: JobId,
    },
    FailSync {
        session: SessionId,
        job: JobId,
        error_type: SyncErrorType,
    },
    ResyncSession {
        session: SessionId,
        job: JobId,
    },
    OpenBreaker {
        study: StudyId,
        failures: i32,
    },
    CloseBreaker {
        study: StudyId,
    },
    ResetBreaker {
        study: StudyId,
        failures: i32,
    },
    AttachSuites(SuiteEvidence),
    CutoverSignoff {
        study: StudyId,
        meaning: String,
        evidence_sha256: String,
    },
    OrderOperation {
        study: StudyId,
        job: JobId,
        operation: String,
        /// Of the preview that was looked at.
        digest: String,
        /// Fields, instruments or records that the order names.
        named: usize,
    },
    FailOperation {
        study: StudyId,
        job: JobId,
        operation: String,
        error: String,
    },
    PushDictionary {
        study: StudyId,
        job: JobId,
        added: usize,
        removed: usize,
        changed: usize,
        before_digest: String,
        after_digest: String,
    },
    InitProject {
        study: StudyId,
        job: JobId,
        fields: usize,
        events: usize,
        steps: usize,
        before_digest: String,
        after_digest: String,
    },
    DeleteForm {
        study: StudyId,
        job: JobId,
        form: String,
        fields: usize,
        records: usize,
        before_digest: String,
        after_digest: String,
    },
    ImportParticipants {
        study: StudyId,
        job: JobId,
        digest: String,
        enrolled: usize,
        known: usize,
        refused: usize,
    },
}

/// An action in its chain: what `commit` takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where it is recorded.
    pub chain: Chain,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
}

impl Entry {
    /// An action in a study's chain.
    #[must_use]
    pub const fn study(study: StudyId, actor: Actor, action: Action) -> Self {
        Self { chain: Chain::Study(study), actor, action }
    }

    /// An action in the system's chain.
    #[must_use]
    pub const fn system(actor: Actor, action: Action) -> Self {
        Self { chain: Chain::System, actor, action }
    }
}
