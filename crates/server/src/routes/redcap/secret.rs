//! The webhook secret and its rotation: two secrets are live until the former one is retired (checklist §9.3).

use axum::Json;
use metricis_core::action::Action;
use metricis_core::study::check_webhook_secret;
use metricis_store::{SecretField, Tx};
use secrecy::{ExposeSecret, SecretString};
use utoipa::ToSchema;

use super::RedcapShown;
use crate::extract::{Body, Call, StudyAdmin};
use crate::problem::{Answer, Problem, Refusals};

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
    check_webhook_secret(text).map_err(|refusal| Problem::Invalid(refusal.to_string()))?;
    let mut study = call.lock_study().await?;
    let redcap = &mut study.config.redcap;
    let current = redcap.webhook_secret.as_deref();
    let current = current.and_then(|sealed| call.app.sealer.open(study.id, SecretField::WebhookSecret, sealed).ok());
    if current.is_some_and(|current| current.value.expose_secret() == text) {
        // The same request again, as a client that lost the answer sends it: the former secret must not fall out.
        return Ok(Json(RedcapShown::of(redcap, &call.app)));
    }
    let sealed = call.app.sealer.seal(study.id, SecretField::WebhookSecret, &given.secret);
    let former_kept =
        redcap.replace_webhook_secret(sealed).map_err(|refusal| Problem::Conflict(refusal.to_string()))?;
    call.tx.set_study_config(study.id, &study.config).await?;
    let app = call.commit(Action::SetWebhookSecret { study: study.id, former_kept }).await?;
    Ok(Json(RedcapShown::of(&study.config.redcap, &app)))
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
    Ok(Json(RedcapShown::of(&study.config.redcap, &app)))
}
