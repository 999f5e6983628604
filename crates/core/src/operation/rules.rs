//! The study's settings as a guard of REDCap's design: what they name must not go.

use std::collections::BTreeSet;

use super::FieldRow;
use super::dictionary::{instruments, known_fields};
use crate::enrolment::compare_settings;
use crate::study::{RedcapConfig, SURVEY_INSTRUMENTS};

/// What the settings name, the project has, and would have no longer; in words.
pub(super) fn settings_that_lose(config: &RedcapConfig, current: &[FieldRow], next: &[FieldRow]) -> Vec<String> {
    let before: BTreeSet<String> = compare_settings(config, &known_fields(current)).into_iter().collect();
    let new = compare_settings(config, &known_fields(next)).into_iter().filter(|problem| !before.contains(problem));
    let mut lost: Vec<String> = new
        .map(|problem| format!("{problem} any more; change the setting first, or keep it in the dictionary"))
        .collect();
    lost.extend(surveys_that_go(config, current, next));
    lost.extend(code_that_goes(config, current, next));
    lost
}

/// What the settings name and the project does not have, whether or not the dictionary changes.
pub(super) fn settings_that_lack(config: &RedcapConfig, current: &[FieldRow]) -> Vec<String> {
    compare_settings(config, &known_fields(current))
}

/// Without a mapping a field of this name gives the participants' codes; without the field new ones would be made up.
fn code_that_goes(config: &RedcapConfig, current: &[FieldRow], next: &[FieldRow]) -> Option<String> {
    let has = |rows: &[FieldRow]| rows.iter().any(|row| row.name() == "participant_code");
    (config.participant_field_mapping.is_none() && has(current) && !has(next)).then(|| {
        "participants' codes are read from the field \"participant_code\", which would go; set \
         config.redcap.participant_field_mapping first, or keep it in the dictionary"
            .to_owned()
    })
}

fn surveys_that_go(config: &RedcapConfig, current: &[FieldRow], next: &[FieldRow]) -> Vec<String> {
    let surveys = config.extra.get(SURVEY_INSTRUMENTS).and_then(|names| names.as_array());
    let (had, has) = (instruments(current), instruments(next));
    let goes = |name: &&str| had.contains(name) && !has.contains(name);
    surveys
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str())
        .filter(goes)
        .map(|name| {
            format!(
                "config.redcap.{SURVEY_INSTRUMENTS}: the REDCap project has no instrument {name:?} any more; change the \
                 setting first, or keep it in the dictionary"
            )
        })
        .collect()
}
