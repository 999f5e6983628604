//! `content=event`: the events of a longitudinal project.
//! Invariant: an event keeps its id and its data when it is renamed; its unique name follows its label, as in REDCap.

use serde_json::Value;

use super::Call;
use super::answer::{Answer, ApiError, Cells, cells, count_of};
use super::arms::{longitudinal, wanted};
use super::sent::{SentRow, cell, given, read_rows};
use crate::project::definition::{Definition, Event, unique_name};

/// # Errors
/// 400 for a classic project.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    longitudinal(call, "export events")?;
    let definition = &call.project.definition;
    let rows = definition.events.iter().filter(|event| wanted(call, event.arm));
    let rows = rows.map(|event| row(event, definition.settings.scheduling));
    Ok(Answer::table("events", call.params.format(), rows.collect()))
}

fn row(event: &Event, scheduling: bool) -> Cells {
    let mut row = cells([("event_name", event.name.as_str().into()), ("arm_num", event.arm.into())]);
    if scheduling {
        let days =
            [("day_offset", event.day_offset), ("offset_min", event.offset_min), ("offset_max", event.offset_max)];
        row.extend(cells(days.map(|(name, days)| (name, Value::from(days)))));
    }
    row.extend(cells([
        ("unique_event_name", event.unique_name.as_str().into()),
        ("custom_event_label", event.custom_label.as_str().into()),
        ("event_id", event.id.into()),
    ]));
    row
}

/// Adds events and changes those whose unique name is sent; with `override=1` only events that are sent remain.
///
/// # Errors
/// 400 for a classic project, an event without a name, or one in an arm that does not exist.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    longitudinal(call, "import events")?;
    let sent = read_rows(call.params)?;
    let mut events = call.project.definition.events.clone();
    let mut named: Vec<u32> = Vec::new();
    for row in &sent {
        let arm = arm(&call.project.definition, row)?;
        let name = cell(row, "event_name").trim();
        if name.is_empty() {
            return Err(ApiError::bad("One of the events has no event_name."));
        }
        let known = cell(row, "unique_event_name").trim();
        let index = match events.iter().position(|event| !known.is_empty() && event.unique_name == known) {
            Some(index) => index,
            None => {
                events.push(Event::new(call.site.fresh_id(), arm));
                events.len() - 1
            }
        };
        if events[index].name != name || events[index].arm != arm {
            events[index].name = name.to_owned();
            events[index].arm = arm;
            events[index].unique_name = free_name(&events, index);
        }
        fill(&mut events[index], row)?;
        named.push(events[index].id);
    }
    if call.params.flag("override") {
        events.retain(|event| named.contains(&event.id));
    }
    call.project.set_events(events);
    Ok(count_of(sent.len()))
}

fn arm(definition: &Definition, row: &SentRow) -> Result<u32, ApiError> {
    let text = match cell(row, "arm_num").trim() {
        "" => "1",
        text => text,
    };
    let known = definition.arms.iter().find(|arm| arm.num.to_string() == text);
    known.map(|arm| arm.num).ok_or_else(|| ApiError::bad(format!("The arm '{text}' does not exist in the project.")))
}

/// What may be left out and then stays.
fn fill(event: &mut Event, row: &SentRow) -> Result<(), ApiError> {
    if let Some(label) = given(row, "custom_event_label") {
        event.custom_label = label.to_owned();
    }
    for (name, days) in [
        ("day_offset", &mut event.day_offset),
        ("offset_min", &mut event.offset_min),
        ("offset_max", &mut event.offset_max),
    ] {
        match given(row, name).map(str::trim) {
            None | Some("") => {}
            Some(text) => {
                *days =
                    text.parse().map_err(|_| ApiError::bad(format!("The {name} '{text}' is not a whole number.")))?;
            }
        }
    }
    Ok(())
}

/// `visit_1_arm_1`; a second one of that name is `visit_1_arm_1b`.
fn free_name(events: &[Event], index: usize) -> String {
    let base = match unique_name(&events[index].name) {
        slug if slug.is_empty() => format!("event_arm_{}", events[index].arm),
        slug => format!("{slug}_arm_{}", events[index].arm),
    };
    let taken =
        |name: &str| events.iter().enumerate().any(|(other, event)| other != index && event.unique_name == name);
    let names = std::iter::once(base.clone()).chain(('b'..='z').map(|letter| format!("{base}{letter}")));
    names.into_iter().find(|name| !taken(name)).unwrap_or(base)
}

/// # Errors
/// 400 for a classic project or an event that does not exist; nothing is deleted then.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    longitudinal(call, "delete events")?;
    let names = call.params.list("events");
    if names.is_empty() {
        return Err(ApiError::bad("The parameter \"events\" is missing or empty"));
    }
    if let Some(unknown) = names.iter().find(|name| call.project.definition.event_index(name).is_none()) {
        return Err(ApiError::bad(format!("The following event does not exist in the project: {unknown}")));
    }
    let mut events = call.project.definition.events.clone();
    events.retain(|event| !names.contains(&event.unique_name));
    let gone = call.project.definition.events.len() - events.len();
    call.project.set_events(events);
    Ok(count_of(gone))
}
