//! What a project is: forms, fields, arms, events, groups and settings. No data of any participant.
//! Invariant: every event's forms and every repeating form exist; a classic project has exactly one event, which no export shows.

use serde::{Deserialize, Serialize};

use super::field::Field;
use super::index::Index;
use super::report::Report;
use super::xml::Element;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Form {
    pub(crate) name: String,
    pub(crate) label: String,
    /// Title of the survey when the form is enabled as one.
    pub(crate) survey: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Arm {
    pub(crate) num: u32,
    pub(crate) name: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) unique_name: String,
    pub(crate) custom_label: String,
    pub(crate) arm: u32,
    /// Days; the offsets are the width of the window before and after, as REDCap stores them.
    pub(crate) day_offset: i32,
    pub(crate) offset_min: i32,
    pub(crate) offset_max: i32,
    pub(crate) forms: Vec<String>,
    /// The whole event repeats.
    pub(crate) repeating: bool,
}

impl Event {
    /// An event without a name, a day or a form.
    pub(crate) fn new(id: u32, arm: u32) -> Self {
        Self {
            id,
            name: String::new(),
            unique_name: String::new(),
            custom_label: String::new(),
            arm,
            day_offset: 0,
            offset_min: 0,
            offset_max: 0,
            forms: Vec::new(),
            repeating: false,
        }
    }
}

/// A form that repeats at one event, with the label of its instances.
#[derive(Serialize, Deserialize)]
pub(crate) struct RepeatingForm {
    pub(crate) event: usize,
    pub(crate) form: String,
    pub(crate) label: String,
}

/// A data access group.
#[derive(Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) unique_name: String,
}

/// Settings as `project` exports them; blank and 0 when the file does not say.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) autonumbering: bool,
    pub(crate) scheduling: bool,
    pub(crate) surveys: bool,
    pub(crate) purpose: u32,
    pub(crate) purpose_other: String,
    pub(crate) notes: String,
    pub(crate) custom_record_label: String,
    pub(crate) secondary_unique_field: String,
    pub(crate) missing_data_codes: String,
    pub(crate) randomization: bool,
    pub(crate) irb_number: String,
    pub(crate) grant_number: String,
    pub(crate) pi_firstname: String,
    pub(crate) pi_lastname: String,
    /// Its design changes in draft mode only.
    #[serde(default)]
    pub(crate) in_production: bool,
}

impl Settings {
    /// A setting that is free text, by the name that the API gives it.
    pub(crate) fn text_mut(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "purpose_other" => &mut self.purpose_other,
            "project_notes" => &mut self.notes,
            "custom_record_label" => &mut self.custom_record_label,
            "secondary_unique_field" => &mut self.secondary_unique_field,
            "missing_data_codes" => &mut self.missing_data_codes,
            "project_irb_number" => &mut self.irb_number,
            "project_grant_number" => &mut self.grant_number,
            "project_pi_firstname" => &mut self.pi_firstname,
            "project_pi_lastname" => &mut self.pi_lastname,
            _ => return None,
        })
    }
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Definition {
    pub(crate) title: String,
    pub(crate) settings: Settings,
    pub(crate) longitudinal: bool,
    pub(crate) forms: Vec<Form>,
    /// In dictionary order; the first one is the record id.
    pub(crate) fields: Vec<Field>,
    pub(crate) arms: Vec<Arm>,
    pub(crate) events: Vec<Event>,
    pub(crate) repeating: Vec<RepeatingForm>,
    pub(crate) groups: Vec<Group>,
    pub(crate) reports: Vec<Report>,
    /// What a project file says that the simulator has no use for; it goes out again as it came in.
    pub(crate) kept: Vec<Element>,
    /// Of forms and fields.
    #[serde(skip)]
    pub(crate) index: Index,
}

/// What a column of a flat row means.
#[derive(Clone, Copy)]
pub(crate) enum Column<'a> {
    Value(&'a Field),
    Checkbox(&'a Field),
    Complete(&'a Form),
}

impl<'a> Column<'a> {
    pub(crate) fn form(&self) -> &'a str {
        match self {
            Column::Value(field) | Column::Checkbox(field) => &field.form,
            Column::Complete(form) => &form.name,
        }
    }
}

/// The three states of `<form>_complete`.
pub(crate) const COMPLETE_LABELS: [&str; 3] = ["Incomplete", "Unverified", "Complete"];

impl Definition {
    pub(crate) fn record_id_field(&self) -> &str {
        self.fields.first().map_or("record_id", |field| &field.name)
    }

    pub(crate) fn form(&self, name: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.name == name)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Fields of a form that hold data, without the record id.
    pub(crate) fn fields_of<'a>(&'a self, form: &'a str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().skip(1).filter(move |field| field.form == form && field.holds_data())
    }

    /// Finds a column of a flat row; the record id is not one of them.
    pub(crate) fn column(&self, name: &str) -> Option<Column<'_>> {
        self.index.find(self, name)
    }

    pub(crate) fn event_index(&self, unique_name: &str) -> Option<usize> {
        self.events.iter().position(|event| event.unique_name == unique_name)
    }

    pub(crate) fn has_repeats(&self) -> bool {
        !self.repeating.is_empty() || self.events.iter().any(|event| event.repeating)
    }

    pub(crate) fn repeating_form(&self, event: usize, form: &str) -> Option<&RepeatingForm> {
        self.repeating.iter().find(|repeat| repeat.event == event && repeat.form == form)
    }

    pub(crate) fn group(&self, unique_name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.unique_name == unique_name)
    }

    /// `Screening (Arm 1: Active)`, as REDCap names an event in its messages.
    pub(crate) fn event_title(&self, event: &Event) -> String {
        let arm = self.arms.iter().find(|arm| arm.num == event.arm);
        format!("{} (Arm {}: {})", event.name, event.arm, arm.map_or("", |arm| &arm.name))
    }

    /// Codes that may stand in any field (`-99, Unknown|-98, Refused`).
    pub(crate) fn is_missing_code(&self, value: &str) -> bool {
        let codes = self.settings.missing_data_codes.split('|');
        codes.filter_map(|part| part.split(',').next()).any(|code| !code.trim().is_empty() && code.trim() == value)
    }
}

/// REDCap's own shortening of a label: lower case, at most 18 characters, no `_` at the end (`redcap.md` 2.4).
pub(crate) fn unique_name(label: &str) -> String {
    let mut slug = String::new();
    for c in label.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            _ if slug.is_empty() || slug.ends_with('_') => {}
            _ => slug.push('_'),
        }
    }
    slug.chars().take(18).collect::<String>().trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::unique_name;

    #[test]
    fn unique_names_are_cut_at_18_characters() {
        assert_eq!(unique_name("Deadline to opt out (and more)"), "deadline_to_opt_ou");
        assert_eq!(unique_name("Integration test DAG"), "integration_test_d");
        assert_eq!(unique_name("Site North"), "site_north");
    }
}
