//! The one registry of identifiers. Each is a UUID v7 made from the injected clock, and none can stand for another.

use serde::{Deserialize, Serialize};
use uuid::{NoContext, Timestamp as UuidTime, Uuid};

use crate::Timestamp;

fn v7_at(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(UuidTime::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, ordered by `now`.
            #[must_use]
            pub fn at(now: Timestamp) -> Self {
                Self(v7_at(now))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// A study.
    StudyId,
    /// A site of a study.
    SiteId,
    /// A member of staff.
    UserId,
    /// A participant of one study.
    ParticipantId,
    /// A visit window of a study's schedule.
    WindowId,
    /// One version of a participant's schedule.
    ScheduleVersionId,
    /// A visit of a schedule version.
    VisitId,
    /// A session: one submitted result.
    SessionId,
    /// A participant's stay after a one-time link, until they sign out.
    SignInId,
    /// A row of `webhook_events`.
    EventId,
    /// A flag: what happened to a record in REDCap and a person should know.
    FlagId,
    /// A queued piece of work.
    JobId,
    /// A server or worker process in the registry.
    ProcessId,
}
