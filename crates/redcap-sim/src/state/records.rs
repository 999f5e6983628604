//! The answers of one project, in memory: record → place (event, repeat) → column → value.
//! Invariant: no empty value and no unchecked box is stored; a repeat instance without any value does not exist; whatever
//! hands out a record to be changed notes its name.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::document::Document;

/// A record's name, ordered as REDCap lists records: numbers inside it by their size (`9` before `10`).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RecordId(String);

impl RecordId {
    pub(crate) fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name cut into runs of digits (as length and digits, which order by size) and of other characters.
    fn parts(&self) -> impl Iterator<Item = (bool, usize, &str)> {
        let mut rest = self.0.as_str();
        std::iter::from_fn(move || {
            let digit = rest.chars().next()?.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != digit).unwrap_or(rest.len());
            let (part, tail) = rest.split_at(end);
            rest = tail;
            let part = if digit { part.trim_start_matches('0') } else { part };
            Some((!digit, if digit { part.len() } else { 0 }, part))
        })
    }
}

impl Ord for RecordId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(other.parts()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for RecordId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Which instance of what, within an event. Rows of a record come in this order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Repeat {
    No,
    Event { instance: u32 },
    Form { form: String, instance: u32 },
}

impl Repeat {
    pub(crate) fn instance(&self) -> Option<u32> {
        match self {
            Repeat::No => None,
            Repeat::Event { instance } | Repeat::Form { instance, .. } => Some(*instance),
        }
    }

    pub(crate) fn form(&self) -> Option<&str> {
        match self {
            Repeat::Form { form, .. } => Some(form),
            _ => None,
        }
    }
}

/// Where a row of a record lives: the event's index in the definition and the repeat.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) event: usize,
    pub(crate) repeat: Repeat,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Row {
    /// By column name of a flat export (`gym___0`, `demographics_complete`).
    pub(crate) values: BTreeMap<String, String>,
    /// When a survey was submitted, by form; a started one has `[not completed]`.
    pub(crate) survey_times: BTreeMap<String, String>,
    /// By file field, whose value is the document's name.
    pub(crate) files: BTreeMap<String, Document>,
}

impl Row {
    /// Puts a document into a file field, or takes it out.
    pub(crate) fn set_file(&mut self, field: &str, document: Option<Document>) {
        match document {
            Some(document) => {
                self.values.insert(field.to_owned(), document.name.clone());
                self.files.insert(field.to_owned(), document);
            }
            None => {
                self.values.remove(field);
                self.files.remove(field);
            }
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Unique name of its data access group.
    pub(crate) group: Option<String>,
    #[serde(with = "listed")]
    pub(crate) rows: BTreeMap<Place, Row>,
    pub(crate) modified: DateTime<Utc>,
}

impl Record {
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        Self { group: None, rows: BTreeMap::new(), modified: now }
    }

    /// The next free instance of a repeating form (or, without a form, of a repeating event).
    pub(crate) fn next_instance(&self, event: usize, form: Option<&str>) -> u32 {
        let places = self.rows.keys().filter(|place| place.event == event && place.repeat.form() == form);
        places.filter_map(|place| place.repeat.instance()).max().unwrap_or(0) + 1
    }
}

/// Rows as a list of pairs: in JSON only a text can be a key.
mod listed {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Place, Row};

    pub(super) fn serialize<S: Serializer>(rows: &BTreeMap<Place, Row>, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_seq(rows)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<BTreeMap<Place, Row>, D::Error> {
        Ok(Vec::<(Place, Row)>::deserialize(source)?.into_iter().collect())
    }
}

/// All records, and which of them have been changed, made or removed since somebody took note.
#[derive(Default)]
pub(crate) struct Records {
    all: BTreeMap<RecordId, Record>,
    changed: BTreeSet<String>,
}

impl Records {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Record> {
        self.all.get(&RecordId::new(id))
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Record> {
        self.changed.insert(id.to_owned());
        self.all.get_mut(&RecordId::new(id))
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.get(id).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Record)> {
        self.all.iter().map(|(id, record)| (id.as_str(), record))
    }

    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.all.keys().map(|id| id.0.clone()).collect()
    }

    /// The names of what may have changed since the last time.
    pub(crate) fn take_changed(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.changed)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Record> {
        self.changed.extend(self.all.keys().map(|id| id.0.clone()));
        self.all.values_mut()
    }

    /// All uploaded files of all records.
    pub(crate) fn documents_mut(&mut self) -> impl Iterator<Item = &mut Document> {
        self.all.values_mut().flat_map(|record| record.rows.values_mut()).flat_map(|row| row.files.values_mut())
    }

    /// Keeps the records for which `keep` says so.
    pub(crate) fn retain_mut(&mut self, mut keep: impl FnMut(&mut Record) -> bool) {
        self.changed.extend(self.all.keys().map(|id| id.0.clone()));
        self.all.retain(|_, record| keep(record));
    }

    /// The record of that name, made when there is none.
    pub(crate) fn entry(&mut self, id: &str, now: DateTime<Utc>) -> &mut Record {
        self.changed.insert(id.to_owned());
        self.all.entry(RecordId::new(id)).or_insert_with(|| Record::new(now))
    }

    pub(crate) fn insert(&mut self, id: &str, record: Record) {
        self.changed.insert(id.to_owned());
        self.all.insert(RecordId::new(id), record);
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Record> {
        self.changed.insert(id.to_owned());
        self.all.remove(&RecordId::new(id))
    }

    /// The name `generateNextRecordName` gives: highest number plus one; for a person in a group `<group id>-<n>`.
    pub(crate) fn next_name(&self, group_id: Option<u32>) -> String {
        let prefix = group_id.map_or(String::new(), |id| format!("{id}-"));
        let numbers = self.all.keys().filter_map(|id| id.as_str().strip_prefix(&prefix)?.parse::<u64>().ok());
        format!("{prefix}{}", numbers.max().unwrap_or(0).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Records {
        let mut records = Records::default();
        for name in names {
            records.insert(name, Record::new(DateTime::UNIX_EPOCH));
        }
        records
    }

    #[test]
    fn records_are_listed_by_the_numbers_in_their_names() {
        let records = named(&["10", "9", "A-10", "A-9", "Ä-07", "332-1", "09"]);
        let order: Vec<_> = records.iter().map(|(id, _)| id).collect();
        assert_eq!(order, ["09", "9", "10", "332-1", "A-9", "A-10", "Ä-07"]);
    }

    #[test]
    fn the_next_name_counts_only_its_own_series() {
        let records = named(&["3", "A-9", "1732-3", "12"]);
        assert_eq!(records.next_name(None), "13");
        assert_eq!(records.next_name(Some(1732)), "1732-4");
        assert_eq!(Records::default().next_name(None), "1");
    }
}
