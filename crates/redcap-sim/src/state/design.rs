//! Changing what a project is while it holds data: events, arms, groups and the dictionary.
//! Invariant: no row, repeat or group names something that has gone; a record without any row left has gone too.

use std::collections::BTreeMap;

use super::Project;
use super::records::{Place, Row};
use crate::project::definition::{Event, RepeatingForm};

impl Project {
    /// Puts these events in place of the present ones. An event is the same as before when its id is.
    pub(crate) fn set_events(&mut self, mut events: Vec<Event>) {
        events.sort_by_key(|event| event.arm);
        let old: Vec<u32> = self.definition.events.iter().map(|event| event.id).collect();
        let moved = |index: usize| events.iter().position(|event| Some(&event.id) == old.get(index));
        let repeating = std::mem::take(&mut self.definition.repeating);
        self.definition.repeating = repeating
            .into_iter()
            .filter_map(|repeat| moved(repeat.event).map(|event| RepeatingForm { event, ..repeat }))
            .filter(|repeat| events[repeat.event].forms.contains(&repeat.form))
            .collect();
        self.records.retain_mut(|record| {
            let rows = std::mem::take(&mut record.rows);
            record.rows = moved_rows(rows, moved);
            !record.rows.is_empty()
        });
        self.definition.events = events;
    }

    /// Takes a group out of the project; its records and people are in none then.
    pub(crate) fn remove_group(&mut self, unique_name: &str) {
        self.definition.groups.retain(|group| group.unique_name != unique_name);
        for group in self.memberships().filter(|group| group.as_deref() == Some(unique_name)) {
            *group = None;
        }
    }

    /// Follows a group's new unique name in records and people.
    pub(crate) fn rename_group(&mut self, old: &str, new: &str) {
        for group in self.memberships().filter(|group| group.as_deref() == Some(old)) {
            *group = Some(new.to_owned());
        }
    }

    fn memberships(&mut self) -> impl Iterator<Item = &mut Option<String>> {
        let people = self.users.iter_mut().map(|person| &mut person.dag);
        self.records.iter_mut().map(|record| &mut record.group).chain(people)
    }
}

fn moved_rows(rows: BTreeMap<Place, Row>, moved: impl Fn(usize) -> Option<usize>) -> BTreeMap<Place, Row> {
    let place = |place: Place| moved(place.event).map(|event| Place { event, repeat: place.repeat });
    rows.into_iter().filter_map(|(old, row)| Some((place(old)?, row))).collect()
}
