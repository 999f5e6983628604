//! The status words of the data contract: each an enum, each with exactly one spelling.

use serde::{Deserialize, Serialize};

/// A stored word that is none of its enum's values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a valid {}; it is one of: {}", in_words(kind), expected.join(", "))]
pub struct UnknownWord {
    /// What the word was read as.
    pub kind: &'static str,
    /// The word found.
    pub value: String,
    /// The words there are.
    pub expected: &'static [&'static str],
}

/// A type's name as people say it: `StudyRole` is a study role.
fn in_words(kind: &str) -> String {
    let mut words = String::new();
    for letter in kind.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every word, in the order of the contract.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// Every value, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as the database and the wire have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { kind: stringify!($name), value: text.to_owned(), expected: Self::WORDS }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

words! {
    /// Who holds the study's records. Only `redcap` is served; `metricis` is refused with a clear error.
    IntegrationMode { Redcap = "redcap", Metricis = "metricis" }
    /// draft → active ⇄ paused → completed.
    StudyStatus { Draft = "draft", Active = "active", Paused = "paused", Completed = "completed" }
    /// A participant is never deleted.
    ParticipantStatus { Screened = "screened", Enrolled = "enrolled", Completed = "completed", Withdrawn = "withdrawn" }
    /// At most one version of a participant's schedule is current.
    ScheduleStatus { Active = "active", Superseded = "superseded" }
    /// A visit that will not happen is cancelled, never deleted.
    VisitStatus { Pending = "pending", Completed = "completed", Missed = "missed", Cancelled = "cancelled" }
    /// What a visit is to people on a day: a pending one by its window, any other by what became of it.
    VisitState {
        Upcoming = "upcoming", Due = "due", Overdue = "overdue", Completed = "completed", Missed = "missed", Cancelled = "cancelled",
    }
    /// What an event that was processed has done.
    EventEffect {
        /// Its participant was enrolled or brought up to date.
        Applied = "applied",
        /// Nothing yet: the study was not ready for it, so that a person may replay it.
        TooEarly = "too_early",
        /// Nothing, and a replay can change nothing either.
        Nothing = "nothing",
    }
    /// Whether a result has reached REDCap.
    SyncStatus { Pending = "pending", Synced = "synced", Failed = "failed" }
    /// Why a result did not reach REDCap (checklist §9.1).
    SyncErrorType {
        /// REDCap is unreachable, answers 5xx, or refuses the token.
        ApiError = "api_error",
        /// REDCap refused the payload.
        Validation = "validation",
        /// A fault on our side.
        Exception = "exception",
        /// The breaker is open; REDCap was not contacted.
        CircuitOpen = "circuit_open",
    }
    /// The life of a received event.
    EventStatus {
        Received = "received", Processing = "processing", Processed = "processed", Failed = "failed", Duplicate = "duplicate",
    }
    /// Where an event came from.
    EventSource { RedcapDet = "redcap_det", Reconcile = "reconcile" }
    /// What happened to a record in REDCap.
    FlagKind {
        /// It was deleted there.
        Deleted = "deleted",
        /// It has another name there.
        Renamed = "renamed",
        /// It is in another data access group there.
        DagMoved = "dag_moved",
    }
    /// What a person decided about a flag.
    FlagResolution {
        /// The record is still the participant's: by its new name, or made anew.
        Followed = "followed",
        /// It is not: the participant has no record any more.
        Detached = "detached",
        /// It was seen; nothing follows from it here.
        Dismissed = "dismissed",
        /// Nobody decided: it concerned no participant.
        Unconcerned = "unconcerned",
    }
    /// How consent is obtained.
    ConsentMode { Digital = "digital", Manual = "manual", Waived = "waived", Implied = "implied" }
    /// What a person may do on one study.
    StudyRole { Owner = "owner", Admin = "admin", Coordinator = "coordinator", Researcher = "researcher", Monitor = "monitor" }
    /// What a person is to the whole system; grants nothing on a study.
    GlobalRole { Admin = "admin", Researcher = "researcher", Coordinator = "coordinator" }
    /// The life of a queued job. A failed job is never retried by itself.
    JobState { Queued = "queued", Running = "running", Done = "done", Failed = "failed" }
    /// The breaker as it is stored.
    BreakerState { Closed = "closed", Open = "open", HalfOpen = "half_open" }
    /// Where an anchor date may come from, in the order that the study's policy gives.
    AnchorSource { ConsentWorkflow = "consent_workflow", RedcapField = "redcap_field", ManualEntry = "manual_entry" }
    /// What a moved anchor does to completed visits.
    CompletedVisitHandling {
        /// Keep them, mark them reconciled and ask a person to look (default).
        FlagForReview = "flag_for_review",
        /// Keep them, and make the window again in the new version.
        ReWindow = "re_window",
        /// Keep them, mark them reconciled.
        Preserve = "preserve",
    }
    /// What REDCap's record id is to us (checklist §4.4).
    #[derive(Default)]
    RecordIdField {
        /// The record id is also the participant's code.
        ParticipantCode = "participant_code",
        /// The record id is only `external_id`; the code is mapped or generated.
        #[default]
        ExternalId = "external_id",
    }
}

impl StudyStatus {
    /// Whether the study may move to `next` (draft → active ⇄ paused → completed).
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Draft, Self::Active)
                | (Self::Active, Self::Paused | Self::Completed)
                | (Self::Paused, Self::Active | Self::Completed)
        )
    }
}
