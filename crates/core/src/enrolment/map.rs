//! Reading a participant out of a REDCap record.
//!
//! Invariant: the result is complete or there is none. Refusals name fields and groups, never an answer.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Months, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use super::fields::{FieldNames, Found};
use super::{CodeProblem, ParticipantCode};
use crate::ids::SiteId;
use crate::schedule::{MAX_ANCHOR_DISTANCE_YEARS, arm_of_event};
use crate::study::{RecordIdField, RedcapConfig};

/// A record as read from REDCap.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RecordFacts {
    /// REDCap's record id.
    pub record_id: String,
    /// Its rows, one for each event and repetition, `redcap_event_name` included.
    pub rows: Vec<BTreeMap<String, String>>,
    /// Unique name of its data access group.
    pub dag: Option<String>,
    /// Unique event name of the DET; none in a classic project.
    pub event_name: Option<String>,
    /// The project's missing-data codes, such as `-99`: answers that say that there is no answer.
    pub missing_codes: BTreeSet<String>,
}

impl std::fmt::Debug for RecordFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordFacts")
            .field("record_id", &self.record_id)
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

/// A site and the data access group that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteFact {
    /// Its id.
    pub id: SiteId,
    /// Its code.
    pub code: String,
    /// Unique group name in REDCap.
    pub redcap_dag: Option<String>,
}

/// What a record says about its participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MappedParticipant {
    /// REDCap's record id.
    pub external_id: String,
    /// The code; none when one is to be generated.
    pub participant_code: Option<ParticipantCode>,
    /// The enrolment date: the first schedule's anchor.
    pub enrollment_date: NaiveDate,
    /// The arm.
    pub arm_num: i32,
    /// The site of the record's group.
    pub site: Option<SiteId>,
    /// The record's group.
    pub dag: Option<String>,
    /// The zone in which days begin and end.
    #[serde(serialize_with = "zone_name")]
    pub time_zone: Tz,
}

fn zone_name<S: Serializer>(zone: &Tz, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(zone.name())
}

