//! The operations that change a REDCap project or enrol what is in it (guarantee 16): previewed, then ordered with what the
//! preview told.
//!
//! Invariant: nothing is ordered without the digest of a preview; who ordered it is recorded with the order.

mod bodies;
mod parts;
mod shown;

use axum::response::Response;
use metricis_core::operation::{ProjectDesign, parse_dictionary};
use metricis_store::{JobKind, Tx};

use super::super::jobs::JobsUnderWay;
use super::calls::order_and_wait;
use crate::extract::{Body, Call, StudyAdmin};
use crate::problem::{Problem, Refusals};
use bodies::{FormToDelete, NewDictionary, NewProject, RecordsToImport, named_records, order_of};
pub(in crate::routes) use shown::{DictionaryPushShown, FormDeletionShown, ParticipantImportShown, ProjectInitShown};

/// Gives REDCap another data dictionary. The preview tells what changes and how many records hold what would go; a
/// dictionary without what the study's settings name is refused.
#[utoipa::path(post, path = "/api/studies/{study_id}/redcap/push-dictionary", tag = "redcap",
    params(("study_id" = Uuid, Path)), request_body = NewDictionary, security(("token" = [])),
    responses((status = 200, body = DictionaryPushShown), (status = 202, body = JobsUnderWay), Refusals))]
pub(super) async fn push_dictionary(
    call: Call<StudyAdmin, Tx>,
    Body(given): Body<NewDictionary>,
) -> Result<Response, Problem> {
    let order = order_of(given.dry_run, given.expected_digest)?;
    let fields = parse_dictionary(&given.dictionary).map_err(|refusal| Problem::Invalid(refusal.to_string()))?;
    let kind = JobKind::PushDictionary { dictionary: given.dictionary, order };
    order_and_wait(call, kind, fields.len(), DictionaryPushShown::of).await
}

/// Sets an empty REDCap project up, in development: from a design, or from what the study's settings name.
#[utoipa::path(post, path = "/api/studies/{study_id}/redcap/init-project", tag = "redcap",
    params(("study_id" = Uuid, Path)), request_body = NewProject, security(("token" = [])),
    responses((status = 200, body = ProjectInitShown), (status = 202, body = JobsUnderWay), Refusals))]
pub(super) async fn init_project(
    call: Call<StudyAdmin, Tx>,
    Body(given): Body<NewProject>,
) -> Result<Response, Problem> {
    let order = order_of(given.dry_run, given.expected_digest)?;
    let design = given.design.map(Into::into);
    let read = design.as_ref().map(ProjectDesign::read).transpose();
    let read = read.map_err(|refusal| Problem::Invalid(refusal.to_string()))?;
    let fields = read.map_or(0, |design| design.dictionary.len());
    order_and_wait(call, JobKind::InitProject { design, order }, fields, ProjectInitShown::of).await
}

/// Takes an instrument out of the REDCap project, with everything that records hold in it.
#[utoipa::path(post, path = "/api/studies/{study_id}/redcap/delete-form", tag = "redcap",
    params(("study_id" = Uuid, Path)), request_body = FormToDelete, security(("token" = [])),
    responses((status = 200, body = FormDeletionShown), (status = 202, body = JobsUnderWay), Refusals))]
pub(super) async fn delete_form(
    call: Call<StudyAdmin, Tx>,
    Body(given): Body<FormToDelete>,
) -> Result<Response, Problem> {
    let order = order_of(given.dry_run, given.expected_digest)?;
    let form = given.form.trim().to_owned();
    if form.is_empty() || form.len() > 100 {
        return Err(Problem::Invalid("form must name an instrument (1 to 100 characters)".to_owned()));
    }
    order_and_wait(call, JobKind::DeleteForm { form, order }, 1, FormDeletionShown::of).await
}

/// Enrols records that REDCap has already: all whose enrolment instrument is complete, or those named.
#[utoipa::path(post, path = "/api/studies/{study_id}/redcap/import-participants", tag = "redcap",
    params(("study_id" = Uuid, Path)), request_body = RecordsToImport, security(("token" = [])),
    responses((status = 200, body = ParticipantImportShown), (status = 202, body = JobsUnderWay), Refusals))]
pub(super) async fn import_participants(
    call: Call<StudyAdmin, Tx>,
    Body(given): Body<RecordsToImport>,
) -> Result<Response, Problem> {
    let order = order_of(given.dry_run, given.expected_digest)?;
    let records = given.records.map(named_records).transpose()?;
    let named = records.as_ref().map_or(0, Vec::len);
    order_and_wait(call, JobKind::ImportParticipants { records, order }, named, ParticipantImportShown::of).await
}
