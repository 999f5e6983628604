//! What the API tells about the project itself: dictionary, events, forms, groups, settings.
//! Invariant: the shapes are the wire's own types; the words for a classic project are REDCap's (`redcap.md` 3.3).

use metricis_redcap::wire;
use serde_json::{Map, Value};

use super::Call;
use super::answer::{Answer, ApiError};
use super::export_columns::refuse_unknown;
use crate::project::definition::{Arm, Definition, Event};
use crate::project::field::{Field, Kind, checkbox_column};

/// The answer for an exported `content`; `None` when there is no such content.
pub(super) fn export(call: &Call<'_>, content: &str) -> Option<Result<Answer, ApiError>> {
    let definition = &call.project.definition;
    let format = call.params.format();
    let longitudinal = |what: &str| match definition.longitudinal {
        true => Ok(()),
        false => Err(ApiError::bad(format!("You cannot export {what} for classic projects"))),
    };
    Some(match content {
        "version" => Ok(Answer::Text(call.version.to_owned())),
        "generateNextRecordName" => Ok(Answer::Text(call.project.records.next_name(call.project.group_id(&call.user)))),
        "project" => Ok(project(call)),
        "metadata" => metadata(call),
        "exportFieldNames" => field_names(call),
        "instrument" => Ok(Answer::rows("instruments", format, &instruments(definition))),
        "dag" => Ok(Answer::rows("dags", format, &groups(definition))),
        "arm" => longitudinal("arms").map(|()| Answer::rows("arms", format, &arms(call))),
        "event" => longitudinal("events").map(|()| Answer::rows("events", format, &events(call))),
        "formEventMapping" => {
            longitudinal("form/event mappings").map(|()| Answer::rows("items", format, &mapping(call)))
        }
        "repeatingFormsEvents" => repeats(definition).map(|rows| Answer::rows("items", format, &rows)),
        _ => return None,
    })
}

fn flag(yes: bool) -> String {
    if yes { "y".into() } else { String::new() }
}

fn metadata(call: &Call<'_>) -> Result<Answer, ApiError> {
    let definition = &call.project.definition;
    let (fields, forms) = (call.params.list("fields"), call.params.list("forms"));
    refuse_unknown("fields", fields.iter().filter(|name| definition.field(name).is_none()))?;
    refuse_unknown("forms", forms.iter().filter(|name| definition.form(name).is_none()))?;
    let all = fields.is_empty() && forms.is_empty();
    let wanted = |field: &&Field| all || fields.contains(&field.name) || forms.contains(&field.form);
    let rows: Vec<wire::Field> = definition.fields.iter().filter(wanted).cloned().map(dictionary_row).collect();
    Ok(Answer::rows("records", call.params.format(), &rows))
}

fn dictionary_row(field: Field) -> wire::Field {
    wire::Field {
        field_name: field.name,
        form_name: field.form,
        section_header: field.section_header,
        field_type: field.kind.word().to_owned(),
        field_label: field.label,
        select_choices_or_calculations: field.choices_or_calculation,
        field_note: field.note,
        text_validation_type_or_show_slider_number: field.validation,
        text_validation_min: field.min,
        text_validation_max: field.max,
        identifier: flag(field.identifier),
        branching_logic: field.branching,
        required_field: flag(field.required),
        custom_alignment: field.alignment,
        question_number: field.question_number,
        matrix_group_name: field.matrix_group,
        matrix_ranking: field.matrix_ranking,
        field_annotation: field.annotation,
    }
}

/// One row per column of an import: a checkbox has one per choice, files and descriptive texts have none.
fn field_names(call: &Call<'_>) -> Result<Answer, ApiError> {
    let definition = &call.project.definition;
    let wanted = call.params.get("field");
    let row = |original: &str, choice: &str, export: String| {
        let cells = [("original_field_name", original), ("choice_value", choice), ("export_field_name", &export)];
        cells.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect::<Map<_, _>>()
    };
    let mut rows = Vec::new();
    for form in &definition.forms {
        let in_form = definition.fields.iter().filter(|field| field.form == form.name);
        for field in in_form.filter(|field| field.holds_data() && field.kind != Kind::File) {
            match field.kind {
                Kind::Checkbox => rows.extend(
                    field
                        .choices()
                        .iter()
                        .map(|choice| row(&field.name, &choice.code, checkbox_column(&field.name, &choice.code))),
                ),
                _ => rows.push(row(&field.name, "", field.name.clone())),
            }
        }
        let complete = format!("{}_complete", form.name);
        rows.push(row(&complete, "", complete.clone()));
    }
    if !wanted.is_empty() {
        rows.retain(|row| row["original_field_name"] == wanted);
        if rows.is_empty() {
            return Err(ApiError::bad(format!("The field '{wanted}' does not exist")));
        }
    }
    Ok(Answer::rows("fields", call.params.format(), &rows))
}

