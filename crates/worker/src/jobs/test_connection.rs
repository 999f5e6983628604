//! Asks REDCap who it is and which project the token belongs to.

use metricis_redcap::wire::ProjectInfo;
use metricis_store::{ClaimedJob, StoredStudy};
use serde_json::json;

use super::{finish_job, read_study};
use crate::connection::connect;
use crate::failure::Failure;
use crate::worker::Worker;

/// The job's result is `{version, project_id, project_title, is_longitudinal}`.
///
/// # Errors
/// The call's, or a token of another project.
pub(super) async fn test_connection(worker: &Worker, job: &ClaimedJob) -> Result<(), Failure> {
    let study = read_study(worker, job.study).await?;
    let redcap = connect(worker, &study)?;
    let version = worker.gate.call(&redcap, |client| async move { client.version().await }).await?;
    let project = worker.gate.call(&redcap, |client| async move { client.project_info().await }).await?;
    check_project(&study, &project)?;
    let result = json!({
        "version": version,
        "project_id": project.project_id,
        "project_title": project.project_title,
        "is_longitudinal": project.is_longitudinal,
    });
    finish_job(worker, job, result).await
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
