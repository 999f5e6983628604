//! A project made from what the study's settings name, for a study that begins without one.
//!
//! Invariant: nothing is invented: a field that the settings name and do not describe is a plain text field, an instrument
//! that they do not describe is not made, and both are said.

use std::collections::{BTreeMap, BTreeSet};

use super::problems::is_name;
use super::project_design::unique_event_name;
use super::{
    DesignArm, DesignEvent, DesignMapping, DesignRepeat, FieldRow, OperationRefusal, ProjectDesign, dictionary_problems,
};
use crate::schedule::Window;
use crate::study::{RedcapConfig, SURVEY_INSTRUMENTS};

/// Designs a project; with it, what a person should know. `windows` are the study's, with the instruments of each.
///
/// # Errors
/// What the settings lack, or name twice.
pub fn design_from_settings(
    config: &RedcapConfig,
    windows: &[(Window, Vec<String>)],
) -> Result<(ProjectDesign, Vec<String>), OperationRefusal> {
    let dictionary = dictionary(config)?;
    let forms: BTreeSet<&str> = dictionary.iter().map(FieldRow::instrument).collect();
    let first = dictionary.first().map_or("", FieldRow::instrument).to_owned();
    let mut notes = vec![];
    let surveys = config.extra.get(SURVEY_INSTRUMENTS).and_then(|names| names.as_array()).into_iter().flatten();
    let wanted = windows.iter().flat_map(|(_, forms)| forms.iter().map(String::as_str));
    let wanted: BTreeSet<&str> = wanted.chain(surveys.filter_map(|name| name.as_str())).collect();
    for form in wanted.iter().filter(|form| !forms.contains(*form)) {
        notes.push(format!(
            "the instrument {form} is named and its fields are not: it is not made; push a dictionary that has it"
        ));
    }
    let mut design = ProjectDesign { dictionary: dictionary.clone(), ..ProjectDesign::default() };
    let mut met = BTreeSet::new();
    for (window, instruments) in windows.iter().filter(|(window, _)| window.active) {
        let event = event_of(window)?;
        let name = event.unique_name();
        if met.insert(event.arm_num) {
            let (arm_num, number) = (event.arm_num, event.arm_num);
            design.arms.push(DesignArm { arm_num, name: format!("Arm {number}") });
            if !instruments.contains(&first) {
                design.mapping.push(DesignMapping { unique_event_name: name.clone(), form: first.clone() });
            }
        }
        let known = instruments.iter().filter(|form| forms.contains(form.as_str()));
        design.mapping.extend(known.map(|form| DesignMapping { unique_event_name: name.clone(), form: form.clone() }));
        if window.repeating {
            design.repeating.push(DesignRepeat { event_name: Some(name), ..DesignRepeat::default() });
        }
        design.events.push(event);
    }
    OperationRefusal::unless_empty(&design.problems())?;
    Ok((design, notes))
}

/// REDCap makes the unique name from the label; one that would become another event is a refusal.
fn event_of(window: &Window) -> Result<DesignEvent, OperationRefusal> {
    let arm_num = i64::from(window.arm_num);
    let stem = window.event_name.strip_suffix(&format!("_arm_{arm_num}")).unwrap_or(&window.event_name);
    let made = [window.label.clone(), title(stem)];
    let label = made.into_iter().find(|label| unique_event_name(label, arm_num) == window.event_name);
    let event_name = label.ok_or_else(|| {
        OperationRefusal(vec![format!(
            "REDCap makes an event's name from its label, and none is known that makes {:?}; send a design",
            window.event_name
        )])
    })?;
    Ok(DesignEvent {
        event_name,
        arm_num,
        day_offset: window.day_offset.map(i64::from),
        offset_min: window.day_offset.map(|_| i64::from(window.days_before)),
        offset_max: window.day_offset.map(|_| i64::from(window.days_after)),
    })
}

/// `Week 1` for `week_1`.
fn title(stem: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    stem.split('_').map(word).collect::<Vec<_>>().join(" ")
}

fn dictionary(config: &RedcapConfig) -> Result<Vec<FieldRow>, OperationRefusal> {
    let set = |name: &Option<String>| name.clone().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let refused = |reason: String| OperationRefusal(vec![reason]);
    let enrols = set(&config.enrollment_instrument).ok_or_else(|| {
        refused("config.redcap.enrollment_instrument is not set; name the instrument that enrols".into())
    })?;
    let mapped = config.participant_field_mapping.iter().flatten();
    let date = mapped.clone().find(|(_, target)| *target == "enrollment_date").map(|(field, _)| field.clone());
    let anchor = set(&config.anchor_date_field).or(date).ok_or_else(|| {
        refused("config.redcap.anchor_date_field is not set; name the field that carries the enrolment date".into())
    })?;
    let record = set(&config.redcap_record_field).unwrap_or_else(|| "record_id".to_owned());
    let mut fields = Fields::default();
    fields.add(&record, &enrols, "Record ID", "", false);
    fields.add(&anchor, &enrols, "Enrolment date", "date_ymd", true);
    for (field, target) in mapped.filter(|(field, _)| **field != anchor && **field != record) {
        let (label, validation) = match target.as_str() {
            "participant_code" => ("Participant code", ""),
            "arm" => ("Arm", "integer"),
            "time_zone" => ("Time zone", ""),
            other => (other, ""),
        };
        fields.add(field, &enrols, label, validation, false);
    }
    for (task, to) in &config.redcap_field_mapping {
        let complete = format!("{}_complete", to.instrument);
        for (result, field) in to.fields.iter().filter(|(_, field)| **field != complete) {
            fields.add(field, to.instrument.trim(), &format!("{task}: {result}"), "", false);
        }
    }
    fields.finish()
}

/// Fields by instrument, each name once.
#[derive(Default)]
struct Fields {
    order: Vec<String>,
    rows: BTreeMap<String, Vec<FieldRow>>,
    homes: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl Fields {
    fn add(&mut self, name: &str, form: &str, label: &str, validation: &str, required: bool) {
        if !is_name(name) || name.contains("___") {
            let problem = format!("the settings name {name:?}, which is no plain field of its own; send a design");
            return self.problems.push(problem);
        }
        match self.homes.insert(name.to_owned(), form.to_owned()) {
            Some(home) if home == form => return,
            Some(home) => {
                let problem = format!("the settings put the field {name:?} on {home:?} and on {form:?}; correct one");
                return self.problems.push(problem);
            }
            None => {}
        }
        if !self.order.iter().any(|known| known == form) {
            self.order.push(form.to_owned());
        }
        let row = FieldRow::read(|column| {
            let text = match column {
                "field_name" => name,
                "form_name" => form,
                "field_type" => "text",
                "field_label" => label,
                "text_validation_type_or_show_slider_number" => validation,
                "required_field" if required => "y",
                _ => "",
            };
            text.to_owned()
        });
        self.rows.entry(form.to_owned()).or_default().push(row);
    }

    fn finish(mut self) -> Result<Vec<FieldRow>, OperationRefusal> {
        let rows: Vec<FieldRow> =
            self.order.iter().flat_map(|form| self.rows.get(form).cloned().unwrap_or_default()).collect();
        self.problems.extend(dictionary_problems(&rows));
        OperationRefusal::unless_empty(&self.problems)?;
        Ok(rows)
    }
}
