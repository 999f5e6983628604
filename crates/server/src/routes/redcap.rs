//! How a study is connected to its REDCap project: the high-risk operations of guarantee 16.
//!
//! Invariant: a secret goes in and never comes out.

mod calls;
mod connection;
mod fields;
mod operations;
mod outcome;
mod secret;

use std::collections::BTreeMap;

use axum::Json;
use metricis_core::study::{RecordIdField, RedcapConfig, SURVEY_INSTRUMENTS, TaskMapping};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use calls::commit_and_wait;
pub(super) use operations::{DictionaryPushShown, FormDeletionShown, ParticipantImportShown, ProjectInitShown};
pub(super) use outcome::{CallShown, EventSyncShown, SurveyLinksShown, TestShown, answer_of};

use crate::AppState;
use crate::extract::{Call, StudyMember};
use crate::problem::{Answer, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_redcap_config))
        .routes(routes!(connection::set_redcap_connection))
        .routes(routes!(secret::set_webhook_secret))
        .routes(routes!(secret::retire_webhook_secret))
        .routes(routes!(fields::set_redcap_settings))
        .routes(routes!(calls::sync_events))
        .routes(routes!(calls::test_connection))
        .routes(routes!(operations::push_dictionary))
        .routes(routes!(operations::init_project))
        .routes(routes!(operations::delete_form))
        .routes(routes!(operations::import_participants))
        .routes(routes!(calls::refresh_survey_links))
}

/// The configuration as people may see it.
#[derive(serde::Serialize, ToSchema)]
struct RedcapShown {
    api_url: Option<String>,
    project_id: Option<String>,
    has_token: bool,
    has_webhook_secret: bool,
    /// The former webhook secret is still accepted.
    former_webhook_secret_live: bool,
    /// What to enter as REDCap's Data Entry Trigger, with the webhook secret in its place.
    det_url_template: String,
    /// `participant_code` or `external_id`.
    #[schema(schema_with = crate::schema::record_id_field)]
    record_id_field: RecordIdField,
    /// The name of REDCap's own record id field, learned by the event sync.
    redcap_record_field: Option<String>,
    anchor_date_field: Option<String>,
    enrollment_instrument: Option<String>,
    /// REDCap field → participant field; the default mapping applies without it.
    participant_field_mapping: Option<BTreeMap<String, String>>,
    /// Task → where its results go.
    redcap_field_mapping: BTreeMap<String, TaskFields>,
    /// Instruments that participants fill in as surveys; null until somebody says.
    survey_instruments: Option<Vec<String>>,
    /// Changes with each of the settings; hand it back as `expected_digest`, so that nobody's change is overwritten unseen.
    settings_digest: String,
}

/// Where a task's results go.
#[derive(serde::Serialize, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TaskFields {
    /// REDCap's instrument, set complete with the results.
    instrument: String,
    /// Result → REDCap field.
    fields: BTreeMap<String, String>,
}

impl From<TaskMapping> for TaskFields {
    fn from(TaskMapping { instrument, fields }: TaskMapping) -> Self {
        Self { instrument, fields }
    }
}

impl From<TaskFields> for TaskMapping {
    fn from(TaskFields { instrument, fields }: TaskFields) -> Self {
        Self { instrument, fields }
    }
}

impl RedcapShown {
    fn of(config: &RedcapConfig, app: &AppState) -> Self {
        let summary = config.summary();
        let public_url = &app.settings.public_url;
        let (scheme, host) = public_url.split_once("://").unwrap_or(("https", public_url));
        Self {
            api_url: summary.api_url,
            project_id: summary.project_id,
            has_token: summary.has_token,
            has_webhook_secret: summary.has_webhook_secret,
            former_webhook_secret_live: summary.former_webhook_secret_live,
            det_url_template: format!("{scheme}://redcap:WEBHOOK_SECRET@{host}/api/webhooks/redcap/det"),
            record_id_field: config.record_id_field,
            redcap_record_field: config.redcap_record_field.clone(),
            anchor_date_field: config.anchor_date_field.clone(),
            enrollment_instrument: config.enrollment_instrument.clone(),
            participant_field_mapping: config.participant_field_mapping.clone(),
            redcap_field_mapping: config
                .redcap_field_mapping
                .clone()
                .into_iter()
                .map(|(task, to)| (task, to.into()))
                .collect(),
            survey_instruments: config
                .extra
                .get(SURVEY_INSTRUMENTS)
                .and_then(|names| serde_json::from_value(names.clone()).ok()),
            settings_digest: config.settings_digest(),
        }
    }
}

/// The connection and its mappings, without secrets.
#[utoipa::path(get, path = "/api/studies/{study_id}/redcap", tag = "redcap", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = RedcapShown), Refusals))]
async fn get_redcap_config(call: Call<StudyMember>) -> Answer<RedcapShown> {
    let study = call.study().await?;
    Ok(Json(RedcapShown::of(&study.config.redcap, &call.app)))
}
