//! How a study is connected to its REDCap project: the high-risk operations of guarantee 16.
//!
//! Invariant: a secret goes in and never comes out.

mod calls;
mod connection;
mod fields;
mod secret;

use std::collections::BTreeMap;

use axum::Json;
use metricis_core::study::RedcapConfig;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use crate::extract::{Call, StudyMember};
use crate::problem::{Answer, Problem, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_redcap_config))
        .routes(routes!(connection::set_redcap_connection))
        .routes(routes!(secret::set_webhook_secret))
        .routes(routes!(secret::retire_webhook_secret))
        .routes(routes!(fields::set_redcap_settings))
        .routes(routes!(calls::sync_events))
        .routes(routes!(calls::test_connection))
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
    #[schema(value_type = String)]
    record_id_field: Value,
    /// The name of REDCap's own record id field, learned by the event sync.
    redcap_record_field: Option<String>,
    anchor_date_field: Option<String>,
    enrollment_instrument: Option<String>,
    /// REDCap field → participant field; the default mapping applies without it.
    participant_field_mapping: Option<BTreeMap<String, String>>,
    /// The instruments that participants fill in as REDCap surveys.
    survey_instruments: Vec<String>,
    /// Task → where its results go.
    #[schema(value_type = Object)]
    redcap_field_mapping: Value,
}

impl RedcapShown {
    fn of(config: &RedcapConfig, app: &AppState) -> Result<Self, Problem> {
        let summary = config.summary();
        let public_url = &app.settings.public_url;
        let (scheme, host) = public_url.split_once("://").unwrap_or(("https", public_url));
        Ok(Self {
            api_url: summary.api_url,
            project_id: summary.project_id,
            has_token: summary.has_token,
            has_webhook_secret: summary.has_webhook_secret,
            former_webhook_secret_live: summary.former_webhook_secret_live,
            det_url_template: format!("{scheme}://redcap:WEBHOOK_SECRET@{host}/api/webhooks/redcap/det"),
            record_id_field: serde_json::to_value(config.record_id_field).map_err(Problem::internal)?,
            redcap_record_field: config.redcap_record_field.clone(),
            anchor_date_field: config.anchor_date_field.clone(),
            enrollment_instrument: config.enrollment_instrument.clone(),
            participant_field_mapping: config.participant_field_mapping.clone(),
            survey_instruments: survey_instruments(config),
            redcap_field_mapping: serde_json::to_value(&config.redcap_field_mapping).map_err(Problem::internal)?,
        })
    }
}

fn survey_instruments(config: &RedcapConfig) -> Vec<String> {
    let stored = config.extra.get("survey_instruments").and_then(Value::as_array).into_iter().flatten();
    stored.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The connection and its mappings, without secrets.
#[utoipa::path(get, path = "/api/studies/{study_id}/redcap", tag = "redcap", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = RedcapShown), Refusals))]
async fn get_redcap_config(call: Call<StudyMember>) -> Answer<RedcapShown> {
    let study = call.study().await?;
    Ok(Json(RedcapShown::of(&study.config.redcap, &call.app)?))
}
