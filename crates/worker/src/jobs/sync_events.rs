//! Reads a project's events into visit windows, and learns what later calls need to know about the project.
//!
//! Invariant (guarantee 21): all of REDCap's answers come first, then one transaction writes all of them or nothing. Only then
//! the schedules follow (`follow`).

mod follow;

use std::collections::BTreeSet;

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::answer::EventSync;
use metricis_core::enrolment::{DictionaryField, compare_settings};
use metricis_core::schedule::{EventSyncPlan, RemoteEvent, plan_classic, plan_event_sync};
use metricis_core::study::{REPEATING_INSTRUMENTS, RedcapConfig, SURVEY_INSTRUMENTS, config_changes};
use metricis_redcap::wire::{Event, FormEventMapping, ProjectInfo, RepeatingFormEvent};
use metricis_store::{ClaimedJob, Entries, Operational};
use serde_json::json;

use super::read_study;
use super::test_connection::{check_project, dictionary_of};
use crate::connection::{Connection, connect};
use crate::failure::{Failure, Stop};
use crate::persist::persist;
use crate::record::MISSING_CODES;
use crate::worker::Worker;

/// What REDCap says about a project.
struct Design {
    record_field: String,
    dictionary: Vec<DictionaryField>,
    missing_codes: Vec<String>,
    /// None in a classic project.
    events: Option<Vec<RemoteEvent>>,
    /// The instruments that repeat in a classic project; in another one its events say it.
    repeating_instruments: Vec<String>,
}

/// The job's result is an [`EventSync`]; its problems keep no window from being read.
///
/// # Errors
/// The calls', a token of another project, or an event that cannot be read; nothing is changed then.
pub(super) async fn sync_events(worker: &Worker, job: &ClaimedJob) -> Result<(), Failure> {
    let study = read_study(worker, job.study).await?;
    let redcap = connect(worker, &study)?;
    let project = worker.gate.read(&redcap, |reader| async move { reader.project_info().await }).await?;
    check_project(&study, &project)?;
    let design = read_design(worker, &redcap, &project).await?;
    let mut result = persist(worker.settings.poll_ms, || apply(worker, job, &design)).await?;
    follow::follow_events(worker, job.study, &mut result).await?;
    Ok(persist(worker.settings.poll_ms, || finish(worker, job, &result)).await?)
}

async fn finish(worker: &Worker, job: &ClaimedJob, result: &EventSync) -> Result<(), Stop> {
    let tx = worker.write().await?;
    tx.ask_survey_links(job.study).await?;
    tx.finish_job(job.id, json!(result)).await?;
    Ok(tx.commit_operational(Operational::QueueClaim).await?)
}

async fn read_design(worker: &Worker, redcap: &Connection, project: &ProjectInfo) -> Result<Design, Failure> {
    let gate = &worker.gate;
    let fields = gate.read(redcap, |reader| async move { reader.metadata().await }).await?;
    let dictionary = dictionary_of(&fields);
    let record_field = dictionary.first().map(|known| known.field.clone());
    let repeating = match project.has_repeating_instruments_or_events {
        true => gate.read(redcap, |reader| async move { reader.repeating_forms_events().await }).await?,
        false => vec![],
    };
    let events = match project.is_longitudinal {
        false => None,
        true => {
            let events = gate.read(redcap, |reader| async move { reader.events().await }).await?;
            let mapping = gate.read(redcap, |reader| async move { reader.form_event_mapping().await }).await?;
            Some(events.into_iter().map(|event| remote_event(event, &mapping, &repeating)).collect())
        }
    };
    Ok(Design {
        record_field: record_field
            .ok_or_else(|| Failure::refused("the project's dictionary is empty; it has no record id field"))?,
        dictionary,
        missing_codes: codes_of(&project.missing_data_codes),
        events,
        repeating_instruments: forms_repeating_in(&repeating, None),
    })
}

/// The forms that repeat by themselves in an event, or in a classic project.
fn forms_repeating_in(repeating: &[RepeatingFormEvent], event: Option<&str>) -> Vec<String> {
    let here = repeating.iter().filter(|row| row.event_name.as_deref() == event && !row.form_name.is_empty());
    here.map(|row| row.form_name.clone()).collect()
}

