//! `content=surveyLink`: the address at which a participant fills in one survey.
//! Invariant: asking twice gives the same link; a link leads to one record, event, survey and instance.

use super::answer::{Answer, ApiError};
use super::no_permission;
use super::params::Params;
use crate::state::{SurveyTarget, World};

/// # Errors
/// 400 when the record, event or survey does not exist.
pub(super) fn link(world: &mut World, params: &Params) -> Result<Answer, ApiError> {
    let Some(project) = world.project_of_token(params.get("token").trim()) else { return Err(no_permission()) };
    let (record, instrument) = (params.get("record"), params.get("instrument"));
    if !project.records.contains(record) {
        return Err(ApiError::bad(format!("The record \"{record}\" does not exist")));
    }
    let definition = &project.definition;
    if definition.form(instrument).is_none_or(|form| form.survey.is_none()) {
        return Err(ApiError::bad(format!("The instrument \"{instrument}\" has not been enabled as a survey")));
    }
    let event = match params.get("event") {
        "" if definition.longitudinal => None,
        "" => Some(0),
        name => definition.event_index(name),
    };
    let event = event.map(|index| &definition.events[index]).filter(|e| e.forms.iter().any(|f| f == instrument));
    let Some(event) = event else {
        return Err(ApiError::bad("The value of the parameter \"event\" is not valid"));
    };
    let target = SurveyTarget {
        project_id: project.id,
        record: record.to_owned(),
        event: event.unique_name.clone(),
        instrument: instrument.to_owned(),
        instance: params.get("repeat_instance").parse().ok(),
    };
    let code = world.survey_code(target);
    Ok(Answer::Text(format!("{}surveys/?s={code}", world.base_url)))
}
