//! An interactive save: what happens when a person presses Save on a form, or a participant submits a survey.
//! Invariant: only this path fires a DET, exactly once, after the data are stored; an import never does.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::SimError;
use crate::ambient::Clock;
use crate::det::DetDelivery;
use crate::project::definition::Definition;
use crate::state::Project;
use crate::state::change::{Blanks, Change};
use crate::state::check::{DateOrder, Refusal, check};
use crate::state::records::{Place, Record, Repeat};

/// The name REDCap gives to whoever fills in a survey.
pub const SURVEY_RESPONDENT: &str = "[survey respondent]";

/// One form as a person saves it.
#[derive(Clone, Deserialize)]
pub struct SaveForm {
    /// Blank means the next free record name.
    pub record: String,
    /// Unique event name. `None` means the first event that has the instrument.
    #[serde(default)]
    pub event: Option<String>,
    pub instrument: String,
    /// `None` means a new instance where the form repeats, and instance 1 where the event does.
    #[serde(default)]
    pub repeat_instance: Option<u32>,
    /// By column (`gym___0` for one box of a checkbox). Columns that are not here keep their values; blanks erase.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// 0 incomplete, 1 unverified, 2 complete.
    pub complete: u8,
    pub user: String,
    /// Unique name of the group to put the record into; `None` leaves it where it is.
    #[serde(default)]
    pub dag: Option<String>,
}

impl fmt::Debug for SaveForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SaveForm");
        shown.field("record", &self.record).field("event", &self.event).field("instrument", &self.instrument);
        shown.field("columns", &self.values.keys()).finish_non_exhaustive()
    }
}

/// What a save came to.
#[derive(Clone, Serialize, PartialEq, Eq, Debug)]
pub struct Saved {
    pub record: String,
    pub repeat_instance: Option<u32>,
    /// `None` when the project has no DET URL.
    pub delivery: Option<DetDelivery>,
}

/// Checks a save and stores it; the place it went to.
pub(crate) fn store(
    project: &mut Project,
    save: &SaveForm,
    clock: Clock,
    now: DateTime<Utc>,
) -> Result<(String, Place), SimError> {
    let definition = &project.definition;
    let record = match save.record.trim() {
        "" => project.records.next_name(None),
        name => name.to_owned(),
    };
    let place = place(definition, project.records.get(&record), save)?;
    if let Some(dag) = &save.dag {
        definition.group(dag).ok_or_else(|| SimError::UnknownGroup(dag.clone()))?;
    }
    let mut values = checked(definition, &record, save)?;
    values.push((format!("{}_complete", save.instrument), save.complete.to_string()));
    let change = Change {
        record: record.clone(),
        place: place.clone(),
        values,
        group: save.dag.clone().map(Some),
        blanks: Blanks::Erase,
    };
    project.apply(change, &save.user, "", now);
    if save.user == SURVEY_RESPONDENT {
        let time = if save.complete == 2 { clock.text(now) } else { "[not completed]".into() };
        let row = project.records.get_mut(&record).and_then(|record| record.rows.get_mut(&place));
        row.map(|row| row.survey_times.insert(save.instrument.clone(), time));
    }
    Ok((record, place))
}

fn place(definition: &Definition, record: Option<&Record>, save: &SaveForm) -> Result<Place, SimError> {
    let instrument = &save.instrument;
    definition.form(instrument).ok_or_else(|| SimError::UnknownInstrument(instrument.clone()))?;
    let event = match &save.event {
        Some(name) => definition.event_index(name).ok_or_else(|| SimError::UnknownEvent(name.clone()))?,
        None => definition
            .events
            .iter()
            .position(|event| event.forms.contains(instrument))
            .ok_or_else(|| SimError::UnknownInstrument(instrument.clone()))?,
    };
    if !definition.events[event].forms.contains(instrument) {
        let event = definition.events[event].unique_name.clone();
        return Err(SimError::NotDesignated { instrument: instrument.clone(), event });
    }
    let next = |form| record.map_or(1, |record| record.next_instance(event, form));
    let repeat = if definition.events[event].repeating {
        Repeat::Event { instance: save.repeat_instance.unwrap_or(1) }
    } else if definition.repeating_form(event, instrument).is_some() {
        let instance = save.repeat_instance.unwrap_or_else(|| next(Some(instrument.as_str())));
        Repeat::Form { form: instrument.clone(), instance }
    } else if save.repeat_instance.is_some_and(|instance| instance > 1) {
        return Err(SimError::NotRepeating(instrument.clone()));
    } else {
        Repeat::No
    };
    Ok(Place { event, repeat })
}

fn checked(definition: &Definition, record: &str, save: &SaveForm) -> Result<Vec<(String, String)>, SimError> {
    let (mut values, mut refusals) = (Vec::new(), Vec::new());
    let mut refuse = |field: &str, value: &str, message: String| {
        let (record, field, value) = (record.to_owned(), field.to_owned(), value.to_owned());
        refusals.push(Refusal { record, field, value, message });
    };
    for (name, value) in &save.values {
        match definition.column(name) {
            Some(column) if column.form() == save.instrument => {
                match check(definition, column, name, value, DateOrder::Ymd) {
                    Ok(value) => values.push((name.clone(), value)),
                    Err(message) => refuse(name, value, message),
                }
            }
            _ => refuse(name, value, format!("This field is not on the instrument '{}'.", save.instrument)),
        }
    }
    if save.complete > 2 {
        refuse(&format!("{}_complete", save.instrument), &save.complete.to_string(), "0, 1 or 2".into());
    }
    if refusals.is_empty() { Ok(values) } else { Err(SimError::Refused(refusals)) }
}
