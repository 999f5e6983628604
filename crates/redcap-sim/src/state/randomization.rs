//! A project's randomizations: an allocation table for each, by stratum.
//! Invariant: an allocation goes to one record, a record gets one allocation of each randomization, and allocations are used up in their order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Project;
use super::records::{Place, Repeat};
use crate::SimError;
use crate::project::definition::Definition;

/// A randomization as a test or a program sets it up. That it can be set up so is ours: no public source shows how project XML holds one.
#[derive(Clone, Debug, Deserialize)]
pub struct NewRandomization {
    /// The field that says what a record was given.
    pub target_field: String,
    /// Unique name of the event in which it is filled; the first that collects its form when absent.
    pub target_event: Option<String>,
    /// Fields whose values make the strata, each at the first event that collects its form.
    #[serde(default)]
    pub strata: Vec<String>,
    /// Whether each data access group has allocations of its own.
    #[serde(default)]
    pub by_group: bool,
    pub allocations: Vec<Allocation>,
}

/// One line of the allocation table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Allocation {
    /// What goes into the target field.
    pub target: String,
    /// The randomization number, or the group that the target conceals.
    #[serde(default)]
    pub alt: String,
    /// The values of the strata, by field.
    #[serde(default)]
    pub strata: BTreeMap<String, String>,
    /// Unique name of the data access group.
    pub group: Option<String>,
    /// The record that has it.
    #[serde(default)]
    pub(crate) used_by: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Randomization {
    pub(crate) id: u32,
    pub(crate) field: String,
    /// Index of the event.
    pub(crate) event: usize,
    /// Field and index of the event.
    strata: Vec<(String, usize)>,
    by_group: bool,
    allocations: Vec<Allocation>,
}

/// Why a record is not randomized.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotRandomized {
    Already,
    /// A stratum's field has no value.
    NoValue(String),
    /// The table has nothing left for this stratum.
    UsedUp,
}

impl Randomization {
    /// # Errors
    /// What does not fit the project.
    pub(crate) fn new(id: u32, new: NewRandomization, definition: &Definition) -> Result<Self, SimError> {
        let refused = |reason: String| SimError::Randomization(reason);
        let home = |field: &str| {
            let form = &definition.field(field).ok_or_else(|| refused(format!("there is no field '{field}'")))?.form;
            let collects = definition.events.iter().position(|event| event.forms.contains(form));
            collects.ok_or_else(|| refused(format!("no event collects '{field}'")))
        };
        let event = match &new.target_event {
            None => home(&new.target_field)?,
            Some(name) => {
                home(&new.target_field)?;
                definition.event_index(name).ok_or_else(|| SimError::UnknownEvent(name.clone()))?
            }
        };
        let strata: Result<Vec<_>, _> =
            new.strata.iter().map(|field| home(field).map(|event| (field.clone(), event))).collect();
        for (line, allocation) in new.allocations.iter().enumerate() {
            if let Some(field) = new.strata.iter().find(|field| !allocation.strata.contains_key(*field)) {
                return Err(refused(format!("line {} of the allocations has no value of '{field}'", line + 1)));
            }
            if let Some(group) = allocation.group.as_ref().filter(|group| definition.group(group).is_none()) {
                return Err(SimError::UnknownGroup(group.clone()));
            }
        }
        let NewRandomization { target_field: field, by_group, allocations, .. } = new;
        Ok(Self { id, field, event, strata: strata?, by_group, allocations })
    }
}

impl Project {
    /// Gives a record of the project the next allocation of its stratum, and says which.
    ///
    /// # Errors
    /// Why it gets none; nothing is used up then.
    pub(crate) fn allocate(&mut self, index: usize, record: &str) -> Result<Allocation, NotRandomized> {
        let randomization = &mut self.randomizations[index];
        let Some(found) = self.records.get(record) else { return Err(NotRandomized::UsedUp) };
        let value = |field: &str, event: usize| {
            let row = found.rows.get(&Place { event, repeat: Repeat::No });
            row.and_then(|row| row.values.get(field)).map(String::as_str)
        };
        let used = randomization.allocations.iter().any(|one| one.used_by.as_deref() == Some(record));
        if used || value(&randomization.field, randomization.event).is_some() {
            return Err(NotRandomized::Already);
        }
        let mut stratum = Vec::new();
        for (field, event) in &randomization.strata {
            let value = value(field, *event).ok_or_else(|| NotRandomized::NoValue(field.clone()))?;
            stratum.push((field.as_str(), value));
        }
        let fits = |one: &&mut Allocation| {
            let in_group = !randomization.by_group || one.group == found.group;
            let in_stratum =
                stratum.iter().all(|(field, value)| one.strata.get(*field).is_some_and(|own| own == value));
            one.used_by.is_none() && in_group && in_stratum
        };
        let next = randomization.allocations.iter_mut().find(fits).ok_or(NotRandomized::UsedUp)?;
        next.used_by = Some(record.to_owned());
        Ok(next.clone())
    }

    /// The record has another name, or none any more: its allocations go with it, or are free again.
    pub(crate) fn hand_over_allocations(&mut self, record: &str, new: Option<&str>) {
        let all = self.randomizations.iter_mut().flat_map(|randomization| &mut randomization.allocations);
        for one in all.filter(|one| one.used_by.as_deref() == Some(record)) {
            one.used_by = new.map(str::to_owned);
        }
    }
}
