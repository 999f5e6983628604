//! Asks REDCap who it is, which project the token belongs to, and whether that project has what the settings name.

use metricis_core::answer::ConnectionTest;
use metricis_core::enrolment::{DictionaryField, compare_settings};
use metricis_redcap::wire::{Field, ProjectInfo};
use metricis_store::{ClaimedJob, StoredStudy};
use serde_json::json;

use super::{finish_job, read_study};
use crate::connection::connect;
use crate::failure::Failure;
use crate::worker::Worker;

/// The job's result is a [`ConnectionTest`]; with problems it is no success.
///
/// # Errors
/// The call's, or a token of another project.
pub(super) async fn test_connection(worker: &Worker, job: &ClaimedJob) -> Result<(), Failure> {
    let study = read_study(worker, job.study).await?;
    let redcap = connect(worker, &study)?;
    let version = worker.gate.read(&redcap, |reader| async move { reader.version().await }).await?;
    let project = worker.gate.read(&redcap, |reader| async move { reader.project_info().await }).await?;
    check_project(&study, &project)?;
    let fields = worker.gate.read(&redcap, |reader| async move { reader.metadata().await }).await?;
    let problems = compare_settings(&study.config.redcap, &dictionary_of(&fields));
    let found = ConnectionTest {
        success: problems.is_empty(),
        problems,
        version: Some(version),
        project_id: Some(project.project_id),
        project_title: Some(project.project_title),
        is_longitudinal: Some(project.is_longitudinal),
    };
    finish_job(worker, job, json!(found)).await
}

/// The part of the dictionary that settings refer to.
pub(super) fn dictionary_of(fields: &[Field]) -> Vec<DictionaryField> {
    let known =
        |field: &Field| DictionaryField { field: field.field_name.clone(), instrument: field.form_name.clone() };
    fields.iter().map(known).collect()
}

/// A token decides alone which project answers: one of another project would bring us its events and records.
///
/// # Errors
/// The two projects.
pub(super) fn check_project(study: &StoredStudy, project: &ProjectInfo) -> Result<(), Failure> {
    let configured = study.config.redcap.project_id.as_deref().unwrap_or_default();
    if configured == project.project_id.to_string() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "the API token belongs to REDCap's project {}, the study is set to project {configured:?}; correct one of them",
        project.project_id
    )))
}
