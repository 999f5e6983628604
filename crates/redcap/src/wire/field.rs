//! One field of the data dictionary, `content=metadata`.
//!
//! Invariant: the eighteen columns stand in REDCap's order, all as text, because REDCap sends them so.

use serde::{Deserialize, Serialize};

use super::lenient::text;

/// `content=metadata`. A form's `_complete` field is not listed by REDCap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The first field of a project is its record id.
    #[serde(deserialize_with = "text")]
    pub field_name: String,
    #[serde(deserialize_with = "text")]
    pub form_name: String,
    #[serde(default, deserialize_with = "text")]
    pub section_header: String,
    /// text, notes, radio, dropdown, checkbox, yesno, truefalse, calc, file, slider, descriptive or sql.
    #[serde(default, deserialize_with = "text")]
    pub field_type: String,
    #[serde(default, deserialize_with = "text")]
    pub field_label: String,
    /// `0, No | 1, Yes`, or the formula of a calc field.
    #[serde(default, deserialize_with = "text")]
    pub select_choices_or_calculations: String,
    #[serde(default, deserialize_with = "text")]
    pub field_note: String,
    /// `date_ymd`, `integer`, …, or empty.
    #[serde(default, deserialize_with = "text")]
    pub text_validation_type_or_show_slider_number: String,
    #[serde(default, deserialize_with = "text")]
    pub text_validation_min: String,
    #[serde(default, deserialize_with = "text")]
    pub text_validation_max: String,
    /// `y` or empty.
    #[serde(default, deserialize_with = "text")]
    pub identifier: String,
    #[serde(default, deserialize_with = "text")]
    pub branching_logic: String,
    /// `y` or empty.
    #[serde(default, deserialize_with = "text")]
    pub required_field: String,
    #[serde(default, deserialize_with = "text")]
    pub custom_alignment: String,
    #[serde(default, deserialize_with = "text")]
    pub question_number: String,
    #[serde(default, deserialize_with = "text")]
    pub matrix_group_name: String,
    #[serde(default, deserialize_with = "text")]
    pub matrix_ranking: String,
    #[serde(default, deserialize_with = "text")]
    pub field_annotation: String,
}
