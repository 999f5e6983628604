//! Pointing a study at a REDCap project; a token never follows an edited address.

use axum::Json;
use metricis_core::action::Action;
use metricis_core::study::NewConnection;
use metricis_store::{SecretField, Tx};
use secrecy::{ExposeSecret, SecretString};
use utoipa::ToSchema;

use super::RedcapShown;
use crate::extract::{Body, Call, StudyAdmin};
use crate::problem::{Answer, Problem, Refusals};

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Connection {
    /// `https://HOST/api/`, as REDCap shows it; in production with TLS.
    api_url: String,
    /// REDCap's project number.
    project_id: String,
    /// Needed at first, and whenever the address moves to another server; otherwise the stored one is kept.
    #[schema(value_type = Option<String>, format = Password)]
    api_token: Option<SecretString>,
}

/// Sets the address, the project and the API token.
#[utoipa::path(put, path = "/api/studies/{study_id}/redcap/connection", tag = "redcap",
    params(("study_id" = Uuid, Path)), request_body = Connection, security(("token" = [])),
    responses((status = 200, body = RedcapShown), Refusals))]
pub(super) async fn set_redcap_connection(
    call: Call<StudyAdmin, Tx>,
    Body(given): Body<Connection>,
) -> Answer<RedcapShown> {
    let mut study = call.lock_study().await?;
    let redcap = &mut study.config.redcap;
    let origin_before = redcap.api_origin.clone();
    let token = given.api_token.map(readable_token).transpose()?;
    let environment = &call.app.settings.environment;
    let new = NewConnection { api_url: &given.api_url, project_id: &given.project_id, environment };
    redcap.connect(&new, token.is_some()).map_err(|refusal| Problem::Invalid(refusal.to_string()))?;
    let token_replaced = token.is_some();
    if let Some(token) = token {
        redcap.api_token = Some(call.app.sealer.seal(study.id, SecretField::ApiToken, &token));
    }
    let (origin, project_id) = (redcap.api_origin.clone(), redcap.project_id.clone());
    call.tx.set_study_config(study.id, &study.config).await?;
    let app = call.commit(Action::SetRedcapConnection {
        study: study.id,
        origin: origin.unwrap_or_default(),
        project_id: project_id.unwrap_or_default(),
        origin_before,
        token_replaced,
    });
    let app = app.await?;
    Ok(Json(RedcapShown::of(&study.config.redcap, &app)))
}

fn readable_token(token: SecretString) -> Result<SecretString, Problem> {
    let text = token.expose_secret().trim();
    if text.is_empty() || text.len() > 200 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::Invalid("api_token is not an API token; copy it from REDCap's API page".to_owned()));
    }
    Ok(text.into())
}
