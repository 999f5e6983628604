//! A whole project as it is wanted: dictionary, arms, events, which instrument belongs to which event, what repeats.
//!
//! Invariant: a design that was checked names nothing that it does not have, so that each step of an initialization can follow
//! the one before.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::dictionary::instruments;
use super::{FieldRow, OperationRefusal, parse_dictionary};

/// As an event sync has it: days beyond a hundred years are a mistake.
const MAX_OFFSET_DAYS: u64 = 36_525;

/// A design as a person sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GivenDesign {
    /// REDCap's CSV.
    pub dictionary: String,
    /// None in a classic project.
    pub arms: Vec<DesignArm>,
    /// None in a classic project.
    pub events: Vec<DesignEvent>,
    /// Which instrument is collected when.
    pub form_event_mapping: Vec<DesignMapping>,
    /// What repeats.
    pub repeating: Vec<DesignRepeat>,
}

/// A design.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectDesign {
    /// The fields.
    pub dictionary: Vec<FieldRow>,
    /// The arms.
    pub arms: Vec<DesignArm>,
    /// The events.
    pub events: Vec<DesignEvent>,
    /// Which instrument is collected when.
    pub mapping: Vec<DesignMapping>,
    /// What repeats.
    pub repeating: Vec<DesignRepeat>,
}

/// An arm.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DesignArm {
    /// Its number.
    pub arm_num: i64,
    /// Its name.
    pub name: String,
}

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesignEvent {
    /// Its label; REDCap makes its unique name from it.
    pub event_name: String,
    /// Its arm.
    pub arm_num: i64,
    /// Days from the anchor; without it the event has no day.
    #[serde(default)]
    pub day_offset: Option<i64>,
    /// Days before it that are still acceptable.
    #[serde(default)]
    pub offset_min: Option<i64>,
    /// Days after it that are still acceptable.
    #[serde(default)]
    pub offset_max: Option<i64>,
}

/// An instrument that is collected at an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DesignMapping {
    /// The event.
    pub unique_event_name: String,
    /// The instrument.
    pub form: String,
}

/// What repeats: an instrument, at an event if there are events, or a whole event.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct DesignRepeat {
    /// The event.
    pub event_name: Option<String>,
    /// The instrument; blank for a whole event.
    pub form_name: String,
    /// How REDCap labels each repetition.
    pub custom_form_label: String,
}

impl DesignEvent {
    /// The unique name that REDCap gives it.
    #[must_use]
    pub fn unique_name(&self) -> String {
        unique_event_name(&self.event_name, self.arm_num)
    }
}

/// The unique name that REDCap makes from an event's label: its first 18 letters and digits in lower case, and the arm.
#[must_use]
pub fn unique_event_name(label: &str, arm_num: i64) -> String {
    let mut slug = String::new();
    for c in label.trim().chars().flat_map(char::to_lowercase) {
        match c {
            c if c.is_ascii_alphanumeric() => slug.push(c),
            ' ' | '_' | '-' if !slug.ends_with('_') => slug.push('_'),
            _ => {}
        }
    }
    let cut: String = slug.trim_start_matches('_').chars().take(18).collect();
    match cut.trim_end_matches('_') {
        "" => format!("event_arm_{arm_num}"),
        slug => format!("{slug}_arm_{arm_num}"),
    }
}

impl ProjectDesign {
    /// Reads a design that a person sends.
    ///
    /// # Errors
    /// Each fault of the dictionary, or of what stands around it.
    pub fn read(given: &GivenDesign) -> Result<Self, OperationRefusal> {
        let design = Self {
            dictionary: parse_dictionary(&given.dictionary)?,
            arms: given.arms.clone(),
            events: given.events.clone(),
            mapping: given.form_event_mapping.clone(),
            repeating: given.repeating.clone(),
        };
        OperationRefusal::unless_empty(&design.problems())?;
        Ok(design)
    }

    /// Whether the project has events.
    #[must_use]
    pub fn is_longitudinal(&self) -> bool {
        !self.events.is_empty()
    }

    /// Whether an event has a day, which REDCap keeps only with its scheduling switched on.
    #[must_use]
    pub fn has_days(&self) -> bool {
        self.events.iter().any(|event| event.day_offset.is_some())
    }

    /// What contradicts itself outside the dictionary.
    pub(super) fn problems(&self) -> Vec<String> {
        let forms: BTreeSet<&str> = instruments(&self.dictionary).into_iter().collect();
        let mut problems = self.problems_of_events();
        let names: BTreeSet<String> = self.events.iter().map(DesignEvent::unique_name).collect();
        let known = super::listed(&names.iter().cloned().collect::<Vec<_>>());
        let unknown_event = |name: &str| {
            (!names.contains(name))
                .then(|| format!("there is no event {name:?}; by their labels the events are {known}"))
        };
        for DesignMapping { unique_event_name, form } in &self.mapping {
            problems.extend(unknown_event(unique_event_name));
            problems.extend(
                (!forms.contains(form.as_str()))
                    .then(|| format!("form_event_mapping: the dictionary has no instrument {form:?}")),
            );
        }
        for DesignRepeat { event_name, form_name, .. } in &self.repeating {
            problems.extend(event_name.as_deref().and_then(unknown_event));
            let known = forms.contains(form_name.as_str()) || (form_name.is_empty() && event_name.is_some());
            problems.extend((!known).then(|| format!("repeating: the dictionary has no instrument {form_name:?}")));
            problems.extend((event_name.is_none() && self.is_longitudinal()).then(|| {
                format!("repeating: {form_name:?} needs the event at which it repeats, because the design has events")
            }));
        }
        problems
    }

    fn problems_of_events(&self) -> Vec<String> {
        let mut problems = vec![];
        let mut names = BTreeSet::new();
        let arms: BTreeSet<i64> = self.arms.iter().map(|arm| arm.arm_num).collect();
        let used: BTreeSet<i64> = self.events.iter().map(|event| event.arm_num).collect();
        for event in &self.events {
            let name = event.unique_name();
            if event.event_name.trim().is_empty() {
                problems.push("an event has no label".to_owned());
            }
            if !arms.contains(&event.arm_num) {
                problems.push(format!(
                    "the event {:?} is in arm {}, which the design does not have",
                    event.event_name, event.arm_num
                ));
            }
            let days = [event.day_offset, event.offset_min, event.offset_max];
            if days.into_iter().flatten().any(|days| days.unsigned_abs() > MAX_OFFSET_DAYS) {
                problems.push(format!("a day of the event {name:?} is more than {MAX_OFFSET_DAYS} days away"));
            }
            if !names.insert(name.clone()) {
                problems.push(format!("two events would be called {name:?}; give one another label"));
            }
        }
        let mut numbers = BTreeSet::new();
        for DesignArm { arm_num, name } in &self.arms {
            if !(1..=99).contains(arm_num) || !numbers.insert(arm_num) {
                problems.push(format!("the arm number {arm_num} must be from 1 to 99 and stand once"));
            }
            if name.trim().is_empty() {
                problems.push(format!("the arm {arm_num} has no name"));
            }
            if !used.contains(arm_num) {
                problems.push(format!("the arm {arm_num} has no event; REDCap does not keep such an arm"));
            }
        }
        problems
    }
}
