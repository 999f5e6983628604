//! The study's REDCap settings against the project's dictionary: a typing error is told when it is made.
//!
//! Invariant: every name in the settings that the project does not have is told, each with the setting it stands in. What
//! is not set yet is no typing error, and is left to the one who needs it.

use std::collections::BTreeSet;

use super::fields::contradictions;
use crate::study::RedcapConfig;

/// A field of the dictionary and its instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DictionaryField {
    /// Its name.
    pub field: String,
    /// The name of its instrument.
    pub instrument: String,
}

/// What the settings name and the project does not have, in words; empty when all is there.
#[must_use]
pub fn compare_settings(config: &RedcapConfig, dictionary: &[DictionaryField]) -> Vec<String> {
    let project = Names::of(dictionary);
    let mut problems = vec![];
    let set = |name: &Option<String>| name.clone().filter(|name| !name.trim().is_empty());
    if let Some(field) = set(&config.anchor_date_field) {
        problems.extend(project.lacks_field("anchor_date_field", &field));
    }
    if let Some(instrument) = set(&config.enrollment_instrument) {
        problems.extend(project.lacks_instrument("enrollment_instrument", &instrument));
    }
    for field in config.participant_field_mapping.iter().flat_map(|mapping| mapping.keys()) {
        problems.extend(project.lacks_field("participant_field_mapping", field));
    }
    problems.extend(contradictions(config).iter().map(ToString::to_string));
    for (task, to) in &config.redcap_field_mapping {
        let setting = format!("redcap_field_mapping.{task}");
        problems.extend(project.lacks_instrument(&format!("{setting}.instrument"), &to.instrument));
        for field in to.fields.values() {
            problems.extend(project.lacks_field(&format!("{setting}.fields"), field));
        }
    }
    problems
}

struct Names<'a> {
    fields: BTreeSet<&'a str>,
    instruments: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(dictionary: &'a [DictionaryField]) -> Self {
        Self {
            fields: dictionary.iter().map(|known| known.field.as_str()).collect(),
            instruments: dictionary.iter().map(|known| known.instrument.as_str()).collect(),
        }
    }

    fn lacks_instrument(&self, setting: &str, name: &str) -> Option<String> {
        let lacks = !self.instruments.contains(name);
        lacks.then(|| format!("config.redcap.{setting}: the REDCap project has no instrument {name:?}"))
    }

    /// A checkbox is named with its choice (`field___1`), and REDCap makes `<instrument>_complete` without listing it.
    fn lacks_field(&self, setting: &str, name: &str) -> Option<String> {
        let listed = name.split_once("___").map_or(name, |(field, _)| field);
        let made = name.strip_suffix("_complete").is_some_and(|form| self.instruments.contains(form));
        let lacks = !made && !self.fields.contains(name) && !self.fields.contains(listed);
        lacks.then(|| format!("config.redcap.{setting}: the REDCap project has no field {name:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::TaskMapping;

    fn dictionary() -> Vec<DictionaryField> {
        [("record_id", "enrollment"), ("enrol_date", "enrollment"), ("group", "enrollment"), ("rt_ms", "reaction")]
            .map(|(field, form)| DictionaryField { field: field.to_owned(), instrument: form.to_owned() })
            .into()
    }

    fn config(anchor: &str, instrument: &str, mapped: (&str, &str), task: (&str, &str)) -> RedcapConfig {
        let fields = [("median".to_owned(), task.1.to_owned())].into();
        RedcapConfig {
            anchor_date_field: Some(anchor.to_owned()),
            enrollment_instrument: Some(instrument.to_owned()),
            participant_field_mapping: Some([(mapped.0.to_owned(), mapped.1.to_owned())].into()),
            redcap_field_mapping: [("rt".to_owned(), TaskMapping { instrument: task.0.to_owned(), fields })].into(),
            ..RedcapConfig::default()
        }
    }

    #[test]
    fn settings_that_the_project_has_are_no_problem() {
        let right = config("enrol_date", "enrollment", ("group", "arm"), ("reaction", "rt_ms"));
        assert_eq!(compare_settings(&right, &dictionary()), [""; 0]);
        let made = config("enrol_date", "enrollment", ("group___1", "arm"), ("reaction", "reaction_complete"));
        assert_eq!(compare_settings(&made, &dictionary()), [""; 0], "names that the dictionary does not list");
        assert_eq!(compare_settings(&RedcapConfig::default(), &dictionary()), [""; 0], "not set yet");
    }

    #[test]
    fn each_wrong_name_is_told_with_its_setting() {
        let wrong = config("enrol_dat", "enrolment", ("grup", "arms"), ("reactoin", "rt_sec"));
        let has_no = "the REDCap project has no";
        assert_eq!(
            compare_settings(&wrong, &dictionary()),
            [
                format!("config.redcap.anchor_date_field: {has_no} field \"enrol_dat\""),
                format!("config.redcap.enrollment_instrument: {has_no} instrument \"enrolment\""),
                format!("config.redcap.participant_field_mapping: {has_no} field \"grup\""),
                "config.redcap.participant_field_mapping: grup maps to \"arms\"; it can map to participant_code, \
                 enrollment_date, arm, time_zone"
                    .to_owned(),
                format!("config.redcap.redcap_field_mapping.rt.instrument: {has_no} instrument \"reactoin\""),
                format!("config.redcap.redcap_field_mapping.rt.fields: {has_no} field \"rt_sec\""),
            ]
        );
    }
}
