//! The webhook secret and its rotation: two secrets are live until the former one is retired (checklist §9.3).

use axum::Json;
use metricis_core::action::Action;
use metricis_store::{SecretField, Tx};
use secrecy::{ExposeSecret, SecretString};
use utoipa::ToSchema;

use super::RedcapShown;
use crate::extract::{Body, Call, StudyAdmin};
use crate::problem::{Answer, Problem, Refusals};

const MIN_CHARS: usize = 32;
const MAX_CHARS: usize = 200;

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSecret {
    /// At least 32 visible ASCII characters; `metricis secrets generate` makes one.
    #[schema(value_type = String, format = Password, min_length = 32, max_length = 200)]
    secret: SecretString,
}

/// Sets the webhook secret; the former one stays valid until it is retired.
#[utoipa::path(put, path = "/api/studies/{study_id}/redcap/webhook-secret", tag = "redcap",
    params(("study_id" = Uuid, Path)), request_body = NewSecret, security(("token" = [])),
    responses((status = 200, body = RedcapShown), Refusals))]
pub(super) async fn set_webhook_secret(
    call: Call<StudyAdmin, Tx>,
    Body(given): Body<NewSecret>,
) -> Answer<RedcapShown> {
    let text = given.secret.expose_secret();
    if !(MIN_CHARS..=MAX_CHARS).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let rule = format!("the secret needs {MIN_CHARS} to {MAX_CHARS} visible ASCII characters");
        return Err(Problem::Invalid(rule));
    }
    let mut study = call.lock_study().await?;
    let sealed = call.app.sealer.seal(study.id, SecretField::WebhookSecret, &given.secret);
    let former_kept = study.config.redcap.replace_webhook_secret(sealed);
    call.tx.set_study_config(study.id, &study.config).await?;
    let app = call.commit(Action::SetWebhookSecret { study: study.id, former_kept }).await?;
    Ok(Json(RedcapShown::of(&study.config.redcap, &app)?))
}

/// Retires the former webhook secret.
#[utoipa::path(delete, path = "/api/studies/{study_id}/redcap/webhook-secret/previous", tag = "redcap",
    params(("study_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = RedcapShown), Refusals))]
pub(super) async fn retire_webhook_secret(call: Call<StudyAdmin, Tx>) -> Answer<RedcapShown> {
    let mut study = call.lock_study().await?;
    if study.config.redcap.webhook_secret_previous.take().is_none() {
        return Err(Problem::Conflict("no former webhook secret is live".to_owned()));
    }
    call.tx.set_study_config(study.id, &study.config).await?;
    let app = call.commit(Action::RetireWebhookSecret { study: study.id }).await?;
    Ok(Json(RedcapShown::of(&study.config.redcap, &app)?))
}