/// Why a record makes no participant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentRefusal {
    /// The study does not say where the anchor date is.
    #[error("config.redcap.anchor_date_field is not set; name the REDCap field that carries the enrolment date")]
    NoAnchorField,
    /// The record has no value there.
    #[error("the REDCap field {field} ({role}) is blank or missing; fill it in, then replay the event")]
    Missing {
        /// The REDCap field.
        field: String,
        /// What it is to us.
        role: &'static str,
    },
    /// The value cannot be read.
    #[error("the REDCap field {field} ({role}) {problem}; correct it, then replay the event")]
    Unreadable {
        /// The REDCap field.
        field: String,
        /// What it is to us.
        role: &'static str,
        /// The kind of problem.
        problem: &'static str,
    },
    /// Too far from today to be meant, as in the move of an anchor.
    #[error(
        "the REDCap field {field} (enrolment date) is more than {MAX_ANCHOR_DISTANCE_YEARS} years from today, {today}; \
         check the year, then replay the event"
    )]
    Absurd {
        /// The REDCap field.
        field: String,
        /// The study's date.
        today: NaiveDate,
    },
    /// The record tells two arms.
    #[error(
        "the REDCap field {field} (arm) and the event {event} name different arms; correct one, then replay the event"
    )]
    ArmsDiffer {
        /// The REDCap field.
        field: String,
        /// The event's unique name, which ends in its arm.
        event: String,
    },
    /// The value is no participant code.
    #[error("the REDCap field {field} (participant code) {problem}")]
    Code {
        /// The REDCap field.
        field: String,
        /// What is wrong with it.
        problem: CodeProblem,
    },
    /// No site has this group.
    #[error("the data access group {dag:?} belongs to no site; set redcap_dag of its site, then replay the event")]
    UnmappedDag {
        /// The group.
        dag: String,
    },
    /// The mapping contradicts itself.
    #[error("config.redcap.participant_field_mapping: {field} {problem}")]
    Mapping {
        /// The REDCap field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Reads a participant to enrol. `today` is the study's date.
///
/// Stricter than [`map_participant`], because here a schedule begins: the date must be one that an anchor may be moved
/// to, and an arm field must also agree with the event that holds the date, when no DET names an event.
///
/// # Errors
/// As [`map_participant`]; a date over ten years away.
pub fn map_new_participant(
    facts: &RecordFacts,
    config: &RedcapConfig,
    sites: &[SiteFact],
    default_tz: Tz,
    today: NaiveDate,
) -> Result<MappedParticipant, EnrolmentRefusal> {
    let field = FieldNames::of(config)?.enrollment_date.ok_or(EnrolmentRefusal::NoAnchorField)?;
    let holder = facts.find(field).and_then(|found| found.event_name);
    let event_name = facts.event_name.clone().or_else(|| holder.map(str::to_owned));
    let mapped = map_participant(&RecordFacts { event_name, ..facts.clone() }, config, sites, default_tz)?;
    let span = Months::new(12 * MAX_ANCHOR_DISTANCE_YEARS);
    let first = today.checked_sub_months(span).unwrap_or(NaiveDate::MIN);
    let last = today.checked_add_months(span).unwrap_or(NaiveDate::MAX);
    if (first..=last).contains(&mapped.enrollment_date) {
        Ok(mapped)
    } else {
        Err(EnrolmentRefusal::Absurd { field: field.to_owned(), today })
    }
}

/// Reads a known participant. `default_tz` is the study's zone, for records that name none.
///
/// The arm is, in this order: the suffix of the DET's event, the mapped arm field, the suffix of the event that holds
/// the enrolment date, and 1 in a project without events. The first two may not contradict each other.
///
/// # Errors
/// A missing or unreadable enrolment date, code, arm or zone; two arms; a group without a site; a contradictory mapping.
pub fn map_participant(
    facts: &RecordFacts,
    config: &RedcapConfig,
    sites: &[SiteFact],
    default_tz: Tz,
) -> Result<MappedParticipant, EnrolmentRefusal> {
    let names = FieldNames::of(config)?;
    let date_field = names.enrollment_date.ok_or(EnrolmentRefusal::NoAnchorField)?;
    let role = "enrolment date";
    let found = facts.find(date_field).ok_or(EnrolmentRefusal::Missing { field: date_field.to_owned(), role })?;
    let enrollment_date = read_date(found.text).map_err(|problem| unreadable(date_field, role, problem))?;
    let dag = facts.dag.as_deref().map(str::trim).filter(|dag| !dag.is_empty());
    Ok(MappedParticipant {
        external_id: facts.record_id.clone(),
        participant_code: read_code(facts, config.record_id_field, &names)?,
        enrollment_date,
        arm_num: read_arm(facts, &names, found)?,
        site: dag.map(|dag| site_of(dag, sites)).transpose()?,
        dag: dag.map(str::to_owned),
        time_zone: read_zone(facts, &names, default_tz)?,
    })
}

/// Reads the participant code that a field of the record holds; none when it holds none, or when the record's name is the code.
///
/// # Errors
/// A code that cannot be one, or a mapping that is none.
pub fn read_field_code(
    facts: &RecordFacts,
    config: &RedcapConfig,
) -> Result<Option<ParticipantCode>, EnrolmentRefusal> {
    match config.record_id_field {
        RecordIdField::ParticipantCode => Ok(None),
        RecordIdField::ExternalId => read_code(facts, config.record_id_field, &FieldNames::of(config)?),
    }
}

fn unreadable(field: &str, role: &'static str, problem: &'static str) -> EnrolmentRefusal {
    EnrolmentRefusal::Unreadable { field: field.to_owned(), role, problem }
}

fn site_of(dag: &str, sites: &[SiteFact]) -> Result<SiteId, EnrolmentRefusal> {
    let site = sites.iter().find(|site| site.redcap_dag.as_deref() == Some(dag));
    site.map(|site| site.id).ok_or_else(|| EnrolmentRefusal::UnmappedDag { dag: dag.to_owned() })
}

fn read_code(
    facts: &RecordFacts,
    record_id_field: RecordIdField,
    names: &FieldNames<'_>,
) -> Result<Option<ParticipantCode>, EnrolmentRefusal> {
    let (field, text) = match record_id_field {
        RecordIdField::ParticipantCode => ("of the record id", facts.record_id.as_str()),
        RecordIdField::ExternalId => match names.participant_code.and_then(|field| Some((field, facts.find(field)?))) {
            Some((field, found)) => (field, found.text),
            None => return Ok(None),
        },
    };
    let code = ParticipantCode::parse(text);
    code.map(Some).map_err(|problem| EnrolmentRefusal::Code { field: field.to_owned(), problem })
}

fn read_arm(facts: &RecordFacts, names: &FieldNames<'_>, anchor: Found<'_>) -> Result<i32, EnrolmentRefusal> {
    let of_event = facts.event_name.as_deref().and_then(|event| Some((event, arm_of_event(event)?)));
    let Some((field, found)) = names.arm.and_then(|field| Some((field, facts.find(field)?))) else {
        let of_anchor = || anchor.event_name.and_then(arm_of_event);
        return Ok(of_event.map(|(_, arm)| arm).or_else(of_anchor).unwrap_or(1));
    };
    let arm = found.text.parse().ok().filter(|arm| *arm > 0);
    let arm = arm.ok_or_else(|| unreadable(field, "arm", "is not the number of an arm"))?;
    match of_event {
        Some((event, other)) if other != arm => {
            Err(EnrolmentRefusal::ArmsDiffer { field: field.to_owned(), event: event.to_owned() })
        }
        _ => Ok(arm),
    }
}

fn read_zone(facts: &RecordFacts, names: &FieldNames<'_>, default_tz: Tz) -> Result<Tz, EnrolmentRefusal> {
    match names.time_zone.and_then(|field| Some((field, facts.find(field)?))) {
        Some((field, found)) => {
            found.text.parse().map_err(|_| unreadable(field, "time zone", "is not an IANA zone such as Europe/Berlin"))
        }
        None => Ok(default_tz),
    }
}

/// `YYYY-MM-DD`, or with a time `HH:MM[:SS]` behind it: the two forms in which REDCap exports dates.
fn read_date(text: &str) -> Result<NaiveDate, &'static str> {
    const FORM: &str = "is not a date of the form YYYY-MM-DD";
    let (date, time) = text.split_once(' ').map_or((text, None), |(date, time)| (date, Some(time)));
    let shape = |text: &str, form: &str| {
        text.len() == form.len()
            && text
                .bytes()
                .zip(form.bytes())
                .all(|(byte, place)| if place == b'0' { byte.is_ascii_digit() } else { byte == place })
    };
    if !shape(date, "0000-00-00") {
        return Err(FORM);
    }
    if let Some(time) = time {
        let full = match time {
            _ if shape(time, "00:00") => format!("{time}:00"),
            _ if shape(time, "00:00:00") => time.to_owned(),
            _ => return Err(FORM),
        };
        full.parse::<NaiveTime>().map_err(|_| "has a time of day that does not exist")?;
    }
    let date: NaiveDate = date.parse().map_err(|_| "is a day that the calendar does not have")?;
    if (1900..2200).contains(&date.year()) { Ok(date) } else { Err("has a year that cannot be meant") }
}

#[cfg(test)]
mod tests;
