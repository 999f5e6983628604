//! The settings of a project, `content=project`.
//!
//! Invariant: `project_id` and `is_longitudinal` are always REDCap's own words, never a default; a reply without them is
//! no project.

use serde::{Deserialize, Serialize};

use super::lenient::{flag, integer, optional_integer, text, write_flag};

/// `content=project_settings`: what is to be changed; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProjectSettings {
    /// `1` or `0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_longitudinal: Option<u8>,
    /// `1` or `0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling_enabled: Option<u8>,
}

/// `content=project`. Settings that older servers do not send read as off or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectInfo {
    #[serde(deserialize_with = "integer")]
    pub project_id: i64,
    #[serde(default, deserialize_with = "text")]
    pub project_title: String,
    /// `YYYY-MM-DD HH:MM:SS` in the server's time zone.
    #[serde(default, deserialize_with = "text")]
    pub creation_time: String,
    /// Empty while the project is in development.
    #[serde(default, deserialize_with = "text")]
    pub production_time: String,
    #[serde(default, deserialize_with = "flag", serialize_with = "write_flag")]
    pub in_production: bool,
    #[serde(default, deserialize_with = "text")]
    pub project_language: String,
    #[serde(default, deserialize_with = "optional_integer")]
    pub purpose: Option<i64>,
    #[serde(default, deserialize_with = "text")]
    pub purpose_other: String,
    #[serde(default, deserialize_with = "text")]
    pub project_notes: String,
    #[serde(default, deserialize_with = "text")]
    pub custom_record_label: String,
    #[serde(default, deserialize_with = "text")]
    pub secondary_unique_field: String,
    /// Whether the project has events; required, because everything else depends on it.
    #[serde(deserialize_with = "flag", serialize_with = "write_flag")]
    pub is_longitudinal: bool,
    #[serde(default, deserialize_with = "flag", serialize_with = "write_flag")]
    pub has_repeating_instruments_or_events: bool,
    #[serde(default, deserialize_with = "flag", serialize_with = "write_flag")]
    pub surveys_enabled: bool,
    #[serde(default, deserialize_with = "flag", serialize_with = "write_flag")]
    pub scheduling_enabled: bool,
    #[serde(default, deserialize_with = "flag", serialize_with = "write_flag")]
    pub record_autonumbering_enabled: bool,
    #[serde(default, deserialize_with = "flag", serialize_with = "write_flag")]
    pub randomization_enabled: bool,
    #[serde(default, deserialize_with = "flag", serialize_with = "write_flag")]
    pub ddp_enabled: bool,
    #[serde(default, deserialize_with = "text")]
    pub project_irb_number: String,
    #[serde(default, deserialize_with = "text")]
    pub project_grant_number: String,
    #[serde(default, deserialize_with = "text")]
    pub project_pi_firstname: String,
    #[serde(default, deserialize_with = "text")]
    pub project_pi_lastname: String,
    #[serde(default, deserialize_with = "flag", serialize_with = "write_flag")]
    pub display_today_now_button: bool,
    /// `code, label | …`: codes that may stand in any typed field.
    #[serde(default, deserialize_with = "text")]
    pub missing_data_codes: String,
    #[serde(default, deserialize_with = "text")]
    pub external_modules: String,
    #[serde(default, deserialize_with = "flag", serialize_with = "write_flag")]
    pub bypass_branching_erase_field_prompt: bool,
}
