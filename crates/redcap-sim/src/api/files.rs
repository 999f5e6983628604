//! `content=file`: the document of one file field.
//! Invariant: a document belongs to one field of one row; records are exported with its name, EAV with its number.

use super::Call;
use super::answer::{Answer, ApiError};
use super::places::Whereabouts;
use crate::project::field::Kind;
use crate::state::document::{Bytes, Document};

/// # Errors
/// 400 for a record, event, instance or field that does not exist, or one that holds no file.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let field = file_field(call)?;
    let at = Whereabouts::of_field(call, &field)?;
    let row = call.project.records.get(&at.record).and_then(|record| record.rows.get(&at.place));
    let document = row.and_then(|row| row.files.get(&field)).ok_or_else(|| no_file(&field, &at.record))?;
    Ok(Answer::File { name: document.name.clone(), bytes: document.bytes.0.clone() })
}

fn no_file(field: &str, record: &str) -> ApiError {
    ApiError::bad(format!("There is no file to download for the field '{field}' of the record '{record}'"))
}

/// # Errors
/// 400 as for an export, or without a file.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let field = file_field(call)?;
    let at = Whereabouts::of_field(call, &field)?;
    let Some(sent) = call.params.file() else {
        return Err(ApiError::bad("No valid file was uploaded"));
    };
    let document = Document { id: call.site.fresh_id(), name: sent.name.clone(), bytes: Bytes(sent.bytes.clone()) };
    change(call, &at, &field, Some(document))
}

/// # Errors
/// 400 as for an export.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let field = file_field(call)?;
    let at = Whereabouts::of_field(call, &field)?;
    let row = call.project.records.get(&at.record).and_then(|record| record.rows.get(&at.place));
    if row.is_none_or(|row| !row.files.contains_key(&field)) {
        return Err(no_file(&field, &at.record));
    }
    change(call, &at, &field, None)
}

fn change(call: &mut Call<'_>, at: &Whereabouts, field: &str, document: Option<Document>) -> Result<Answer, ApiError> {
    let details = match &document {
        Some(document) => format!("{field} = '{}'", document.id),
        None => format!("{field} = ''"),
    };
    let Some(record) = call.project.records.get_mut(&at.record) else { return Err(at.unknown_record()) };
    record.modified = call.now;
    record.rows.entry(at.place.clone()).or_default().set_file(field, document);
    call.project.note_record(call.now, &call.user.username, "Update record (API)", &at.record, details);
    Ok(Answer::Text(String::new()))
}

fn file_field(call: &Call<'_>) -> Result<String, ApiError> {
    let name = call.params.get("field");
    let field = call.project.definition.field(name).filter(|field| field.kind == Kind::File);
    let refused = || ApiError::bad(format!("The field '{name}' does not exist or is not a 'file' field"));
    field.map(|field| field.name.clone()).ok_or_else(refused)
}
