//! A REDCap record as it was read: what it says about its participant and about the surveys of their visits.
//!
//! Invariant: its answers are in no Debug text, and it is read the same way for an event and for a re-read, because a
//! difference between the two readings would look like an edit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use chrono_tz::Tz;
use metricis_core::enrolment::{
    MappedParticipant, ParticipantCode, RecordFacts, SiteFact, map_new_participant, map_participant, read_field_code,
};
use metricis_core::ids::VisitId;
use metricis_core::schedule::arm_of_event;
use metricis_core::study::{RedcapConfig, StudyConfig};
use metricis_core::words::VisitStatus;
use metricis_redcap::wire::Row;
use metricis_store::{Site, StoredVisit, SurveyState};
use serde_json::Value;

use crate::failure::Failure;

/// Key of `config.redcap` under which an event sync keeps the project's missing-data codes.
pub(crate) const MISSING_CODES: &str = "missing_data_codes";

const EVENT: &str = "redcap_event_name";
const DAG: &str = "redcap_data_access_group";
const REPEAT_INSTRUMENT: &str = "redcap_repeat_instrument";
const REPEAT_INSTANCE: &str = "redcap_repeat_instance";

/// All rows of one record.
pub(crate) struct Record {
    id: String,
    rows: Vec<BTreeMap<String, String>>,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("id", &self.id).field("rows", &self.rows.len()).finish()
    }
}

impl Record {
    /// Takes the rows that REDCap sent for `id`. `det_dag` is the group that the DET names, if it does.
    ///
    /// # Errors
    /// REDCap has no such record, or hides its group from the token's user.
    pub(crate) fn read(id: &str, rows: &[Row], det_dag: Option<&str>) -> Result<Self, Failure> {
        if rows.is_empty() {
            return Err(Failure::refused(format!("REDCap has no record {id:?}; was it deleted or renamed?")));
        }
        if det_dag.is_some() && rows.iter().all(|row| row.get(DAG).is_none()) {
            return Err(Failure::refused(
                "REDCap does not say the record's data access group, because the API token's user is inside a group; \
                 set the token of a user outside all groups, then replay the event",
            ));
        }
        let cells = |row: &Row| row.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Self { id: id.to_owned(), rows: rows.iter().map(cells).collect() })
    }

    /// Its name.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// How complete an instrument is in any of the rows: 0 incomplete, 1 unverified, 2 complete.
    pub(crate) fn completion(&self, instrument: &str) -> u8 {
        let column = format!("{instrument}_complete");
        self.rows.iter().filter_map(|row| completion_of(row.get(&column)?)).max().unwrap_or(0)
    }

    /// Reads a participant to enrol on `today`, the study's date. `event_name` is the DET's event.
    ///
    /// # Errors
    /// As [`Record::map`], and a date or an arm that only an enrolment minds.
    pub(crate) fn map_new(
        &self,
        config: &StudyConfig,
        sites: &[Site],
        event_name: Option<&str>,
        today: NaiveDate,
    ) -> Result<MappedParticipant, Failure> {
        let facts = self.facts(&config.redcap, event_name);
        map_new_participant(&facts, &config.redcap, &site_facts(sites), study_zone(config)?, today)
            .map_err(Failure::refused)
    }

    /// Reads a known participant. `event_name` is the event whose row comes first.
    ///
    /// # Errors
    /// What the core refuses, or a study's time zone that does not exist.
    pub(crate) fn map(
        &self,
        config: &StudyConfig,
        sites: &[Site],
        event_name: Option<&str>,
    ) -> Result<MappedParticipant, Failure> {
        let facts = self.facts(&config.redcap, event_name);
        map_participant(&facts, &config.redcap, &site_facts(sites), study_zone(config)?).map_err(Failure::refused)
    }

    /// The participant code that a field of it holds, if it can be read; `arm` is the participant's.
    pub(crate) fn code(&self, config: &RedcapConfig, arm: i32) -> Option<ParticipantCode> {
        read_field_code(&self.facts(config, self.home_event(config, arm)), config).ok().flatten()
    }

    fn facts(&self, config: &RedcapConfig, event_name: Option<&str>) -> RecordFacts {
        RecordFacts {
            record_id: self.id.clone(),
            rows: self.rows.clone(),
            dag: self.dag(),
            event_name: event_name.map(str::to_owned),
            missing_codes: missing_codes(config),
        }
    }

    /// The event in whose light a known participant of `arm` is read: the one of their arm that holds the enrolment date.
    ///
    /// Not the DET's own event: a record can have rows in several arms, and the save of a form in another arm says nothing
    /// about the arm of its participant.
    pub(crate) fn home_event(&self, config: &RedcapConfig, arm: i32) -> Option<&str> {
        let mapped = config.participant_field_mapping.iter().flatten();
        let mapped = mapped.filter(|(_, target)| *target == "enrollment_date").map(|(field, _)| field.as_str());
        let date_field = config.anchor_date_field.as_deref().or_else(|| mapped.into_iter().next())?;
        let at_home = |row: &&BTreeMap<String, String>| {
            row.get(EVENT).and_then(|event| arm_of_event(event)) == Some(arm)
                && row.get(date_field).is_some_and(|date| !date.trim().is_empty())
        };
        self.rows.iter().find(at_home)?.get(EVENT).map(String::as_str)
    }

    fn dag(&self) -> Option<String> {
        self.rows.iter().filter_map(|row| row.get(DAG)).find(|dag| !dag.trim().is_empty()).cloned()
    }

    /// The visits whose surveys REDCap now says something else about, with their whole new state.
    pub(crate) fn survey_changes(&self, visits: &[StoredVisit]) -> Vec<(VisitId, BTreeMap<String, SurveyState>)> {
        let live = visits.iter().filter(|visit| visit.status != VisitStatus::Cancelled);
        live.filter_map(|visit| {
            let mut state = visit.survey_state.clone();
            for instrument in &visit.survey_instruments {
                // A repeating form has rows of its own; their first instance is the visit's.
                let repeats = visit.repeating_instruments.contains(instrument);
                let form = if repeats { instrument } else { "" };
                let row = self.rows.iter().find(|row| is_first_of(row, &visit.event_name, form));
                let complete = row.and_then(|row| completion_of(row.get(&format!("{instrument}_complete"))?));
                if let Some(complete) = complete {
                    state.entry(instrument.clone()).or_default().complete = complete;
                }
            }
            (state != visit.survey_state).then_some((visit.id, state))
        })
        .collect()
    }
}

