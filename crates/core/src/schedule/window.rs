//! A visit window: when, relative to the anchor date, the tasks of one event are due.
//!
//! Invariant: a window is retired, never deleted, because visits point at it.

use serde::Serialize;

use crate::ids::WindowId;

/// A row of `visit_windows`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Its id.
    pub id: WindowId,
    /// REDCap's id of the event: what finds it on the next event sync. None until a server has sent it.
    pub event_id: Option<i64>,
    /// The arm it belongs to.
    pub arm_num: i32,
    /// REDCap's unique event name, as of the last event sync.
    pub event_name: String,
    /// What people call it.
    pub label: String,
    /// Days from the anchor to the target date; none when REDCap gives none, and then it is never scheduled.
    pub day_offset: Option<i32>,
    /// Days the window opens before its target.
    pub days_before: u32,
    /// Days the window stays open after its target.
    pub days_after: u32,
    /// Its place among the events, as REDCap lists them.
    pub position: i32,
    /// Whether the event repeats; its first occurrence is what is scheduled.
    pub repeating: bool,
    /// False once REDCap no longer has the event.
    pub active: bool,
}

/// A window as REDCap describes it: what an event sync writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WindowDraft {
    /// REDCap's id of the event, when it sends one.
    pub event_id: Option<i64>,
    /// The arm it belongs to.
    pub arm_num: i32,
    /// REDCap's unique event name.
    pub event_name: String,
    /// What people call it.
    pub label: String,
    /// Days from the anchor to the target date.
    pub day_offset: Option<i32>,
    /// Days the window opens before its target.
    pub days_before: u32,
    /// Days the window stays open after its target.
    pub days_after: u32,
    /// Its place among the events.
    pub position: i32,
    /// Whether the event repeats.
    pub repeating: bool,
    /// Instruments designated for the event.
    pub instruments: Vec<String>,
    /// Of these, the ones that repeat by themselves.
    pub repeating_instruments: Vec<String>,
}

/// The arm in a unique event name: `visit_1_arm_2` → 2, and `visit_1_arm_2b` → 2 (REDCap adds a letter when two
/// names collide). None without such a suffix.
#[must_use]
pub fn arm_of_event(event_name: &str) -> Option<i32> {
    let (_, suffix) = event_name.rsplit_once("_arm_")?;
    let digits = suffix.strip_suffix(|letter: char| letter.is_ascii_lowercase()).unwrap_or(suffix);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|arm| *arm > 0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("visit_1_arm_1", Some(1))]
    #[case("deadline_to_opt_ou_arm_12", Some(12))]
    #[case("visit_1_arm_1b", Some(1))]
    #[case("left_arm_exam_arm_2", Some(2))]
    #[case("left_arm_exam", None)]
    #[case("visit_arm_", None)]
    #[case("visit_arm_0", None)]
    #[case("visit_arm_+1", None)]
    #[case("visit_arm_99999999999", None)]
    fn the_arm_is_the_suffix(#[case] event_name: &str, #[case] arm: Option<i32>) {
        assert_eq!(arm_of_event(event_name), arm);
    }
}
