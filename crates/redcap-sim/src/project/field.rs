//! A field of the data dictionary: its kind, choices and the columns it has in a flat export.
//! Invariant: a checkbox has one column per choice, every other real field exactly one.

use serde::{Deserialize, Serialize};

/// The field types of REDCap's dictionary (`redcap.md` 2.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Text,
    Notes,
    Radio,
    Dropdown,
    Checkbox,
    YesNo,
    TrueFalse,
    Calc,
    File,
    Slider,
    Descriptive,
    Sql,
}

const KINDS: [(Kind, &str, &str); 12] = [
    (Kind::Text, "text", "text"),
    (Kind::Notes, "notes", "textarea"),
    (Kind::Radio, "radio", "radio"),
    (Kind::Dropdown, "dropdown", "select"),
    (Kind::Checkbox, "checkbox", "checkbox"),
    (Kind::YesNo, "yesno", "yesno"),
    (Kind::TrueFalse, "truefalse", "truefalse"),
    (Kind::Calc, "calc", "calc"),
    (Kind::File, "file", "file"),
    (Kind::Slider, "slider", "slider"),
    (Kind::Descriptive, "descriptive", "descriptive"),
    (Kind::Sql, "sql", "sql"),
];

impl Kind {
    /// The word used by the `metadata` export.
    pub(crate) fn word(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("text", |(_, word, _)| word)
    }

    /// For `redcap:FieldType`.
    pub(crate) fn odm_word(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("text", |(.., odm)| odm)
    }

    /// From the column `field_type` of the dictionary.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        KINDS.iter().find(|(_, own, _)| *own == word).map(|(kind, ..)| *kind)
    }

    /// From `redcap:FieldType`, which says `select` for dropdown and `textarea` for notes.
    pub(crate) fn from_odm(word: &str) -> Option<Self> {
        KINDS.iter().find(|(.., odm)| *odm == word).map(|(kind, ..)| *kind)
    }
}

/// One row of the dictionary. Texts are as REDCap exports them; `identifier` and `required` become `y` or blank.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) form: String,
    pub(crate) section_header: String,
    pub(crate) kind: Kind,
    pub(crate) label: String,
    /// Column `select_choices_or_calculations`: choices, slider labels or the calculation.
    pub(crate) choices_or_calculation: String,
    pub(crate) note: String,
    pub(crate) validation: String,
    pub(crate) min: String,
    pub(crate) max: String,
    pub(crate) identifier: bool,
    pub(crate) branching: String,
    pub(crate) required: bool,
    pub(crate) alignment: String,
    pub(crate) question_number: String,
    pub(crate) matrix_group: String,
    pub(crate) matrix_ranking: String,
    pub(crate) annotation: String,
}

/// A code and what a person reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Choice {
    pub(crate) code: String,
    pub(crate) label: String,
}

impl Field {
    /// A field of which only the kind is known.
    pub(crate) fn blank(kind: Kind) -> Self {
        let text = String::new;
        Self {
            name: text(),
            form: text(),
            section_header: text(),
            kind,
            label: text(),
            choices_or_calculation: text(),
            note: text(),
            validation: text(),
            min: text(),
            max: text(),
            identifier: false,
            branching: text(),
            required: false,
            alignment: text(),
            question_number: text(),
            matrix_group: text(),
            matrix_ranking: text(),
            annotation: text(),
        }
    }

    /// The choices a person picks from; empty for fields without any.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        let fixed = |pairs: [(&str, &str); 2]| {
            pairs.map(|(code, label)| Choice { code: code.into(), label: label.into() }).to_vec()
        };
        match self.kind {
            Kind::YesNo => fixed([("1", "Yes"), ("0", "No")]),
            Kind::TrueFalse => fixed([("1", "True"), ("0", "False")]),
            Kind::Radio | Kind::Dropdown | Kind::Checkbox => parse_choices(&self.choices_or_calculation),
            _ => Vec::new(),
        }
    }

    /// Whether the field can hold a value at all.
    pub(crate) fn holds_data(&self) -> bool {
        self.kind != Kind::Descriptive
    }

    /// Whether values are numbers that may have decimals.
    pub(crate) fn is_number(&self) -> bool {
        self.kind == Kind::Calc || (self.kind == Kind::Text && self.validation.starts_with("number"))
    }

    /// Names of the columns in a flat export.
    pub(crate) fn columns(&self) -> Vec<String> {
        match self.kind {
            Kind::Checkbox => self.choices().iter().map(|choice| checkbox_column(&self.name, &choice.code)).collect(),
            Kind::Descriptive => Vec::new(),
            _ => vec![self.name.clone()],
        }
    }
}

/// `field___<code>`: lower case, anything but letters and digits becomes `_` (code `-4` gives `field____4`).
pub(crate) fn checkbox_column(field: &str, code: &str) -> String {
    let code: String =
        code.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    format!("{field}___{code}")
}

/// `0, Female|1, Male`; a choice without a comma is its own code (`Mr. | Mrs.`).
fn parse_choices(raw: &str) -> Vec<Choice> {
    let parts = raw.split('|').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (code, label) = part.split_once(',').unwrap_or((part, part));
            Choice { code: code.trim().into(), label: label.trim().into() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_split_at_the_first_comma_and_may_lack_one() {
        let choices = parse_choices("0, less, than 5 | 1,5-10|Mr. | ");
        let pairs: Vec<_> = choices.iter().map(|c| (c.code.as_str(), c.label.as_str())).collect();
        assert_eq!(pairs, [("0", "less, than 5"), ("1", "5-10"), ("Mr.", "Mr.")]);
    }

    #[test]
    fn a_checkbox_column_is_lower_case_with_underscores() {
        assert_eq!(checkbox_column("meds", "-4"), "meds____4");
        assert_eq!(checkbox_column("meds", "NA"), "meds___na");
    }
}
