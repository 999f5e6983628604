//! `content=dag` and `userDagMapping`: data access groups and who is confined to which.
//! Invariant: a group's unique name follows its name and is unique; nobody is left in a group that has gone.

use super::Call;
use super::answer::{Answer, ApiError, cells, count_of};
use super::sent::{SentRow, cell, read_rows};
use crate::project::definition::{Group, unique_name};
use crate::state::Project;

pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let rows = call.project.definition.groups.iter().map(|group| {
        cells([
            ("data_access_group_name", group.name.as_str().into()),
            ("unique_group_name", group.unique_name.as_str().into()),
            ("data_access_group_id", group.id.into()),
        ])
    });
    Ok(Answer::table("dags", call.params.format(), rows.collect()))
}

/// A blank unique name makes a group; a known one renames it.
///
/// # Errors
/// 400 for a group without a name, or a unique name that nobody has.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let sent = read_rows(call.params)?;
    for row in &sent {
        let (name, unique) = (cell(row, "data_access_group_name").trim(), cell(row, "unique_group_name").trim());
        if name.is_empty() {
            return Err(ApiError::bad("One of the groups has no data_access_group_name."));
        }
        if !unique.is_empty() && call.project.definition.group(unique).is_none() {
            return Err(no_group(unique));
        }
    }
    for row in &sent {
        let (name, unique) = (cell(row, "data_access_group_name").trim(), cell(row, "unique_group_name").trim());
        match call.project.definition.groups.iter().position(|group| group.unique_name == unique) {
            Some(index) => rename(call, index, name),
            None => {
                let unique_name = free_name(call.project, name, None);
                let group = Group { id: call.site.fresh_id(), name: name.to_owned(), unique_name };
                call.project.definition.groups.push(group);
            }
        }
    }
    Ok(count_of(sent.len()))
}

fn rename(call: &mut Call<'_>, index: usize, name: &str) {
    let new = free_name(call.project, name, Some(index));
    let group = &mut call.project.definition.groups[index];
    group.name = name.to_owned();
    let old = std::mem::replace(&mut group.unique_name, new.clone());
    call.project.rename_group(&old, &new);
}

/// The unique name of a group, at most 18 characters; a second one of that name gets a letter.
fn free_name(project: &Project, name: &str, own: Option<usize>) -> String {
    let base = unique_name(name);
    let mut groups = project.definition.groups.iter().enumerate().filter(|(index, _)| Some(*index) != own);
    let mut taken = |wanted: &str| groups.any(|(_, group)| group.unique_name == wanted);
    if !taken(&base) {
        return base;
    }
    let names = ('b'..='z').map(|letter| format!("{base}{letter}"));
    let free = |name: &String| project.definition.group(name).is_none();
    names.into_iter().find(free).unwrap_or(base)
}

fn no_group(unique_name: &str) -> ApiError {
    ApiError::bad(format!("The data access group '{unique_name}' does not exist in the project."))
}

/// # Errors
/// 400 for a group that does not exist; nothing is deleted then.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let names = call.params.list("dags");
    if names.is_empty() {
        return Err(ApiError::bad("The parameter \"dags\" is missing or empty"));
    }
    if let Some(unknown) = names.iter().find(|name| call.project.definition.group(name).is_none()) {
        return Err(no_group(unknown));
    }
    for name in &names {
        call.project.remove_group(name);
    }
    Ok(count_of(names.len()))
}

/// Moves the caller into another group. REDCap lets people switch between the groups they are assigned to; the API
/// cannot assign several, so here everybody may switch to every group of the project.
///
/// # Errors
/// 400 for a group that does not exist.
pub(super) fn switch(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let wanted = call.params.get("dag").trim();
    if call.project.definition.group(wanted).is_none() {
        return Err(no_group(wanted));
    }
    if let Some(person) = call.project.person(&call.user.username) {
        person.dag = Some(wanted.to_owned());
    }
    Ok(Answer::Text("1".into()))
}

pub(super) fn export_people(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let rows = call.project.users.iter().map(|person| {
        cells([
            ("username", person.username.as_str().into()),
            ("redcap_data_access_group", person.dag.as_deref().unwrap_or("").into()),
        ])
    });
    Ok(Answer::table("items", call.params.format(), rows.collect()))
}

/// A blank group frees the person.
///
/// # Errors
/// 400 for a person or group that does not exist.
pub(super) fn import_people(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let sent = read_rows(call.params)?;
    let names = |row: &SentRow| {
        (cell(row, "username").trim().to_owned(), cell(row, "redcap_data_access_group").trim().to_owned())
    };
    for (username, group) in sent.iter().map(names) {
        if call.project.person(&username).is_none() {
            return Err(ApiError::bad(format!("The user '{username}' does not exist in the project.")));
        }
        if !group.is_empty() && call.project.definition.group(&group).is_none() {
            return Err(no_group(&group));
        }
    }
    for (username, group) in sent.iter().map(names) {
        if let Some(person) = call.project.person(&username) {
            person.dag = Some(group).filter(|group| !group.is_empty());
        }
    }
    Ok(count_of(sent.len()))
}
