//! What is stored of a session, and when it is over. Pure.

use chrono::Duration;
use metricis_core::Timestamp;
use metricis_core::ids::UserId;
use serde::{Deserialize, Serialize};

use crate::token::StaffClaim;

/// A session is written again when it was last written this long ago: not with every request.
const SEEN_EVERY_S: i64 = 60;

/// How long a session lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionRules {
    idle: Duration,
    absolute: Duration,
}

impl SessionRules {
    pub(crate) fn new(idle_minutes: u32, absolute_hours: u32) -> Self {
        Self { idle: Duration::minutes(idle_minutes.into()), absolute: Duration::hours(absolute_hours.into()) }
    }
}

/// What is stored of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    user: UserId,
    generation: i64,
    begun_at: Timestamp,
    seen_at: Timestamp,
}

/// What being seen means to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It has ended.
    Over,
    /// It was written lately; nothing changes.
    Lately,
    /// It has to be written.
    Again,
}

impl Record {
    pub(super) const fn new(claim: StaffClaim, now: Timestamp) -> Self {
        Self { user: claim.user, generation: claim.generation, begun_at: now, seen_at: now }
    }

    pub(super) const fn claim(&self) -> StaffClaim {
        StaffClaim { user: self.user, generation: self.generation }
    }

    /// When it ends if it is not seen again.
    pub(super) fn ends_at(&self, rules: SessionRules) -> Timestamp {
        (self.seen_at + rules.idle).min(self.begun_at + rules.absolute)
    }

    pub(super) fn see(&mut self, rules: SessionRules, now: Timestamp) -> Seen {
        if now >= self.ends_at(rules) {
            return Seen::Over;
        }
        if now < self.seen_at + Duration::seconds(SEEN_EVERY_S) {
            return Seen::Lately;
        }
        self.seen_at = now;
        Seen::Again
    }
}
