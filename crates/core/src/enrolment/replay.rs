//! Whether a person may hand an event to the worker again: asked before a replay, and by the page that offers one.
//!
//! Invariant: what had its effect is not applied twice, and nobody takes an event from a worker that lives.

use crate::words::{EventEffect, EventStatus};

/// An event that has been `processing` for longer than this many minutes is stuck, and a person's. It is so at once when the
/// registry knows that its process is dead.
pub const STUCK_AFTER_MINUTES: i64 = 15;

/// Why an event is not replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayRefusal {
    /// A worker has it.
    #[error(
        "the event is being processed; it can be replayed once it has been so for {STUCK_AFTER_MINUTES} minutes, or its \
         process is dead"
    )]
    UnderWay,
    /// It is in the queue.
    #[error("the event waits for a worker already")]
    Waiting,
    /// It was applied.
    #[error("the event is processed and had its effect; there is nothing to replay (a re-read reads its record again)")]
    Applied,
    /// It changed nothing, and would change nothing again.
    #[error("the event is processed; it had no effect, and a replay would have none either (its note says why)")]
    Idle,
    /// Its original is the one that counts.
    #[error("the event is a duplicate; replay the one that it repeats")]
    Duplicate,
}

/// Whether an event in this state may be replayed; `stuck` says of one in `processing` that no worker will end it.
///
/// # Errors
/// Why not.
pub fn refuse_replay(status: EventStatus, stuck: bool, effect: Option<EventEffect>) -> Result<(), ReplayRefusal> {
    match status {
        EventStatus::Failed => Ok(()),
        EventStatus::Processing if stuck => Ok(()),
        EventStatus::Processing => Err(ReplayRefusal::UnderWay),
        EventStatus::Received => Err(ReplayRefusal::Waiting),
        EventStatus::Processed => match effect {
            Some(EventEffect::TooEarly) => Ok(()),
            Some(EventEffect::Nothing) => Err(ReplayRefusal::Idle),
            Some(EventEffect::Applied) | None => Err(ReplayRefusal::Applied),
        },
        EventStatus::Duplicate => Err(ReplayRefusal::Duplicate),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::failed(EventStatus::Failed, false, None, Ok(()))]
    #[case::stuck(EventStatus::Processing, true, None, Ok(()))]
    #[case::under_way(EventStatus::Processing, false, None, Err(ReplayRefusal::UnderWay))]
    #[case::waiting(EventStatus::Received, false, None, Err(ReplayRefusal::Waiting))]
    #[case::too_early(EventStatus::Processed, false, Some(EventEffect::TooEarly), Ok(()))]
    #[case::applied(EventStatus::Processed, false, Some(EventEffect::Applied), Err(ReplayRefusal::Applied))]
    #[case::idle(EventStatus::Processed, false, Some(EventEffect::Nothing), Err(ReplayRefusal::Idle))]
    #[case::duplicate(EventStatus::Duplicate, false, None, Err(ReplayRefusal::Duplicate))]
    fn only_what_failed_hangs_or_came_too_early_is_replayed(
        #[case] status: EventStatus,
        #[case] stuck: bool,
        #[case] effect: Option<EventEffect>,
        #[case] expected: Result<(), ReplayRefusal>,
    ) {
        assert_eq!(refuse_replay(status, stuck, effect), expected);
    }
}
