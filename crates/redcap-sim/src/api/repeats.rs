//! `content=repeatingFormsEvents`: which forms and events repeat.
//! Invariant: an import replaces everything that repeats, or nothing.

use super::Call;
use super::answer::{Answer, ApiError, Cells, cells, count_of};
use super::sent::{cell, read_rows};
use crate::project::definition::{Definition, RepeatingForm};

/// # Errors
/// 400 when nothing repeats.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let definition = &call.project.definition;
    if !definition.has_repeats() {
        return Err(ApiError::bad(
            "You cannot export repeating instruments and events because the project does not contain any repeating \
             instruments and events",
        ));
    }
    let whole = definition.events.iter().enumerate().filter(|(_, event)| event.repeating);
    let whole = whole.map(|(index, _)| row(definition, index, "", ""));
    let forms = definition.repeating.iter().map(|repeat| row(definition, repeat.event, &repeat.form, &repeat.label));
    Ok(Answer::table("items", call.params.format(), whole.chain(forms).collect()))
}

/// A classic project has no column `event_name`.
fn row(definition: &Definition, event: usize, form: &str, label: &str) -> Cells {
    let event = ("event_name", definition.events[event].unique_name.as_str().into());
    let rest = [("form_name", form.into()), ("custom_form_label", label.into())];
    cells(definition.longitudinal.then_some(event).into_iter().chain(rest))
}

/// # Errors
/// 400 for an event or form that does not exist, or a form that is not collected at that event.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let sent = read_rows(call.params)?;
    let definition = &call.project.definition;
    let (mut whole, mut forms) = (Vec::new(), Vec::new());
    for row in &sent {
        let (name, form) = (cell(row, "event_name").trim(), cell(row, "form_name").trim());
        let event = if definition.longitudinal { definition.event_index(name) } else { Some(0) };
        let Some(event) = event else {
            return Err(ApiError::bad(format!("The event '{name}' does not exist in the project.")));
        };
        if form.is_empty() && definition.longitudinal {
            whole.push(event);
        } else if definition.events[event].forms.iter().any(|known| known == form) {
            let label = cell(row, "custom_form_label").to_owned();
            forms.push(RepeatingForm { event, form: form.to_owned(), label });
        } else {
            let event = &definition.events[event].unique_name;
            return Err(ApiError::bad(format!("The form '{form}' is not designated for the event '{event}'.")));
        }
    }
    let definition = &mut call.project.definition;
    for (index, event) in definition.events.iter_mut().enumerate() {
        event.repeating = whole.contains(&index);
    }
    definition.repeating = forms;
    Ok(count_of(sent.len()))
}