/// Whether a row is the event's own, or that of its repeating `form`; of what repeats the first occurrence.
fn is_first_of(row: &BTreeMap<String, String>, event_name: &str, form: &str) -> bool {
    let cell = |name: &str| row.get(name).map_or("", String::as_str);
    cell(EVENT) == event_name && cell(REPEAT_INSTRUMENT) == form && matches!(cell(REPEAT_INSTANCE), "" | "1")
}

/// Blank means that nobody has opened the form yet.
fn completion_of(text: &str) -> Option<u8> {
    match text {
        "" | "0" => Some(0),
        "1" => Some(1),
        "2" => Some(2),
        _ => None,
    }
}

fn site_facts(sites: &[Site]) -> Vec<SiteFact> {
    let fact = |site: &Site| SiteFact { id: site.id, code: site.code.clone(), redcap_dag: site.redcap_dag.clone() };
    sites.iter().map(fact).collect()
}

fn missing_codes(config: &RedcapConfig) -> BTreeSet<String> {
    let codes = config.extra.get(MISSING_CODES).and_then(Value::as_array);
    codes.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(crate) fn study_zone(config: &StudyConfig) -> Result<Tz, Failure> {
    let Some(name) = &config.time_zone else { return Ok(Tz::UTC) };
    name.parse()
        .map_err(|_| Failure::refused(format!("config.time_zone {name:?} is not an IANA zone such as Europe/Berlin")))
}

#[cfg(test)]
mod tests {
    use metricis_core::ids::{ParticipantId, ScheduleVersionId, StudyId, WindowId};

    use super::*;

    fn row(cells: &[(&str, &str)]) -> Row {
        cells.iter().copied().collect()
    }

    fn record(rows: &[Row]) -> Record {
        Record::read("332-1", rows, None).expect("a record")
    }

    fn visit(event_name: &str, status: VisitStatus) -> StoredVisit {
        let (now, day) = (metricis_core::Timestamp::default(), chrono::NaiveDate::default());
        StoredVisit {
            id: VisitId::at(now),
            study: StudyId::at(now),
            participant: ParticipantId::at(now),
            version: ScheduleVersionId::at(now),
            version_number: 1,
            in_current_version: true,
            window: WindowId::at(now),
            label: String::new(),
            event_name: event_name.to_owned(),
            in_redcap: true,
            repeating: false,
            arm_num: 1,
            instruments: vec!["mood".to_owned(), "labs".to_owned()],
            repeating_instruments: vec![],
            survey_instruments: vec!["mood".to_owned()],
            survey_state: [("mood".to_owned(), SurveyState { complete: 0 })].into(),
            status,
            scheduled_date: day,
            window_start: day,
            window_end: day,
            actual_visit_date: None,
            anchor_reconciled: false,
            original_target_date: None,
            review_flag: None,
        }
    }

    #[test]
    fn survey_state_comes_from_the_events_own_row_or_its_forms_first_instance() {
        let record = record(&[
            row(&[(EVENT, "v1_arm_1"), (REPEAT_INSTRUMENT, "mood"), (REPEAT_INSTANCE, "1"), ("mood_complete", "1")]),
            row(&[(EVENT, "v1_arm_1"), (REPEAT_INSTRUMENT, ""), ("mood_complete", "2"), ("labs_complete", "2")]),
            row(&[(EVENT, "v2_arm_1"), ("mood_complete", "")]),
        ]);
        let (done, untouched) = (visit("v1_arm_1", VisitStatus::Pending), visit("v2_arm_1", VisitStatus::Pending));
        let cancelled = visit("v1_arm_1", VisitStatus::Cancelled);
        let changes = record.survey_changes(&[done.clone(), untouched, cancelled]);
        let state = |complete| [("mood".to_owned(), SurveyState { complete })].into();
        assert_eq!(changes, vec![(done.id, state(2))]);
        let repeating = StoredVisit { repeating_instruments: vec!["mood".to_owned()], ..done };
        assert_eq!(record.survey_changes(std::slice::from_ref(&repeating)), vec![(repeating.id, state(1))]);
    }

    #[test]
    fn a_known_participant_is_read_in_their_own_arm() {
        let config = RedcapConfig { anchor_date_field: Some("d".to_owned()), ..RedcapConfig::default() };
        let record = record(&[
            row(&[(EVENT, "base_arm_1"), ("d", "2026-03-02")]),
            row(&[(EVENT, "early_arm_2"), ("d", "")]),
            row(&[(EVENT, "base_arm_2"), ("d", "2026-03-09")]),
        ]);
        assert_eq!(record.home_event(&config, 2), Some("base_arm_2"));
        assert_eq!(record.home_event(&config, 1), Some("base_arm_1"));
        assert_eq!(record.home_event(&config, 3), None);
        let mapped = [("d".to_owned(), "enrollment_date".to_owned())].into();
        let mapped = RedcapConfig { participant_field_mapping: Some(mapped), ..RedcapConfig::default() };
        assert_eq!(record.home_event(&mapped, 2), Some("base_arm_2"));
    }

    #[test]
    fn a_record_that_is_absent_or_whose_group_is_hidden_is_refused() {
        let absent = Record::read("Ä-07", &[], None).expect_err("no rows");
        assert!(absent.message.contains("REDCap has no record \"Ä-07\""), "{absent}");
        let rows = [row(&[("record_id", "7")])];
        assert!(Record::read("7", &rows, Some("north")).expect_err("hidden").message.contains("outside all groups"));
        assert!(Record::read("7", &rows, None).is_ok());
    }

    #[test]
    fn completion_is_the_furthest_of_the_rows() {
        let record = record(&[row(&[("f_complete", "")]), row(&[("f_complete", "2")]), row(&[("f_complete", "1")])]);
        assert_eq!((record.completion("f"), record.completion("g")), (2, 0));
    }
}
