//! A field of REDCap's data dictionary: eighteen columns, as REDCap's own file has them.
//!
//! Invariant: the text is kept as it was written, and compared in a normal form – REDCap itself writes line ends, blanks around
//! choices and flags in more than one way, and none of these is a change.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::digest_of;

/// The columns in REDCap's order: their name in the API, and at the head of REDCap's file.
pub const COLUMNS: [(&str, &str); 18] = [
    ("field_name", "Variable / Field Name"),
    ("form_name", "Form Name"),
    ("section_header", "Section Header"),
    ("field_type", "Field Type"),
    ("field_label", "Field Label"),
    ("select_choices_or_calculations", "Choices, Calculations, OR Slider Labels"),
    ("field_note", "Field Note"),
    ("text_validation_type_or_show_slider_number", "Text Validation Type OR Show Slider Number"),
    ("text_validation_min", "Text Validation Min"),
    ("text_validation_max", "Text Validation Max"),
    ("identifier", "Identifier?"),
    ("branching_logic", "Branching Logic (Show field only if...)"),
    ("required_field", "Required Field?"),
    ("custom_alignment", "Custom Alignment"),
    ("question_number", "Question Number (surveys only)"),
    ("matrix_group_name", "Matrix Group Name"),
    ("matrix_ranking", "Matrix Ranking?"),
    ("field_annotation", "Field Annotation"),
];

/// One field of a dictionary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldRow([String; 18]);

/// One choice of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What is stored.
    pub code: String,
    /// What is read.
    pub label: String,
}

impl FieldRow {
    /// Takes each column, by its name in the API, from `text`.
    #[must_use]
    pub fn read(text: impl Fn(&str) -> String) -> Self {
        Self(COLUMNS.map(|(name, _)| text(name)))
    }

    /// The columns with their names in the API, in REDCap's order.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, &str)> {
        COLUMNS.iter().zip(&self.0).map(|((name, _), text)| (*name, text.as_str()))
    }

    /// A column by its name in the API.
    #[must_use]
    pub fn get(&self, column: &str) -> &str {
        self.columns().find(|(name, _)| *name == column).map_or("", |(_, text)| text)
    }

    /// The field's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0[0].trim()
    }

    /// The instrument that it stands on.
    #[must_use]
    pub fn instrument(&self) -> &str {
        self.0[1].trim()
    }

    /// text, radio, checkbox, …
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0[3].trim()
    }

    /// Whether what is stored is one of a list of codes.
    #[must_use]
    pub fn has_choices(&self) -> bool {
        matches!(self.kind(), "radio" | "dropdown" | "checkbox")
    }

    /// The choices of a field that has some; a choice without a comma is its own code.
    #[must_use]
    pub fn choices(&self) -> Vec<Choice> {
        if !self.has_choices() {
            return vec![];
        }
        let choice = |part: &str| {
            let (code, label) = part.split_once(',').unwrap_or((part, part));
            Choice { code: code.trim().to_owned(), label: label.trim().to_owned() }
        };
        self.0[5].split('|').filter(|part| !part.trim().is_empty()).map(choice).collect()
    }

    /// The columns in the form in which they are compared.
    pub(super) fn normal(&self) -> [String; 18] {
        std::array::from_fn(|index| {
            let text = self.0[index].replace("\r\n", "\n").replace('\r', "\n");
            let text = text.trim();
            match COLUMNS[index].0 {
                "identifier" | "required_field" | "matrix_ranking" => {
                    is_yes(text).map_or(text, |yes| if yes { "y" } else { "" }).to_owned()
                }
                "select_choices_or_calculations" if self.has_choices() => {
                    let choice = |choice: &Choice| format!("{}, {}", choice.code, choice.label);
                    self.choices().iter().map(choice).collect::<Vec<_>>().join(" | ")
                }
                "select_choices_or_calculations" if self.kind() == "slider" => {
                    text.split('|').map(str::trim).collect::<Vec<_>>().join(" | ")
                }
                _ => text.to_owned(),
            }
        })
    }
}

fn is_yes(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "1" => Some(true),
        "" | "n" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// The names of a dictionary's instruments, in the order of their first field.
pub(super) fn instruments(rows: &[FieldRow]) -> Vec<&str> {
    let mut met = BTreeSet::new();
    rows.iter().map(FieldRow::instrument).filter(|name| met.insert(*name)).collect()
}

/// Hex SHA-256 of a dictionary, the same for dictionaries that do not differ.
#[must_use]
pub fn dictionary_digest(rows: &[FieldRow]) -> String {
    digest_of(&rows.iter().map(FieldRow::normal).collect::<Vec<_>>())
}

/// As the rule for settings knows a dictionary.
pub(super) fn known_fields(rows: &[FieldRow]) -> Vec<crate::enrolment::DictionaryField> {
    let known = |row: &FieldRow| crate::enrolment::DictionaryField {
        field: row.name().to_owned(),
        instrument: row.instrument().to_owned(),
    };
    rows.iter().map(known).collect()
}
