//! Rows 3 and 4: the study's secrets as they lie in the database.

use metricis_store::{SecretField, StoredStudy};

use super::{Finding, Flaw};
use crate::AppState;

/// Row 3: the API token is sealed under the current key, for this study.
pub(super) fn token_sealed(app: &AppState, study: &StoredStudy) -> Finding {
    let Some(token) = study.config.redcap.api_token.as_deref() else {
        return Err(Flaw::new("no API token is stored", "enter it in the study's REDCap connection"));
    };
    sealed(app, study, SecretField::ApiToken, "the API token", token)?;
    Ok("the API token reads enc:v2:…, opens with the current key, and needs no rotation".to_owned())
}

/// Row 4: so is the webhook secret, and the former one while it is live.
pub(super) fn webhook_secret_sealed(app: &AppState, study: &StoredStudy) -> Finding {
    let redcap = &study.config.redcap;
    let Some(secret) = redcap.webhook_secret.as_deref() else {
        return Err(Flaw::new("no webhook secret is stored", "enter it in the study's REDCap configuration"));
    };
    sealed(app, study, SecretField::WebhookSecret, "the webhook secret", secret)?;
    let Some(former) = redcap.webhook_secret_previous.as_deref() else {
        return Ok("the webhook secret reads enc:v2:…, opens with the current key, and needs no rotation".to_owned());
    };
    sealed(app, study, SecretField::WebhookSecret, "the former webhook secret", former)?;
    Ok("the webhook secret and the former one, which is still live, are sealed under the current key".to_owned())
}

fn sealed(app: &AppState, study: &StoredStudy, field: SecretField, what: &str, stored: &str) -> Result<(), Flaw> {
    let remedy = "run `metricis secrets rotate`, then with --apply";
    if !stored.starts_with("enc:v2:") {
        return Err(Flaw::new(format!("{what} is not stored as enc:v2:"), remedy));
    }
    match app.sealer.open(study.id, field, stored) {
        Ok(opened) if opened.needs_rotation => Err(Flaw::new(format!("{what} needs rotation"), remedy)),
        Ok(_) => Ok(()),
        Err(error) => Err(Flaw::new(format!("{what}: {error}"), remedy)),
    }
}
