//! Where a sent row belongs: its event and its repeat instance, with REDCap's words when it belongs nowhere.
//! Invariant: a row is given a place only if every repeat column agrees with the project (`redcap.md` 3.4).

use crate::project::definition::{Column, Definition};
use crate::state::change::Change;
use crate::state::check::Refusal;
use crate::state::records::{Place, Record, Repeat};

/// The identifying columns of a sent row.
pub(super) struct Identity<'a> {
    pub(super) record: &'a str,
    pub(super) event: &'a str,
    pub(super) repeat_instrument: &'a str,
    pub(super) repeat_instance: &'a str,
}

const MAX_INSTANCE: u32 = 32_767;

/// `earlier` are the rows before this one in the same import, which count for the instance `new`.
///
/// # Errors
/// One refusal that names the column at fault.
pub(super) fn place(
    definition: &Definition,
    identity: &Identity<'_>,
    known: Option<&Record>,
    earlier: &[Change],
) -> Result<Place, Refusal> {
    let refuse = |field: &str, value: &str, message: String| Refusal {
        record: identity.record.to_owned(),
        field: field.to_owned(),
        value: value.to_owned(),
        message,
    };
    let event = match identity.event {
        "" if !definition.events.is_empty() => 0,
        name => definition.event_index(name).ok_or_else(|| {
            refuse("redcap_event_name", name, format!("'{name}' is not a valid unique event name in this project."))
        })?,
    };
    let (form, instance) = (identity.repeat_instrument, identity.repeat_instance);
    let whole_event = definition.events[event].repeating;
    if !form.is_empty() && (whole_event || definition.repeating_form(event, form).is_none()) {
        return Err(refuse("redcap_repeat_instrument", form, NO_REPEATING_FORM.to_owned()));
    }
    if form.is_empty() && !whole_event {
        return match instance {
            "" => Ok(Place { event, repeat: Repeat::No }),
            value => Err(refuse("redcap_repeat_instance", value, NOT_REPEATING.to_owned())),
        };
    }
    let wanted = Some(form).filter(|form| !form.is_empty());
    let number = match instance {
        "new" => Some(next_instance(event, wanted, identity.record, known, earlier)),
        "" if whole_event => Some(1),
        text => text.parse().ok().filter(|number| (1..=MAX_INSTANCE).contains(number)),
    };
    let prefix = if definition.longitudinal {
        format!("(redcap_event_name=\"{}\") ", definition.events[event].unique_name)
    } else {
        String::new()
    };
    let instance =
        number.ok_or_else(|| refuse("redcap_repeat_instance", instance, format!("{prefix}{BAD_INSTANCE}")))?;
    let repeat = match wanted {
        Some(form) => Repeat::Form { form: form.to_owned(), instance },
        None => Repeat::Event { instance },
    };
    Ok(Place { event, repeat })
}

/// The instance after the last one, stored or earlier in the same import.
fn next_instance(event: usize, form: Option<&str>, record: &str, known: Option<&Record>, earlier: &[Change]) -> u32 {
    let stored = known.map_or(1, |known| known.next_instance(event, form));
    let own = earlier.iter().filter(|change| change.record == record).map(|change| &change.place);
    let own = own.filter(|place| place.event == event && place.repeat.form() == form);
    own.filter_map(|place| place.repeat.instance()).map(|last| last + 1).fold(stored, u32::max)
}

const NO_REPEATING_FORM: &str = "redcap_repeat_instrument must be the unique form name of a Repeating Instrument. It \
    currently does not match the unique form name of any Repeating Instruments.  Please fix this in the data import \
    file and try again.";
const NOT_REPEATING: &str = "redcap_repeat_instance cannot have a value since this instrument or event is not a \
    repeating instrument or repeating event, respectively.  The redcap_repeat_instance field must be left blank for \
    this row of data.";
const BAD_INSTANCE: &str = "redcap_repeat_instance must have a numeric value between '1' and '32767' for any Repeating \
    Event or Repeating Instrument.  Please add a valid numeric value to redcap_repeat_instance in the data import file \
    and try again.";

/// Whether a column may hold a value in this row; REDCap's message when it may not.
pub(super) fn designated(definition: &Definition, place: &Place, column: Column<'_>, name: &str) -> Result<(), String> {
    let (event, form) = (&definition.events[place.event], column.form());
    if !event.forms.iter().any(|own| own == form) {
        return Err(format!(
            "This field ('{name}') exists on an instrument that is not designated for the event named '{}'. You are \
             not allowed to import data for this field into this event.",
            definition.event_title(event)
        ));
    }
    let repeats = definition.repeating_form(place.event, form).is_some();
    match &place.repeat {
        Repeat::No if repeats => Err(format!(
            "This field ('{name}') exists on a Repeating Instrument named '{form}'. However, the fields \
             'redcap_repeat_instance' and/or 'redcap_repeat_instrument' for this row of data have no value, which are \
             both required for importing data into a Repeating Instrument.  You are not allowed to import data for \
             this field into a non-repeating instrument."
        )),
        Repeat::Form { form: own, .. } if own != form => Err(format!(
            "This field ('{name}') does not exist on the Repeating Instrument named '{own}'. You are not allowed to \
             import data for this field into this row of data."
        )),
        _ => Ok(()),
    }
}
