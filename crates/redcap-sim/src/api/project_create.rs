//! `content=project` with a super token: a new project, from REDCap's project XML or empty.
//! Invariant: a project is made whole or not at all; the answer is its creator's token and nothing else.

use super::answer::{Answer, ApiError};
use super::params::Params;
use super::sent::{cell, read_rows};
use crate::project::{Loaded, OdmError, empty, load};
use crate::sim::{ProjectHandle, ProjectOptions};
use crate::state::World;

/// What REDCap asks of a project's purpose: 0 practice, 1 other, 2 research, 3 quality, 4 operational.
const PURPOSES: [&str; 5] = ["0", "1", "2", "3", "4"];

/// # Errors
/// 400 without a title or with an unknown purpose, and when the file is no project.
pub(super) fn create(world: &mut World, params: &Params) -> Result<Answer, ApiError> {
    let rows = read_rows(params)?;
    let Some(row) = rows.first() else {
        return Err(ApiError::bad("The data being imported hold no project"));
    };
    let (title, purpose) = (cell(row, "project_title").trim(), cell(row, "purpose").trim());
    if title.is_empty() {
        return Err(ApiError::bad("The project_title is missing or empty"));
    }
    if !purpose.is_empty() && !PURPOSES.contains(&purpose) {
        return Err(ApiError::bad(format!("The purpose '{purpose}' is not one of 0, 1, 2, 3 and 4")));
    }
    let flag = |name: &str| cell(row, name) == "1";
    let mut loaded = match params.get("odm") {
        "" => empty(flag("is_longitudinal")),
        odm => load(odm, world.clock.now()).map_err(|error| refused(&error))?,
    };
    settings(&mut loaded, row, title, purpose);
    let how = if params.get("odm").is_empty() { "Create project" } else { "Create project using REDCap XML file" };
    let made: Result<ProjectHandle, OdmError> = world.add(loaded, ProjectOptions::default(), how);
    Ok(Answer::Text(made.map_err(|error| refused(&error))?.token))
}

fn settings(loaded: &mut Loaded, row: &[(String, String)], title: &str, purpose: &str) {
    let definition = &mut loaded.definition;
    title.clone_into(&mut definition.title);
    if let Ok(purpose) = purpose.parse() {
        definition.settings.purpose = purpose;
    }
    for (name, value) in row {
        let settings = &mut definition.settings;
        match name.as_str() {
            "surveys_enabled" => settings.surveys = value == "1",
            "record_autonumbering_enabled" => settings.autonumbering = value == "1",
            "scheduling_enabled" => settings.scheduling = value == "1",
            other => {
                if let Some(text) = settings.text_mut(other) {
                    value.clone_into(text);
                }
            }
        }
    }
}

fn refused(error: &OdmError) -> ApiError {
    ApiError::bad(format!("The project could not be created: {error}"))
}
