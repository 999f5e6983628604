//! `content=project`, `project_settings` and `version`: what the project is called and how it is set up.
//! Invariant: numbers and flags are whole numbers in JSON; a setting that is not sent stays.

use metricis_redcap::wire;
use serde_json::{Map, Value};

use super::answer::{Answer, ApiError, count_of};
use super::sent::read_rows;
use super::{Call, no_permission};

pub(super) fn version(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::Text(call.version.to_owned()))
}

pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (project, settings) = (&call.project, &call.project.definition.settings);
    let info = wire::ProjectInfo {
        project_id: project.id.into(),
        project_title: project.definition.title.clone(),
        creation_time: call.server_time(project.created),
        in_production: settings.in_production,
        project_language: "English".into(),
        purpose: Some(settings.purpose.into()),
        purpose_other: settings.purpose_other.clone(),
        project_notes: settings.notes.clone(),
        custom_record_label: settings.custom_record_label.clone(),
        secondary_unique_field: settings.secondary_unique_field.clone(),
        is_longitudinal: project.definition.longitudinal,
        has_repeating_instruments_or_events: project.definition.has_repeats(),
        surveys_enabled: settings.surveys,
        scheduling_enabled: settings.scheduling,
        record_autonumbering_enabled: settings.autonumbering,
        randomization_enabled: settings.randomization,
        project_irb_number: settings.irb_number.clone(),
        project_grant_number: settings.grant_number.clone(),
        project_pi_firstname: settings.pi_firstname.clone(),
        project_pi_lastname: settings.pi_lastname.clone(),
        display_today_now_button: true,
        missing_data_codes: settings.missing_data_codes.clone(),
        ..wire::ProjectInfo::default()
    };
    let object = match serde_json::to_value(info) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    };
    Ok(Answer::Object { format: call.params.format(), object })
}

/// Projects are made with a super token, which is no project's.
///
/// # Errors
/// 403 always.
pub(super) fn create_without_super_token(_: &mut Call<'_>) -> Result<Answer, ApiError> {
    Err(no_permission())
}

/// Answers with how many settings were sent that can be set.
///
/// # Errors
/// 400 for a flag or number that is none.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let rows = read_rows(call.params)?;
    let sent: Vec<(String, String)> = rows.into_iter().flatten().collect();
    let mut definition = (call.project.definition.title.clone(), call.project.definition.settings.clone());
    let mut longitudinal = call.project.definition.longitudinal;
    let mut changed = 0;
    for (name, value) in &sent {
        let flag = || match value.trim().to_ascii_lowercase().as_str() {
            "1" | "true" => Ok(true),
            "0" | "false" | "" => Ok(false),
            _ => Err(ApiError::bad(format!("The value '{value}' of the setting '{name}' is neither 0 nor 1."))),
        };
        let (title, settings) = (&mut definition.0, &mut definition.1);
        match name.as_str() {
            "project_title" => value.clone_into(title),
            "is_longitudinal" => longitudinal = flag()?,
            "surveys_enabled" => settings.surveys = flag()?,
            "scheduling_enabled" => settings.scheduling = flag()?,
            "record_autonumbering_enabled" => settings.autonumbering = flag()?,
            "randomization_enabled" => settings.randomization = flag()?,
            "purpose" => {
                let number = value.trim().parse();
                settings.purpose =
                    number.map_err(|_| ApiError::bad(format!("The purpose '{value}' is not a number.")))?;
            }
            other => match settings.text_mut(other) {
                Some(text) => value.clone_into(text),
                None => continue,
            },
        }
        changed += 1;
    }
    if !longitudinal && call.project.definition.events.len() != 1 {
        return Err(ApiError::bad("The project cannot become a classic one while it has not exactly one event."));
    }
    call.project.definition.longitudinal = longitudinal;
    (call.project.definition.title, call.project.definition.settings) = definition;
    Ok(count_of(changed))
}
