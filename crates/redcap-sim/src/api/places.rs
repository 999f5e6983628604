//! Which row of which record the parameters `record`, `event` and `repeat_instance` mean.
//! Invariant: a person inside a group finds no record outside it, in the words for one that does not exist.

use super::Call;
use super::answer::ApiError;
use crate::state::records::{Place, Repeat};

/// A row that may or may not exist yet, of a record that does.
pub(super) struct Whereabouts {
    pub(super) record: String,
    pub(super) place: Place,
}

impl Whereabouts {
    /// Where the call means the field's value to be.
    ///
    /// # Errors
    /// 400 for an unknown record, a missing or unknown event, one without the field's form, or a wrong instance.
    pub(super) fn of_field(call: &Call<'_>, field: &str) -> Result<Self, ApiError> {
        let definition = &call.project.definition;
        let form = definition.field(field).map_or("", |field| &field.form);
        let event = event(call, form)?;
        let number = match call.params.get("repeat_instance").trim() {
            "" => 1,
            text => text.parse().ok().filter(|number| *number > 0).ok_or_else(|| not_valid("repeat_instance"))?,
        };
        let repeat = if definition.events[event].repeating {
            Repeat::Event { instance: number }
        } else if definition.repeating_form(event, form).is_some() {
            Repeat::Form { form: form.to_owned(), instance: number }
        } else {
            Repeat::No
        };
        Ok(Self { record: known_record(call)?, place: Place { event, repeat } })
    }

    pub(super) fn unknown_record(&self) -> ApiError {
        unknown_record(&self.record)
    }
}

pub(super) fn unknown_record(name: &str) -> ApiError {
    ApiError::bad(format!("The record \"{name}\" does not exist"))
}

pub(super) fn not_valid(parameter: &str) -> ApiError {
    ApiError::bad(format!("The value of the parameter \"{parameter}\" is not valid"))
}

/// The record that the caller names and may see.
///
/// # Errors
/// 400 when there is none.
pub(super) fn known_record(call: &Call<'_>) -> Result<String, ApiError> {
    let name = call.params.get("record");
    let record = call.project.records.get(name).filter(|record| call.user.sees(record.group.as_deref()));
    record.map(|_| name.to_owned()).ok_or_else(|| unknown_record(name))
}

/// The event that `event` names and that collects the form; a classic project has but one.
///
/// # Errors
/// 400 when a longitudinal project's call names no such event.
pub(super) fn event(call: &Call<'_>, form: &str) -> Result<usize, ApiError> {
    let definition = &call.project.definition;
    let index = match call.params.get("event").trim() {
        _ if !definition.longitudinal => Some(0),
        name => definition.event_index(name),
    };
    let designated = |index: &usize| definition.events[*index].forms.iter().any(|own| own == form);
    index.filter(designated).ok_or_else(|| not_valid("event"))
}
