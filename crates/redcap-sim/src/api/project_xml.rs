//! `content=project_xml`, and records as `format=odm`: the project in the form from which it can be made again.
//! Invariant: the file holds what the caller may see and no more.

use super::Call;
use super::answer::{Answer, ApiError};
use super::export::wanted_records;
use super::export_request::ExportRequest;
use crate::project::{OdmContents, OdmOptions, write};

/// # Errors
/// 400 for an event that does not exist, or a filter that is not understood.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let params = call.params;
    let request = ExportRequest::of_params(call)?;
    let seen = wanted_records(call, &request)?;
    let contents = OdmContents {
        roles: &call.project.roles,
        records: (!params.flag("returnMetadataOnly")).then(|| seen.iter().map(|(id, record)| (*id, record)).collect()),
        options: OdmOptions {
            survey_times: params.flag("exportSurveyFields"),
            groups: params.flag("exportDataAccessGroups"),
            files: params.flag("exportFiles"),
        },
        time: call.server_time(call.now).replace(' ', "T"),
        version: call.version,
    };
    Ok(Answer::Body { format: super::answer::Format::Xml, body: write(&call.project.definition, &contents) })
}
