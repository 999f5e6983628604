//! `content=formEventMapping`: which instrument is collected at which event.
//! Invariant: an import replaces the whole mapping, or nothing; a form that is no longer collected keeps its stored values.

use super::Call;
use super::answer::{Answer, ApiError, cells, count_of};
use super::arms::{longitudinal, wanted};
use super::sent::{cell, read_rows};

/// # Errors
/// 400 for a classic project.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    longitudinal(call, "export form/event mappings")?;
    let events = call.project.definition.events.iter().filter(|event| wanted(call, event.arm));
    let rows = events.flat_map(|event| {
        event.forms.iter().map(|form| {
            cells([
                ("arm_num", event.arm.into()),
                ("unique_event_name", event.unique_name.as_str().into()),
                ("form", form.as_str().into()),
            ])
        })
    });
    Ok(Answer::table("items", call.params.format(), rows.collect()))
}

/// # Errors
/// 400 for a classic project, or an event or form that does not exist.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    longitudinal(call, "import form/event mappings")?;
    let sent = read_rows(call.params)?;
    let mut events = call.project.definition.events.clone();
    for event in &mut events {
        event.forms.clear();
    }
    for row in &sent {
        let (name, form) = (cell(row, "unique_event_name").trim(), cell(row, "form").trim());
        if call.project.definition.form(form).is_none() {
            return Err(ApiError::bad(format!("The form '{form}' does not exist in the project.")));
        }
        let event = events.iter_mut().find(|event| event.unique_name == name);
        let Some(event) = event else {
            return Err(ApiError::bad(format!("The event '{name}' does not exist in the project.")));
        };
        if !event.forms.iter().any(|known| known == form) {
            event.forms.push(form.to_owned());
        }
    }
    let order = |form: &String| call.project.definition.forms.iter().position(|known| known.name == *form);
    for event in &mut events {
        event.forms.sort_by_key(order);
    }
    call.project.set_events(events);
    Ok(count_of(sent.len()))
}
