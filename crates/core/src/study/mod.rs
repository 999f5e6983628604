//! A study's configuration: the typed view of `studies.config`, whose JSON names the checklist fixes.
//!
//! Keys that this version does not know are kept (`extra`), so that writing a config back loses nothing.

mod changes;
mod connection;
mod digest;
mod record_url;

pub use crate::words::RecordIdField;
pub use changes::{ConfigChange, config_changes};
pub use connection::{ConnectionRefusal, ConnectionSummary, NewConnection, check_webhook_secret};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::words::{AnchorSource, CompletedVisitHandling, ConsentMode, StudyRole};

/// Key of `config.redcap` that names the instruments which participants fill in as surveys: REDCap's API does not tell.
pub const SURVEY_INSTRUMENTS: &str = "survey_instruments";

/// Key of `config.redcap` under which an event sync of a classic project keeps the instruments that repeat.
pub const REPEATING_INSTRUMENTS: &str = "repeating_instruments";

/// `studies.config`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StudyConfig {
    /// How the study's REDCap project is reached and read.
    pub redcap: RedcapConfig,
    /// What waits for consent.
    pub constraints: Constraints,
    /// Where anchor dates come from and who may move them.
    pub enrollment_date_policy: AnchorPolicy,
    /// IANA name of the study's time zone; also the default of its participants. UTC when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Keys unknown to this version.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// `studies.config.redcap`. The three secrets hold `enc:v2:…`, never plaintext.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RedcapConfig {
    /// Address of the API, ending in `/api/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_url: Option<String>,
    /// `scheme://host[:port]` of `api_url`; with `project_id` it tells this project from every other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_origin: Option<String>,
    /// The sealed API token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_token: Option<String>,
    /// The sealed webhook secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
    /// The sealed former secret: still accepted until it is retired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret_previous: Option<String>,
    /// REDCap's project id, as text.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "text_or_number")]
    pub project_id: Option<String>,
    /// What REDCap's record id is to us.
    pub record_id_field: RecordIdField,
    /// The name of REDCap's own record id field, learned by the event sync.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redcap_record_field: Option<String>,
    /// The REDCap field that carries the enrolment or baseline date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor_date_field: Option<String>,
    /// The instrument whose completion enrols.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollment_instrument: Option<String>,
    /// REDCap field → participant field; the default mapping applies without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_field_mapping: Option<BTreeMap<String, String>>,
    /// Task → where its results go in REDCap.
    pub redcap_field_mapping: BTreeMap<String, TaskMapping>,
    /// Keys unknown to this version.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl RedcapConfig {
    /// The instruments that participants fill in as surveys; none until somebody has said which, or when what was said cannot be
    /// read.
    #[must_use]
    pub fn survey_instruments(&self) -> Option<BTreeSet<String>> {
        serde_json::from_value(self.extra.get(SURVEY_INSTRUMENTS)?.clone()).ok()
    }
}

impl std::fmt::Debug for RedcapConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedcapConfig")
            .field("api_url", &self.api_url)
            .field("project_id", &self.project_id)
            .field("api_token", &self.api_token.as_ref().map(|_| "***"))
            .field("webhook_secret", &self.webhook_secret.as_ref().map(|_| "***"))
            .finish_non_exhaustive()
    }
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Value>::deserialize(from)? {
        Some(Value::String(text)) => Some(text),
        Some(Value::Number(number)) => Some(number.to_string()),
        None | Some(Value::Null) => None,
        Some(other) => {
            return Err(serde::de::Error::custom(format!("project_id is {other}; write a number or its text")));
        }
    })
}

/// Where a task's results go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskMapping {
    /// REDCap's instrument, set complete with the import.
    pub instrument: String,
    /// Result field → REDCap field.
    pub fields: BTreeMap<String, String>,
}

/// `studies.config.constraints` (checklist §5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Constraints {
    /// How consent is obtained; chosen explicitly, so absent until somebody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_mode: Option<ConsentMode>,
    /// Scheduling waits for consent.
    pub require_consent_for_scheduling: bool,
    /// Messages wait for consent.
    pub require_consent_for_messaging: bool,
}

impl Default for Constraints {
    fn default() -> Self {
        Self { consent_mode: None, require_consent_for_scheduling: true, require_consent_for_messaging: true }
    }
}

/// `studies.config.enrollment_date_policy` (checklist §5.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnchorPolicy {
    /// Sources by priority.
    pub sources: Vec<AnchorSource>,
    /// What a moved anchor does.
    pub re_anchoring: ReAnchoring,
    /// Who may move it.
    pub permissions: AnchorPermissions,
}

impl Default for AnchorPolicy {
    fn default() -> Self {
        Self {
            sources: vec![AnchorSource::ConsentWorkflow, AnchorSource::RedcapField, AnchorSource::ManualEntry],
            re_anchoring: ReAnchoring::default(),
            permissions: AnchorPermissions::default(),
        }
    }
}

impl AnchorPolicy {
    /// Whether somebody with this role on the study may move an anchor date.
    #[must_use]
    pub fn lets_move(&self, role: StudyRole) -> bool {
        self.permissions.can_override.contains(&role)
    }
}

/// What a moved anchor does to completed visits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReAnchoring {
    /// `flag_for_review` unless chosen otherwise.
    pub completed_visit_handling: CompletedVisitHandling,
}

impl Default for ReAnchoring {
    fn default() -> Self {
        Self { completed_visit_handling: CompletedVisitHandling::FlagForReview }
    }
}

/// Who may move an anchor date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnchorPermissions {
    /// Study roles that may.
    pub can_override: Vec<StudyRole>,
}

impl Default for AnchorPermissions {
    fn default() -> Self {
        Self { can_override: vec![StudyRole::Owner, StudyRole::Admin, StudyRole::Coordinator] }
    }
}
