//! Windows and dates for the tests of this folder; never part of the library.

use chrono::NaiveDate;
use uuid::Uuid;

use super::Window;
use crate::ids::WindowId;

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

pub(super) fn window(number: u8, arm_num: i32, day_offset: i32, days_before: u32, days_after: u32) -> Window {
    Window {
        id: WindowId(Uuid::from_u128(u128::from(number))),
        event_id: None,
        arm_num,
        event_name: format!("visit_{number}_arm_{arm_num}"),
        label: format!("Visit {number}"),
        day_offset: Some(day_offset),
        days_before,
        days_after,
        position: i32::from(number),
        repeating: false,
        active: true,
    }
}
