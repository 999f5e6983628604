//! `content=surveyLink`, `surveyQueueLink`, `surveyAccessCode` and `surveyReturnCode`: how a participant gets to a survey.
//! Invariant: asking twice gives the same link; a link leads to one record, event, survey and instance.

use super::Call;
use super::answer::{Answer, ApiError};
use super::places::{event, known_record};
use crate::state::SurveyTarget;

/// # Errors
/// 400 when the record, event or survey does not exist.
pub(super) fn link(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let code = call.site.survey_code(target(call)?);
    Ok(Answer::Text(format!("{}surveys/?s={code}", call.base_url)))
}

/// # Errors
/// 400 when the record does not exist.
pub(super) fn queue_link(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let record = known_record(call)?;
    let code = call.site.queue_code(call.project.id, &record);
    Ok(Answer::Text(format!("{}surveys/?sq={code}", call.base_url)))
}

/// Nine characters with which a person on the telephone gets to the survey.
///
/// # Errors
/// As for the link.
pub(super) fn access_code(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let code = call.site.survey_code(target(call)?);
    Ok(Answer::Text(access_code_of(&code)))
}

/// Eight characters with which a participant returns to an unfinished survey.
///
/// # Errors
/// As for the link.
pub(super) fn return_code(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let code = call.site.survey_code(target(call)?);
    Ok(Answer::Text(code[8..].to_owned()))
}

/// Both codes are parts of the link's own, so that each is the same every time.
pub(super) fn access_code_of(code: &str) -> String {
    code[..9].to_owned()
}

/// What the parameters mean.
fn target(call: &Call<'_>) -> Result<SurveyTarget, ApiError> {
    let record = known_record(call)?;
    let instrument = call.params.get("instrument");
    let event = survey_event(call, instrument)?;
    Ok(target_at(call, record, event, instrument))
}

/// The survey of a record at an event, in the instance that the call names where something repeats.
pub(super) fn target_at(call: &Call<'_>, record: String, event: usize, instrument: &str) -> SurveyTarget {
    let definition = &call.project.definition;
    let repeats = definition.events[event].repeating || definition.repeating_form(event, instrument).is_some();
    SurveyTarget {
        project_id: call.project.id,
        record,
        event: definition.events[event].unique_name.clone(),
        instrument: instrument.to_owned(),
        // Clients name instance 1 where nothing repeats, too.
        instance: repeats.then(|| call.params.get("repeat_instance").parse().unwrap_or(1)),
    }
}

/// The event at which the survey is meant to be filled in.
///
/// # Errors
/// 400 when the instrument is no survey, or not one of that event.
pub(super) fn survey_event(call: &Call<'_>, instrument: &str) -> Result<usize, ApiError> {
    if call.project.definition.form(instrument).is_none_or(|form| form.survey.is_none()) {
        return Err(ApiError::bad(format!("The instrument \"{instrument}\" has not been enabled as a survey")));
    }
    event(call, instrument)
}
