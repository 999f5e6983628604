//! `content=userRole` and `userRoleMapping`: named sets of rights, and who has which.
//! Invariant: a role's unique name is given once and never changes; nobody is left with a role that has gone.

use serde_json::Value;

use super::Call;
use super::answer::{Answer, ApiError, Cells, cells, count_of};
use super::levels::{form_levels, read_levels};
use super::sent::{cell, given, read_rows};
use crate::ambient::new_token;
use crate::state::Project;
use crate::state::people::{RIGHTS, Rights, Role};

pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let rows = call.project.roles.iter().map(|role| row(call.project, role));
    Ok(Answer::table("items", call.params.format(), rows.collect()))
}

fn row(project: &Project, role: &Role) -> Cells {
    let head = [("unique_role_name", role.unique_name.as_str()), ("role_label", role.label.as_str())];
    let mut row = cells(head.map(|(name, text)| (name, Value::from(text))));
    row.extend(cells(RIGHTS.map(|right| (right, role.rights.level(right).to_string().into()))));
    row.extend(form_levels(&project.definition, &role.rights));
    row
}

/// A blank unique name makes a role; a known one changes it.
///
/// # Errors
/// 400 for a role without a label, an unknown unique name or form, or a level that is no number.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let sent = read_rows(call.params)?;
    let mut roles = call.project.roles.clone();
    for row in &sent {
        let (unique, label) = (cell(row, "unique_role_name").trim(), cell(row, "role_label").trim());
        let index = match roles.iter().position(|role| role.unique_name == unique) {
            Some(index) => index,
            None if !unique.is_empty() => return Err(no_role(unique)),
            None => {
                let unique_name = format!("U-{}", &new_token()[..10]);
                roles.push(Role { unique_name, label: String::new(), rights: Rights::default() });
                roles.len() - 1
            }
        };
        if label.is_empty() {
            return Err(ApiError::bad("One of the roles has no role_label."));
        }
        label.clone_into(&mut roles[index].label);
        read_levels(&call.project.definition, row, &mut roles[index].rights)?;
    }
    call.project.roles = roles;
    Ok(count_of(sent.len()))
}

fn no_role(unique_name: &str) -> ApiError {
    ApiError::bad(format!("The user role '{unique_name}' does not exist in the project."))
}

/// # Errors
/// 400 for a role that does not exist; nothing is deleted then.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let names = call.params.list("roles");
    if names.is_empty() {
        return Err(ApiError::bad("The parameter \"roles\" is missing or empty"));
    }
    if let Some(unknown) = names.iter().find(|name| call.project.role(name).is_none()) {
        return Err(no_role(unknown));
    }
    call.project.roles.retain(|role| !names.contains(&role.unique_name));
    for person in &mut call.project.users {
        person.role.take_if(|role| names.contains(role));
    }
    Ok(count_of(names.len()))
}

pub(super) fn export_people(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let rows = call.project.users.iter().map(|person| {
        cells([
            ("username", person.username.as_str().into()),
            ("unique_role_name", person.role.as_deref().unwrap_or("").into()),
            ("data_access_group", person.dag.as_deref().unwrap_or("").into()),
        ])
    });
    Ok(Answer::table("items", call.params.format(), rows.collect()))
}

/// A blank role takes it away; a group is changed only where the column is sent.
///
/// # Errors
/// 400 for a person, role or group that does not exist; nothing is changed then.
pub(super) fn import_people(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let sent = read_rows(call.params)?;
    let mut people = call.project.users.clone();
    for row in &sent {
        let (username, role) = (cell(row, "username").trim(), cell(row, "unique_role_name").trim());
        let Some(person) = people.iter_mut().find(|person| person.username == username) else {
            return Err(ApiError::bad(format!("The user '{username}' does not exist in the project.")));
        };
        if !role.is_empty() && call.project.role(role).is_none() {
            return Err(no_role(role));
        }
        person.role = Some(role.to_owned()).filter(|role| !role.is_empty());
        if let Some(group) = given(row, "data_access_group").map(str::trim) {
            if !group.is_empty() && call.project.definition.group(group).is_none() {
                return Err(ApiError::bad(format!("The data access group '{group}' does not exist in the project.")));
            }
            person.dag = Some(group.to_owned()).filter(|group| !group.is_empty());
        }
    }
    call.project.users = people;
    Ok(count_of(sent.len()))
}
