//! Records as a whole: delete and rename by the API.
//! Invariant: either all named records are deleted or none.

use super::Call;
use super::answer::{Answer, ApiError, count_of};
use super::places::unknown_record;
use super::record_parts::Part;
use crate::SimError;

/// # Errors
/// 400 when a record or a named part of it does not exist; nothing is deleted then.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let records = call.params.list("records");
    let absent: Vec<&str> = records.iter().filter(|id| !is_visible(call, id)).map(String::as_str).collect();
    if !absent.is_empty() || records.is_empty() {
        return Err(ApiError::bad(format!(
            "One or more of the records provided cannot be deleted because they do not exist in the project. The \
             following records do not exist: {}",
            absent.join(", ")
        )));
    }
    let part = Part::of(call)?;
    for id in &records {
        match &part {
            Some(part) => delete_part(call, id, part),
            None => drop(call.project.delete(id, &call.user.username, call.now)),
        }
    }
    Ok(count_of(records.len()))
}

fn delete_part(call: &mut Call<'_>, id: &str, part: &Part) {
    let Some(record) = call.project.records.get_mut(id) else { return };
    part.take(&call.project.definition, record);
    if record.rows.is_empty() {
        // The record is there, so that it can be deleted.
        let _ = call.project.delete(id, &call.user.username, call.now);
        return;
    }
    record.modified = call.now;
    let details = "Delete a part of the record".to_owned();
    call.project.note_record(call.now, &call.user.username, "Update record (API)", id, details);
}

fn is_visible(call: &Call<'_>, id: &str) -> bool {
    call.project.records.get(id).is_some_and(|record| call.user.sees(record.group.as_deref()))
}

/// # Errors
/// 400 when the record does not exist or the new name is taken.
pub(super) fn rename(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (old, new) = (call.params.get("record"), call.params.get("new_record_name").trim());
    if new.is_empty() {
        return Err(ApiError::bad("The parameter \"new_record_name\" is missing"));
    }
    if !is_visible(call, old) {
        return Err(unknown_record(old));
    }
    match call.project.rename(old, new, &call.user.username, call.now) {
        Ok(()) => Ok(Answer::Text("1".into())),
        Err(SimError::RecordExists(_)) => Err(ApiError::bad(format!("The record \"{new}\" already exists"))),
        Err(_) => Err(unknown_record(old)),
    }
}

/// `content=generateNextRecordName`.
pub(super) fn next_name(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::Text(call.project.records.next_name(call.project.group_id(&call.user))))
}
