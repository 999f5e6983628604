//! A project's design read from REDCap and written to it, part by part.

use metricis_core::operation::{
    DesignArm, DesignEvent, DesignMapping, DesignRepeat, InitReview, InitStep, ProjectDesign, ProjectState,
};
use metricis_redcap::wire::{Arm, Event, FormEventMapping, NewEvent, ProjectSettings, RepeatingFormEvent};

use crate::failure::Failure;
use crate::jobs::operation::{Target, send};
use crate::worker::Worker;

/// Reads a project as it is.
///
/// # Errors
/// The calls'.
pub(super) async fn read_state(worker: &Worker, target: &Target) -> Result<ProjectState, Failure> {
    let (gate, redcap) = (&worker.gate, &target.redcap);
    let dictionary = target.dictionary(worker).await?;
    let id_field = dictionary.first().map_or("", |first| first.name());
    let ids = gate.read(redcap, |reader| async move { reader.record_ids(id_field).await }).await?;
    let records = ids.len() + ids.odd().len();
    let mut design = ProjectDesign { dictionary: dictionary.clone(), ..ProjectDesign::default() };
    if target.facts.is_longitudinal {
        let arms = gate.read(redcap, |reader| async move { reader.arms().await }).await?;
        let events = gate.read(redcap, |reader| async move { reader.events().await }).await?;
        let mapping = gate.read(redcap, |reader| async move { reader.form_event_mapping().await }).await?;
        design.arms = arms.into_iter().map(|Arm { arm_num, name }| DesignArm { arm_num, name }).collect();
        design.events = events.into_iter().map(event_of).collect();
        let one = |row: FormEventMapping| DesignMapping { unique_event_name: row.unique_event_name, form: row.form };
        design.mapping = mapping.into_iter().map(one).collect();
    }
    if target.project.has_repeating_instruments_or_events {
        let repeats = gate.read(redcap, |reader| async move { reader.repeating_forms_events().await }).await?;
        design.repeating = repeats.into_iter().map(repeat_of).collect();
    }
    let scheduling_enabled = target.project.scheduling_enabled;
    Ok(ProjectState { facts: target.facts, scheduling_enabled, records, design })
}

fn event_of(event: Event) -> DesignEvent {
    let Event { event_name, arm_num, day_offset, offset_min, offset_max, .. } = event;
    DesignEvent { event_name, arm_num, day_offset, offset_min, offset_max }
}

fn repeat_of(row: RepeatingFormEvent) -> DesignRepeat {
    let RepeatingFormEvent { event_name, form_name, custom_form_label } = row;
    DesignRepeat { event_name, form_name, custom_form_label }
}

/// Makes one step.
///
/// # Errors
/// The write's.
pub(super) async fn make(
    worker: &Worker,
    target: &Target,
    step: InitStep,
    review: &InitReview,
    wanted: &ProjectDesign,
) -> Result<(), Failure> {
    let redcap = &target.redcap;
    match step {
        InitStep::Settings => {
            let settings = ProjectSettings {
                is_longitudinal: review.becomes_longitudinal.then_some(1),
                scheduling_enabled: review.enables_scheduling.then_some(1),
            };
            let settings = &settings;
            send(worker, redcap, |client| async move { client.import_project_settings(settings).await }).await
        }
        InitStep::Dictionary => target.write_dictionary(worker, &wanted.dictionary).await,
        InitStep::Arms => {
            let arm = |DesignArm { arm_num, name }: &DesignArm| Arm { arm_num: *arm_num, name: name.clone() };
            let arms = &wanted.arms.iter().map(arm).collect::<Vec<_>>();
            send(worker, redcap, |client| async move { client.import_arms(arms).await }).await
        }
        InitStep::Events => {
            let events = &wanted.events.iter().map(new_event).collect::<Vec<_>>();
            send(worker, redcap, |client| async move { client.import_events(events).await }).await
        }
        InitStep::FormEventMapping => {
            let mapping = &mapping_of(wanted);
            send(worker, redcap, |client| async move { client.import_form_event_mapping(mapping).await }).await
        }
        InitStep::Repeating => {
            let repeats = &wanted.repeating.iter().map(new_repeat).collect::<Vec<_>>();
            send(worker, redcap, |client| async move { client.import_repeating_forms_events(repeats).await }).await
        }
    }
    .map(drop)
}

fn new_event(event: &DesignEvent) -> NewEvent {
    let has_day = event.day_offset.is_some();
    NewEvent {
        event_name: event.event_name.trim().to_owned(),
        arm_num: event.arm_num,
        day_offset: event.day_offset,
        offset_min: has_day.then(|| event.offset_min.unwrap_or(0).abs()),
        offset_max: has_day.then(|| event.offset_max.unwrap_or(0).abs()),
    }
}

fn mapping_of(wanted: &ProjectDesign) -> Vec<FormEventMapping> {
    let arm_of =
        |name: &str| wanted.events.iter().find(|event| event.unique_name() == name).map_or(1, |event| event.arm_num);
    let one = |row: &DesignMapping| FormEventMapping {
        arm_num: arm_of(&row.unique_event_name),
        unique_event_name: row.unique_event_name.clone(),
        form: row.form.clone(),
    };
    wanted.mapping.iter().map(one).collect()
}

fn new_repeat(row: &DesignRepeat) -> RepeatingFormEvent {
    let DesignRepeat { event_name, form_name, custom_form_label } = row.clone();
    RepeatingFormEvent { event_name, form_name, custom_form_label }
}
