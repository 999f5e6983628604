//! `content=report`: the rows of a report that came with the project's file.
//! Invariant: a report is named by its place in the project, from 1, or by its unique name.

use super::Call;
use super::answer::{Answer, ApiError};
use super::export::rows_of;
use super::export_request::ExportRequest;

/// # Errors
/// 400 for a report that does not exist.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let wanted = call.params.get("report_id").trim();
    let reports = call.project.definition.reports.iter().enumerate();
    let mut named = reports.filter(|(index, report)| {
        (index + 1).to_string() == wanted || (!wanted.is_empty() && report.attr("unique_report_name") == wanted)
    });
    let Some((_, report)) = named.next() else {
        return Err(ApiError::bad(format!("The report_id \"{wanted}\" does not exist in the project")));
    };
    rows_of(call, &ExportRequest::of_report(call, report)?)
}
