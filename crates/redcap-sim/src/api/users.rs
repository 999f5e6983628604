//! `content=user`: the people of the project and their rights.
//! Invariant: a level that is not sent stays; a group that is not sent is taken away, as REDCap does.

use super::Call;
use super::answer::{Answer, ApiError, Cells, cells, count_of};
use super::levels::{form_levels, read_levels};
use super::sent::{SentRow, cell, given, read_rows};
use crate::state::Project;
use crate::state::people::{Person, RIGHTS};

pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let rows = call.project.users.iter().map(|person| row(call.project, person));
    Ok(Answer::table("users", call.params.format(), rows.collect()))
}

/// Levels are numbers here; the role export writes them as texts.
fn row(project: &Project, person: &Person) -> Cells {
    let group = person.dag.as_deref().and_then(|dag| project.definition.group(dag));
    let rights = project.rights(person);
    let mut row = cells([
        ("username", person.username.as_str().into()),
        ("email", person.email.as_str().into()),
        ("firstname", person.firstname.as_str().into()),
        ("lastname", person.lastname.as_str().into()),
        ("expiration", person.expiration.as_str().into()),
        ("data_access_group", group.map_or("", |group| &group.unique_name).into()),
        ("data_access_group_id", group.map_or("".into(), |group| group.id.into())),
        ("data_access_group_label", group.map_or("", |group| &group.name).into()),
    ]);
    // The last three come in another order than in the export of roles.
    let (most, locks) = RIGHTS.split_at(RIGHTS.len() - 3);
    let ordered = most.iter().chain(locks.iter().rev());
    row.extend(cells(ordered.map(|right| (*right, rights.level(right).into()))));
    row.extend(form_levels(&project.definition, &rights));
    row
}

/// # Errors
/// 400 for a row without a username, an unknown group or form, or a level that is no number; nothing is changed then.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let sent = read_rows(call.params)?;
    let mut people = Vec::new();
    for row in &sent {
        people.push(person(call.project, row)?);
    }
    for person in people {
        match call.project.person(&person.username) {
            Some(known) => *known = person,
            None => call.project.users.push(person),
        }
    }
    Ok(count_of(sent.len()))
}

fn person(project: &Project, row: &SentRow) -> Result<Person, ApiError> {
    let username = cell(row, "username").trim();
    if username.is_empty() {
        return Err(ApiError::bad("One of the users has no username."));
    }
    let known = project.users.iter().find(|person| person.username == username).cloned();
    let mut person = known.unwrap_or_else(|| Person::named(username));
    for (column, text) in [
        ("email", &mut person.email),
        ("firstname", &mut person.firstname),
        ("lastname", &mut person.lastname),
        ("expiration", &mut person.expiration),
    ] {
        if let Some(sent) = given(row, column) {
            sent.clone_into(text);
        }
    }
    person.dag = match cell(row, "data_access_group").trim() {
        "" => None,
        group if project.definition.group(group).is_some() => Some(group.to_owned()),
        group => {
            return Err(ApiError::bad(format!("The data access group '{group}' does not exist in the project.")));
        }
    };
    read_levels(&project.definition, row, &mut person.rights)?;
    Ok(person)
}

/// # Errors
/// 400 for a person the project does not have; nobody is deleted then.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let names = call.params.list("users");
    if names.is_empty() {
        return Err(ApiError::bad("The parameter \"users\" is missing or empty"));
    }
    if let Some(unknown) = names.iter().find(|name| call.project.users.iter().all(|person| person.username != **name)) {
        return Err(ApiError::bad(format!("The user '{unknown}' does not exist in the project.")));
    }
    call.project.users.retain(|person| !names.contains(&person.username));
    Ok(count_of(names.len()))
}
