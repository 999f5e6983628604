//! Which REDCap fields mean what (checklist §4.4). What is not given stays as it is.

use std::collections::BTreeMap;

use axum::Json;
use metricis_core::action::Action;
use metricis_core::study::{RecordIdField, RedcapConfig, TaskMapping};
use metricis_store::Tx;
use utoipa::ToSchema;

use super::RedcapShown;
use crate::extract::{Body, Call, StudyAdmin};
use crate::problem::{Answer, Problem, Refusals};

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RedcapSettings {
    /// `participant_code`, or `external_id` when the record id is not the participant's code.
    #[schema(value_type = Option<String>)]
    record_id_field: Option<RecordIdField>,
    /// The REDCap field that carries the enrolment or baseline date.
    anchor_date_field: Option<String>,
    /// The instrument whose completion enrols.
    enrollment_instrument: Option<String>,
    /// REDCap field → `participant_code`, `enrollment_date`, `arm` or `time_zone`.
    participant_field_mapping: Option<BTreeMap<String, String>>,
    /// Task → `{instrument, fields}`: result → REDCap field.
    #[schema(value_type = Option<Object>)]
    redcap_field_mapping: Option<BTreeMap<String, TaskMapping>>,
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
    let changed = apply(&mut study.config.redcap, given)?;
    if changed.is_empty() {
        return Ok(Json(RedcapShown::of(&study.config.redcap, &call.app)?));
    }
    call.tx.set_study_config(study.id, &study.config).await?;
    let app = call.commit(Action::SetStudyConfig { study: study.id, changed }).await?;
    Ok(Json(RedcapShown::of(&study.config.redcap, &app)?))
}

/// Writes what is given; the keys that changed, for the audit log.
fn apply(redcap: &mut RedcapConfig, given: RedcapSettings) -> Result<Vec<String>, Problem> {
    let mut changed = vec![];
    let mut note = |name: &str, differs: bool| {
        if differs {
            changed.push(format!("redcap.{name}"));
        }
    };
    if let Some(field) = given.record_id_field {
        note("record_id_field", redcap.record_id_field != field);
        redcap.record_id_field = field;
    }
    if let Some(field) = given.anchor_date_field {
        let field = named("anchor_date_field", field)?;
        note("anchor_date_field", redcap.anchor_date_field != Some(field.clone()));
        redcap.anchor_date_field = Some(field);
    }
    if let Some(instrument) = given.enrollment_instrument {
        let instrument = named("enrollment_instrument", instrument)?;
        note("enrollment_instrument", redcap.enrollment_instrument != Some(instrument.clone()));
        redcap.enrollment_instrument = Some(instrument);
    }
    if let Some(mapping) = given.participant_field_mapping {
        note("participant_field_mapping", redcap.participant_field_mapping != Some(mapping.clone()));
        redcap.participant_field_mapping = Some(mapping);
    }
    if let Some(mapping) = given.redcap_field_mapping {
        refuse_tasks(&mapping)?;
        note("redcap_field_mapping", redcap.redcap_field_mapping != mapping);
        redcap.redcap_field_mapping = mapping;
    }
    Ok(changed)
}

fn refuse_tasks(mapping: &BTreeMap<String, TaskMapping>) -> Result<(), Problem> {
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
