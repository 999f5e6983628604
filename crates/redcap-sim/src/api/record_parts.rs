//! Deleting a part of a record: an arm, an event, a form, an instance.
//! Invariant: a record of which nothing is left has gone; one that loses only answers stays.

use super::Call;
use super::answer::ApiError;
use super::places::not_valid;
use crate::project::definition::Definition;
use crate::state::records::{Place, Record, Repeat, Row};

/// What is to go; `None` does not narrow.
pub(super) struct Part {
    arm: Option<u32>,
    event: Option<usize>,
    instrument: Option<String>,
    instance: Option<u32>,
}

impl Part {
    /// `None` when whole records are meant.
    ///
    /// # Errors
    /// 400 for an arm, event, instrument or instance that does not exist, or an instrument without its event.
    pub(super) fn of(call: &Call<'_>) -> Result<Option<Self>, ApiError> {
        let definition = &call.project.definition;
        let given = |name: &str| Some(call.params.get(name).trim()).filter(|text| !text.is_empty());
        let arm = given("arm").map(|text| {
            let known = definition.arms.iter().find(|arm| arm.num.to_string() == text);
            known.map(|arm| arm.num).ok_or_else(|| not_valid("arm"))
        });
        let event = given("event").map(|name| definition.event_index(name).ok_or_else(|| not_valid("event")));
        let instrument = given("instrument").map(|name| match definition.form(name) {
            Some(form) => Ok(form.name.clone()),
            None => Err(not_valid("instrument")),
        });
        let instance = given("repeat_instance").map(|text| text.parse().map_err(|_| not_valid("repeat_instance")));
        let part = Self {
            arm: arm.transpose()?,
            event: event.transpose()?,
            instrument: instrument.transpose()?,
            instance: instance.transpose()?,
        };
        if part.instrument.is_some() && part.event.is_none() && definition.longitudinal {
            return Err(not_valid("event"));
        }
        let narrows =
            part.arm.is_some() || part.event.is_some() || part.instrument.is_some() || part.instance.is_some();
        // A classic project has one arm: naming it is naming everything.
        let whole = !definition.longitudinal && part.instrument.is_none() && part.instance.is_none();
        Ok((narrows && !whole).then_some(part))
    }

    /// Takes the part out of a record.
    pub(super) fn take(&self, definition: &Definition, record: &mut Record) {
        record.rows.retain(|place, row| {
            if !self.meets(definition, place) {
                return true;
            }
            match (&self.instrument, &place.repeat) {
                (Some(form), Repeat::No | Repeat::Event { .. }) => {
                    clear(definition, form, row);
                    place.repeat == Repeat::No || !row.values.is_empty()
                }
                _ => false,
            }
        });
    }

    fn meets(&self, definition: &Definition, place: &Place) -> bool {
        let arm = definition.events.get(place.event).map(|event| event.arm);
        let in_arm = self.arm.is_none() || self.arm == arm;
        let in_event = self.event.is_none_or(|event| event == place.event);
        let of_form = match (&self.instrument, &place.repeat) {
            (Some(form), Repeat::Form { form: own, .. }) => form == own,
            _ => true,
        };
        // Clients name instance 1 where nothing repeats, too.
        let instance = self.instance.is_none_or(|instance| place.repeat.instance().unwrap_or(1) == instance);
        in_arm && in_event && of_form && instance
    }
}

/// Empties everything of one form.
fn clear(definition: &Definition, form: &str, row: &mut Row) {
    for field in definition.fields_of(form) {
        row.set_file(&field.name, None);
        for column in field.columns() {
            row.values.remove(&column);
        }
    }
    row.values.remove(&format!("{form}_complete"));
    row.survey_times.remove(form);
}
