//! The shape of a project: arms, events, instruments, which instrument belongs to which event, groups, repeats.
//!
//! Invariant: the names that other calls refer to (unique event, form, group) are required; labels may be missing.

use serde::{Deserialize, Serialize};

use super::lenient::{integer, optional_integer, optional_text, text};

/// `content=arm`. REDCap exports an arm only when it has an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    #[serde(deserialize_with = "integer")]
    pub arm_num: i64,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
}

/// `content=event`. The three offsets are sent only by projects with the Scheduling module enabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    #[serde(deserialize_with = "text")]
    pub event_name: String,
    #[serde(deserialize_with = "integer")]
    pub arm_num: i64,
    /// Days from the anchor to the event.
    #[serde(default, deserialize_with = "optional_integer", skip_serializing_if = "Option::is_none")]
    pub day_offset: Option<i64>,
    /// Days before `day_offset` that are still acceptable.
    #[serde(default, deserialize_with = "optional_integer", skip_serializing_if = "Option::is_none")]
    pub offset_min: Option<i64>,
    /// Days after `day_offset` that are still acceptable.
    #[serde(default, deserialize_with = "optional_integer", skip_serializing_if = "Option::is_none")]
    pub offset_max: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub unique_event_name: String,
    #[serde(default, deserialize_with = "optional_text")]
    pub custom_event_label: Option<String>,
    /// Absent on old servers.
    #[serde(default, deserialize_with = "optional_integer", skip_serializing_if = "Option::is_none")]
    pub event_id: Option<i64>,
}

/// An event to be made, `content=event`; REDCap makes its unique name from its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewEvent {
    pub event_name: String,
    pub arm_num: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_offset: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_max: Option<i64>,
}

/// `content=instrument`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    #[serde(deserialize_with = "text")]
    pub instrument_name: String,
    #[serde(default, deserialize_with = "text")]
    pub instrument_label: String,
}

/// `content=formEventMapping`: this form is collected at this event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormEventMapping {
    #[serde(deserialize_with = "integer")]
    pub arm_num: i64,
    #[serde(deserialize_with = "text")]
    pub unique_event_name: String,
    #[serde(deserialize_with = "text")]
    pub form: String,
}

/// `content=dag`, a data access group. Rows carry its `unique_group_name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dag {
    #[serde(default, deserialize_with = "text")]
    pub data_access_group_name: String,
    #[serde(deserialize_with = "text")]
    pub unique_group_name: String,
    /// Absent on old servers.
    #[serde(default, deserialize_with = "optional_integer", skip_serializing_if = "Option::is_none")]
    pub data_access_group_id: Option<i64>,
}

/// `content=repeatingFormsEvents`. A classic project sends no event; a whole repeating event sends no form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatingFormEvent {
    #[serde(default, deserialize_with = "optional_text", skip_serializing_if = "Option::is_none")]
    pub event_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub form_name: String,
    #[serde(default, deserialize_with = "text")]
    pub custom_form_label: String,
}
