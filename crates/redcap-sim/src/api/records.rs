//! Records as a whole: delete and rename by the API.
//! Invariant: either all named records are deleted or none.

use super::Call;
use super::answer::{Answer, ApiError};
use crate::SimError;

/// # Errors
/// 400 when a record does not exist or only a part of it is meant.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    if ["instrument", "event", "arm", "repeat_instance"].iter().any(|part| !call.params.get(part).is_empty()) {
        return Err(ApiError::bad("The simulated server deletes whole records only"));
    }
    let records = call.params.list("records");
    let absent: Vec<&str> =
        records.iter().filter(|id| !call.project.records.contains(id)).map(String::as_str).collect();
    if !absent.is_empty() || records.is_empty() {
        return Err(ApiError::bad(format!(
            "One or more of the records provided cannot be deleted because they do not exist in the project. The \
             following records do not exist: {}",
            absent.join(", ")
        )));
    }
    let gone = records.iter().filter(|id| call.project.delete(id, &call.user.username, call.now).is_ok()).count();
    Ok(Answer::Text(gone.to_string()))
}

/// # Errors
/// 400 when the record does not exist or the new name is taken.
pub(super) fn rename(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (old, new) = (call.params.get("record"), call.params.get("new_record_name").trim());
    if new.is_empty() {
        return Err(ApiError::bad("The parameter \"new_record_name\" is missing"));
    }
    match call.project.rename(old, new, &call.user.username, call.now) {
        Ok(()) => Ok(Answer::Text("1".into())),
        Err(SimError::RecordExists(_)) => Err(ApiError::bad(format!("The record \"{new}\" already exists"))),
        Err(_) => Err(ApiError::bad(format!("The record \"{old}\" does not exist"))),
    }
}

/// `content=generateNextRecordName`.
pub(super) fn next_name(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::Text(call.project.records.next_name(call.project.group_id(&call.user))))
}
