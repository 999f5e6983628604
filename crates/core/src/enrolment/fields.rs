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
        if let Some(first) = contradictions(config).into_iter().next() {
            return Err(first);
        }
        let field_of =
            |wanted: &str| mapping.iter().find(|(_, target)| *target == wanted).map(|(field, _)| field.as_str());
        Ok(Self {
            participant_code: field_of("participant_code"),
            enrollment_date: field_of("enrollment_date").or(anchor),
            arm: field_of("arm"),
            time_zone: field_of("time_zone"),
        })
    }
}

/// Each way in which the mapping contradicts itself or `anchor_date_field`.
pub(super) fn contradictions(config: &RedcapConfig) -> Vec<EnrolmentRefusal> {
    let mut found = vec![];
    let mut wrong = |field: &str, problem| found.push(EnrolmentRefusal::Mapping { field: field.to_owned(), problem });
    let mut by_target: BTreeMap<&str, &str> = BTreeMap::new();
    for (field, target) in config.participant_field_mapping.iter().flatten() {
        if !TARGETS.contains(&target.as_str()) {
            wrong(field, format!("maps to {target:?}; it can map to {}", TARGETS.join(", ")));
        } else if let Some(other) = by_target.insert(target, field) {
            wrong(field, format!("and {other} both map to {target}; keep one"));
        }
    }
    let anchor = config.anchor_date_field.as_deref().filter(|field| !field.trim().is_empty());
    if let (Some(mapped), Some(anchor)) = (by_target.get("enrollment_date").copied(), anchor)
        && mapped != anchor
    {
        wrong(mapped, format!("maps to enrollment_date, and anchor_date_field is {anchor}; make them agree"));
    }
    found
}

/// Everything that is wrong with `participant_field_mapping` before REDCap is asked, in words; empty when nothing is.
#[must_use]
pub fn field_mapping_problems(config: &RedcapConfig) -> Vec<String> {
    let fields = config.participant_field_mapping.iter().flat_map(BTreeMap::keys);
    let unreadable = fields.filter(|field| !is_field_name(field)).map(|field| EnrolmentRefusal::Mapping {
        field: format!("{field:?}"),
        problem: "is no name of a REDCap field; one has lower-case letters, digits and underscores, and begins with a \
                  letter"
            .to_owned(),
    });
    unreadable.chain(contradictions(config)).map(|refusal| refusal.to_string()).collect()
}

/// As REDCap names the columns of an export, a checkbox's choice (`field___1`) included.
fn is_field_name(text: &str) -> bool {
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let rest = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    begins && rest && text.len() <= 100
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_of_a_mapping_is_named() {
        let mapping = [
            ("enrol_date", "enrollment_date"),
            ("Group", "arm"),
            ("group___1", "arm"),
            ("site", "centre"),
            ("", "time_zone"),
        ];
        let mapping = mapping.map(|(field, target)| (field.to_owned(), target.to_owned())).into();
        let config = RedcapConfig {
            participant_field_mapping: Some(mapping),
            anchor_date_field: Some("consent_date".to_owned()),
            ..RedcapConfig::default()
        };
        let no_name = "is no name of a REDCap field; one has lower-case letters, digits and underscores, and begins with a letter";
        let setting = "config.redcap.participant_field_mapping:";
        assert_eq!(
            field_mapping_problems(&config),
            [
                format!("{setting} \"\" {no_name}"),
                format!("{setting} \"Group\" {no_name}"),
                format!("{setting} group___1 and Group both map to arm; keep one"),
                format!(
                    "{setting} site maps to \"centre\"; it can map to participant_code, enrollment_date, arm, time_zone"
                ),
                format!(
                    "{setting} enrol_date maps to enrollment_date, and anchor_date_field is consent_date; make them agree"
                ),
            ]
        );
        assert_eq!(field_mapping_problems(&RedcapConfig::default()), [""; 0]);
    }
}
