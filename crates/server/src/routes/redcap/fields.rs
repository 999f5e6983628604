//! Which REDCap fields mean what (checklist §4.4). What is not given stays as it is.

use std::collections::BTreeMap;

use axum::Json;
use metricis_core::action::Action;
use metricis_core::enrolment::field_mapping_problems;
use metricis_core::study::{RecordIdField, RedcapConfig, SURVEY_INSTRUMENTS, config_changes};
use metricis_store::Tx;
use utoipa::ToSchema;

use super::{RedcapShown, TaskFields};
use crate::extract::{Body, Call, StudyAdmin};
use crate::problem::{Answer, Problem, Refusals};

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RedcapSettings {
    /// `participant_code`, or `external_id` when the record id is not the participant's code.
    #[schema(schema_with = crate::schema::record_id_field)]
    record_id_field: Option<RecordIdField>,
    /// The REDCap field that carries the enrolment or baseline date.
    anchor_date_field: Option<String>,
    /// The instrument whose completion enrols.
    enrollment_instrument: Option<String>,
    /// REDCap field → `participant_code`, `enrollment_date`, `arm` or `time_zone`.
    participant_field_mapping: Option<BTreeMap<String, String>>,
    /// Task → `{instrument, fields}`: result → REDCap field.
    redcap_field_mapping: Option<BTreeMap<String, TaskFields>>,
    /// Instruments that are REDCap surveys: they become participants' tasks at once, their links as soon as REDCap gives them.
    survey_instruments: Option<Vec<String>>,
    /// The `settings_digest` that this change was made from; other settings than those are a conflict.
    expected_digest: Option<String>,
}

/// Changes the mappings that are given.
#[utoipa::path(put, path = "/api/studies/{study_id}/redcap/settings", tag = "redcap",
    params(("study_id" = Uuid, Path)), request_body = RedcapSettings, security(("token" = [])),
    responses((status = 200, body = RedcapShown), Refusals))]
pub(super) async fn set_redcap_settings(
    call: Call<StudyAdmin, Tx>,
    Body(given): Body<RedcapSettings>,
) -> Answer<RedcapShown> {
    let mut study = call.lock_study().await?;
    if given.expected_digest.as_ref().is_some_and(|read| *read != study.config.redcap.settings_digest()) {
        return Err(Problem::Conflict("somebody else has changed these settings since they were read".to_owned()));
    }
    let before = study.config.clone();
    apply(&mut study.config.redcap, given)?;
    let changed = config_changes(&before, &study.config);
    if changed.is_empty() {
        return Ok(Json(RedcapShown::of(&study.config.redcap, &call.app)));
    }
    call.tx.set_study_config(study.id, &study.config).await?;
    if let Some(surveys) = study.config.redcap.survey_instruments() {
        call.tx.set_survey_instruments(study.id, &surveys).await?;
        call.tx.ask_survey_links(study.id).await?;
    }
    let app = call.commit(Action::SetStudyConfig { study: study.id, changed }).await?;
    app.wake_worker();
    Ok(Json(RedcapShown::of(&study.config.redcap, &app)))
}

/// Writes what is given.
fn apply(redcap: &mut RedcapConfig, given: RedcapSettings) -> Result<(), Problem> {
    let check_mapping = given.participant_field_mapping.is_some() || given.anchor_date_field.is_some();
    if let Some(field) = given.record_id_field {
        redcap.record_id_field = field;
    }
    if let Some(field) = given.anchor_date_field {
        redcap.anchor_date_field = Some(named("anchor_date_field", field)?);
    }
    if let Some(instrument) = given.enrollment_instrument {
        redcap.enrollment_instrument = Some(named("enrollment_instrument", instrument)?);
    }
    if let Some(mapping) = given.participant_field_mapping {
        redcap.participant_field_mapping = Some(mapping);
    }
    let problems = if check_mapping { field_mapping_problems(redcap) } else { vec![] };
    if !problems.is_empty() {
        return Err(Problem::Invalid(problems.join("; ")));
    }
    if let Some(mapping) = given.redcap_field_mapping {
        refuse_tasks(&mapping)?;
        redcap.redcap_field_mapping = mapping.into_iter().map(|(task, to)| (task, to.into())).collect();
    }
    if let Some(surveys) = given.survey_instruments {
        let names: Result<Vec<String>, Problem> =
            surveys.into_iter().map(|name| named("survey_instruments", name)).collect();
        redcap.extra.insert(SURVEY_INSTRUMENTS.to_owned(), names?.into());
    }
    Ok(())
}

fn refuse_tasks(mapping: &BTreeMap<String, TaskFields>) -> Result<(), Problem> {
    for (task, to) in mapping {
        if task.trim().is_empty() || task.len() > 64 {
            return Err(Problem::Invalid("a task's name has 1 to 64 characters".to_owned()));
        }
        if to.instrument.trim().is_empty() || to.fields.is_empty() {
            let needs = format!("redcap_field_mapping.{task} needs an instrument and at least one field");
            return Err(Problem::Invalid(needs));
        }
    }
    Ok(())
}

fn named(key: &str, value: String) -> Result<String, Problem> {
    let value = value.trim().to_owned();
    if value.is_empty() || value.len() > 100 {
        return Err(Problem::Invalid(format!("{key} must name something in REDCap (1 to 100 characters)")));
    }
    Ok(value)
}