fn instruments(definition: &Definition) -> Vec<wire::Instrument> {
    let row = |form: &crate::project::definition::Form| wire::Instrument {
        instrument_name: form.name.clone(),
        instrument_label: form.label.clone(),
    };
    definition.forms.iter().map(row).collect()
}

fn groups(definition: &Definition) -> Vec<wire::Dag> {
    let row = |group: &crate::project::definition::Group| wire::Dag {
        data_access_group_name: group.name.clone(),
        unique_group_name: group.unique_name.clone(),
        data_access_group_id: Some(group.id.into()),
    };
    definition.groups.iter().map(row).collect()
}

/// Arms asked for by `arms[]`; all when none is named.
fn wanted_arm(call: &Call<'_>, num: u32) -> bool {
    let wanted = call.params.list("arms");
    wanted.is_empty() || wanted.iter().any(|arm| *arm == num.to_string())
}

fn arms(call: &Call<'_>) -> Vec<wire::Arm> {
    let row = |arm: &Arm| wire::Arm { arm_num: arm.num.into(), name: arm.name.clone() };
    call.project.definition.arms.iter().filter(|arm| wanted_arm(call, arm.num)).map(row).collect()
}

fn wanted_events<'a>(call: &'a Call<'_>) -> impl Iterator<Item = &'a Event> {
    call.project.definition.events.iter().filter(|event| wanted_arm(call, event.arm))
}

fn events(call: &Call<'_>) -> Vec<wire::Event> {
    let scheduling = call.project.definition.settings.scheduling;
    let days = |days: i32| scheduling.then_some(days.into());
    let row = |event: &Event| wire::Event {
        event_name: event.name.clone(),
        arm_num: event.arm.into(),
        day_offset: days(event.day_offset),
        offset_min: days(event.offset_min),
        offset_max: days(event.offset_max),
        unique_event_name: event.unique_name.clone(),
        custom_event_label: Some(event.custom_label.clone()).filter(|label| !label.is_empty()),
        event_id: Some(event.id.into()),
    };
    wanted_events(call).map(row).collect()
}

fn mapping(call: &Call<'_>) -> Vec<wire::FormEventMapping> {
    let rows = wanted_events(call).flat_map(|event| {
        event.forms.iter().map(|form| wire::FormEventMapping {
            arm_num: event.arm.into(),
            unique_event_name: event.unique_name.clone(),
            form: form.clone(),
        })
    });
    rows.collect()
}

fn repeats(definition: &Definition) -> Result<Vec<wire::RepeatingFormEvent>, ApiError> {
    if !definition.has_repeats() {
        return Err(ApiError::bad(
            "You cannot export repeating instruments and events because the project does not contain any repeating \
             instruments and events",
        ));
    }
    let event_name = |event: &Event| definition.longitudinal.then(|| event.unique_name.clone());
    let whole = definition.events.iter().filter(|event| event.repeating).map(|event| wire::RepeatingFormEvent {
        event_name: event_name(event),
        form_name: String::new(),
        custom_form_label: String::new(),
    });
    let forms = definition.repeating.iter().map(|repeat| wire::RepeatingFormEvent {
        event_name: event_name(&definition.events[repeat.event]),
        form_name: repeat.form.clone(),
        custom_form_label: repeat.label.clone(),
    });
    Ok(whole.chain(forms).collect())
}

fn project(call: &Call<'_>) -> Answer {
    let (project, settings) = (&call.project, &call.project.definition.settings);
    let info = wire::ProjectInfo {
        project_id: project.id.into(),
        project_title: project.definition.title.clone(),
        creation_time: call.clock.text(project.created),
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
        display_today_now_button: true,
        missing_data_codes: settings.missing_data_codes.clone(),
        ..wire::ProjectInfo::default()
    };
    let object = match serde_json::to_value(info) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    };
    Answer::Object { format: call.params.format(), object }
}