fn remote_event(event: Event, mapping: &[FormEventMapping], repeating: &[RepeatingFormEvent]) -> RemoteEvent {
    let name = event.unique_event_name;
    let forms = mapping.iter().filter(|mapped| mapped.unique_event_name == name).map(|mapped| mapped.form.clone());
    RemoteEvent {
        event_id: event.event_id,
        instruments: forms.collect(),
        repeating_instruments: forms_repeating_in(repeating, Some(&name)),
        // A whole repeating event names no form; a repeating form does not make its event repeat.
        repeating: repeating.iter().any(|row| row.event_name.as_ref() == Some(&name) && row.form_name.is_empty()),
        event_name: name,
        arm_num: event.arm_num,
        label: event.event_name,
        day_offset: event.day_offset,
        offset_min: event.offset_min,
        offset_max: event.offset_max,
    }
}

/// The codes of `code, label | code, label`.
fn codes_of(text: &str) -> Vec<String> {
    let code = |entry: &str| entry.split(',').next().unwrap_or_default().trim().to_owned();
    text.split('|').map(code).filter(|code| !code.is_empty()).collect()
}

/// Writes what REDCap has said; the job goes on.
async fn apply(worker: &Worker, job: &ClaimedJob, design: &Design) -> Result<EventSync, Stop> {
    let tx = worker.write().await?;
    let study = tx.lock_study(job.study).await?.ok_or_else(|| Failure::exception("the study does not exist"))?;
    let windows = tx.windows(study.id).await?;
    let plan = match &design.events {
        Some(events) => plan_event_sync(events, &windows).map_err(Failure::refused)?,
        None => plan_classic(&windows),
    };
    tx.apply_event_sync(study.id, &plan).await?;
    if let Some(surveys) = surveys_of(&study.config.redcap)? {
        tx.set_survey_instruments(study.id, &surveys).await?;
    }
    let mut config = study.config.clone();
    learn(&mut config.redcap, design);
    let changed = config_changes(&study.config, &config);
    if !changed.is_empty() {
        tx.set_study_config(study.id, &config).await?;
    }
    let problems = compare_settings(&study.config.redcap, &design.dictionary);
    let result = result_of(plan, design.events.is_none(), problems);
    let entry = |action| Entry::study(job.study, Actor::Worker, action);
    let EventSync { created, updated, retired, renamed, .. } = result;
    let synced = entry(Action::SyncEvents { study: job.study, created, updated, retired, renamed });
    let learned = (!changed.is_empty()).then(|| entry(Action::SetStudyConfig { study: job.study, changed }));
    tx.commit(Entries::of(synced, learned)).await?;
    Ok(result)
}

/// REDCap's API does not tell which instruments are surveys, so the study's configuration may; else what is stored stays.
fn surveys_of(config: &RedcapConfig) -> Result<Option<BTreeSet<String>>, Failure> {
    let Some(value) = config.extra.get(SURVEY_INSTRUMENTS) else { return Ok(None) };
    let surveys = serde_json::from_value(value.clone());
    surveys
        .map(Some)
        .map_err(|_| Failure::refused(format!("config.redcap.{SURVEY_INSTRUMENTS} must be a list of instrument names")))
}

/// Writes down what the project is like.
fn learn(config: &mut RedcapConfig, design: &Design) {
    config.redcap_record_field = Some(design.record_field.clone());
    if !design.missing_codes.is_empty() || config.extra.contains_key(MISSING_CODES) {
        config.extra.insert(MISSING_CODES.to_owned(), json!(design.missing_codes));
    }
    if !design.repeating_instruments.is_empty() || config.extra.contains_key(REPEATING_INSTRUMENTS) {
        config.extra.insert(REPEATING_INSTRUMENTS.to_owned(), json!(design.repeating_instruments));
    }
}

fn result_of(plan: EventSyncPlan, classic: bool, problems: Vec<String>) -> EventSync {
    EventSync {
        success: true,
        created: plan.create.len(),
        updated: plan.update.len(),
        retired: plan.retire.len(),
        renamed: plan.renamed.len(),
        unscheduled: plan.unscheduled,
        problems,
        message: classic.then(|| "classic project: no events to schedule".to_owned()),
        ..EventSync::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_data_codes_are_read_without_their_labels() {
        assert_eq!(codes_of("-99, Not done | UNK, Unknown, really|"), ["-99", "UNK"]);
        assert!(codes_of("").is_empty());
    }
}
