//! `content=fileRepository`: folders and documents of the project.
//! Invariant: a folder that is kept for a group or role is, for everybody else, one that does not exist.

use super::Call;
use super::answer::{Answer, ApiError, cells};
use super::places::not_valid;
use crate::state::document::{Bytes, Document, Folder};

/// # Errors
/// 400 for a folder that the caller does not see.
pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let at = folder(call)?;
    let repository = &call.project.repository;
    let folders = repository.folders.iter().filter(|folder| folder.parent == at && sees(call, folder));
    let folders = folders.map(|folder| cells([("folder_id", folder.id.into()), ("name", folder.name.as_str().into())]));
    let documents = repository.documents.iter().filter(|(parent, _)| *parent == at);
    let documents = documents.map(|(_, doc)| cells([("doc_id", doc.id.into()), ("name", doc.name.as_str().into())]));
    let mut rows: Vec<_> = folders.chain(documents).collect();
    if call.params.format() != super::answer::Format::Json {
        // One table has one set of columns.
        for row in &mut rows {
            let id = |name: &str| row.get(name).cloned().unwrap_or_else(|| "".into());
            *row = cells([("folder_id", id("folder_id")), ("doc_id", id("doc_id")), ("name", id("name"))]);
        }
    }
    Ok(Answer::table("items", call.params.format(), rows))
}

/// # Errors
/// 400 without a name, or in a folder that the caller does not see.
pub(super) fn create_folder(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let parent = folder(call)?;
    let name = call.params.get("name").trim();
    if name.is_empty() {
        return Err(ApiError::bad("The parameter \"name\" is missing or empty"));
    }
    let group = match call.params.get("dag_id").trim() {
        "" => None,
        text => {
            let known = call.project.definition.groups.iter().find(|group| group.id.to_string() == text);
            Some(known.ok_or_else(|| not_valid("dag_id"))?.id)
        }
    };
    let role = Some(call.params.get("role_id").trim().to_owned()).filter(|role| !role.is_empty());
    let id = call.site.fresh_id();
    call.project.repository.folders.push(Folder { id, name: name.to_owned(), parent, group, role });
    Ok(Answer::table("items", call.params.format(), vec![cells([("folder_id", id.into())])]))
}

/// # Errors
/// 400 for a document that the caller does not see.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let index = document(call)?;
    let (_, document) = &call.project.repository.documents[index];
    Ok(Answer::File { name: document.name.clone(), bytes: document.bytes.0.clone() })
}

/// # Errors
/// 400 without a file, or in a folder that the caller does not see.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let at = folder(call)?;
    let Some(sent) = call.params.file() else {
        return Err(ApiError::bad("No valid file was uploaded"));
    };
    let document = Document { id: call.site.fresh_id(), name: sent.name.clone(), bytes: Bytes(sent.bytes.clone()) };
    call.project.repository.documents.push((at, document));
    Ok(Answer::Text(String::new()))
}

/// # Errors
/// 400 for a document that the caller does not see.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let index = document(call)?;
    call.project.repository.documents.remove(index);
    Ok(Answer::Text(String::new()))
}

fn document(call: &Call<'_>) -> Result<usize, ApiError> {
    let wanted = call.params.get("doc_id").trim();
    let repository = &call.project.repository;
    let open = |folder: Option<u32>| folder.is_none_or(|id| reachable(call, id));
    let found = repository.documents.iter().position(|(folder, doc)| doc.id.to_string() == wanted && open(*folder));
    found.ok_or_else(|| {
        ApiError::bad(format!(
            "The File Repository file doc_id={wanted} does not exist or else you do not have permission to that file \
             because it is stored in a folder that is DAG-restricted or Role-restricted."
        ))
    })
}

/// The folder that `folder_id` names; `None` is the top.
fn folder(call: &Call<'_>) -> Result<Option<u32>, ApiError> {
    let wanted = call.params.get("folder_id").trim();
    if wanted.is_empty() {
        return Ok(None);
    }
    let found = wanted.parse().ok().filter(|id| reachable(call, *id));
    found.map(Some).ok_or_else(|| {
        ApiError::bad(format!(
            "The File Repository folder folder_id={wanted} does not exist or else you do not have permission to that \
             folder because it is DAG-restricted or Role-restricted."
        ))
    })
}

/// Whether the folder and all that it is in are open to the caller.
fn reachable(call: &Call<'_>, id: u32) -> bool {
    let folders = &call.project.repository.folders;
    let mut next = Some(id);
    while let Some(id) = next {
        let Some(folder) = folders.iter().find(|folder| folder.id == id && sees(call, folder)) else { return false };
        next = folder.parent;
    }
    true
}

fn sees(call: &Call<'_>, folder: &Folder) -> bool {
    let own = call.project.group_id(&call.user);
    let in_group = folder.group.is_none() || own.is_none() || folder.group == own;
    let in_role = folder.role.is_none() || call.user.role.is_none() || folder.role == call.user.role;
    in_group && in_role
}
