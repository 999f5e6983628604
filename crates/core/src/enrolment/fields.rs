//! Which REDCap field carries which participant field, and finding its value in a record's rows.
//!
//! Invariant: one field for one meaning; a configuration that names two is refused, not resolved.

use std::collections::BTreeMap;

use super::{EnrolmentRefusal, RecordFacts};
use crate::study::RedcapConfig;

/// Participant fields that `participant_field_mapping` can name.
const TARGETS: [&str; 4] = ["participant_code", "enrollment_date", "arm", "time_zone"];

/// The REDCap field of each participant field.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FieldNames<'a> {
    pub(super) participant_code: Option<&'a str>,
    pub(super) enrollment_date: Option<&'a str>,
    pub(super) arm: Option<&'a str>,
    pub(super) time_zone: Option<&'a str>,
}

impl<'a> FieldNames<'a> {
    /// Reads the mapping; without one the default applies: `anchor_date_field` is the enrolment date, and a field
    /// `participant_code`, if the record has one, is the code.
    pub(super) fn of(config: &'a RedcapConfig) -> Result<Self, EnrolmentRefusal> {
        let anchor = config.anchor_date_field.as_deref().filter(|field| !field.trim().is_empty());
        let Some(mapping) = &config.participant_field_mapping else {
            return Ok(Self { participant_code: Some("participant_code"), enrollment_date: anchor, ..Self::default() });
        };
        let mut by_target: BTreeMap<&str, &str> = BTreeMap::new();
        for (field, target) in mapping {
            let wrong = |problem| EnrolmentRefusal::Mapping { field: field.clone(), problem };
            if !TARGETS.contains(&target.as_str()) {
                return Err(wrong(format!("maps to {target:?}; it can map to {}", TARGETS.join(", "))));
            }
            if let Some(other) = by_target.insert(target, field) {
                return Err(wrong(format!("and {other} both map to {target}; keep one")));
            }
        }
        let mapped_date = by_target.get("enrollment_date").copied();
        if let (Some(mapped), Some(anchor)) = (mapped_date, anchor)
            && mapped != anchor
        {
            let problem = format!("maps to enrollment_date, and anchor_date_field is {anchor}; make them agree");
            return Err(EnrolmentRefusal::Mapping { field: mapped.to_owned(), problem });
        }
        Ok(Self {
            participant_code: by_target.get("participant_code").copied(),
            enrollment_date: mapped_date.or(anchor),
            arm: by_target.get("arm").copied(),
            time_zone: by_target.get("time_zone").copied(),
        })
    }
}

/// A value and the event of the row it stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) text: &'a str,
    pub(super) event_name: Option<&'a str>,
}

impl RecordFacts {
    /// The field's value: from the row of the DET's event, else from the first row that has one. Blanks and the
    /// project's missing-data codes are no values.
    pub(super) fn find(&self, field: &str) -> Option<Found<'_>> {
        let event_of = |row: &'_ BTreeMap<String, String>| row.get("redcap_event_name").cloned();
        let own = self.rows.iter().filter(|row| self.event_name.is_some() && event_of(row) == self.event_name);
        own.chain(&self.rows).find_map(|row| {
            let text = row.get(field)?.trim();
            let missing = text.is_empty() || self.missing_codes.contains(text);
            (!missing).then(|| Found { text, event_name: row.get("redcap_event_name").map(String::as_str) })
        })
    }
}
