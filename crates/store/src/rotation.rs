//! Which stored secrets are due for rotation, and sealing them again under the current key (checklist §9.3).

use metricis_core::ids::StudyId;
use metricis_core::study::RedcapConfig;

use crate::{Result, Sealer, SecretField, Snapshot, StoreError, StoredStudy, Tx};

/// A stored secret and its condition; never its value.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InspectedSecret {
    /// Its study.
    pub study: StudyId,
    /// The study's code.
    pub study_code: String,
    /// Its place in `studies.config`.
    pub path: &'static str,
    /// How it stands.
    pub state: SecretState,
}

/// How a stored secret stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretState {
    /// Sealed for its place under the current key.
    Sealed,
    /// Readable, but plaintext, under the previous key, or without its place.
    NeedsRotation,
    /// Not readable, and why.
    Unreadable(String),
}

/// The secrets of a REDCap configuration: place, kind, and the slot itself.
fn slots(config: &mut RedcapConfig) -> [(&'static str, SecretField, &mut Option<String>); 3] {
    [
        ("redcap.api_token", SecretField::ApiToken, &mut config.api_token),
        ("redcap.webhook_secret", SecretField::WebhookSecret, &mut config.webhook_secret),
        ("redcap.webhook_secret_previous", SecretField::WebhookSecret, &mut config.webhook_secret_previous),
    ]
}

/// The condition of each secret of one study.
#[must_use]
pub fn inspect_study(study: &StoredStudy, sealer: &Sealer) -> Vec<InspectedSecret> {
    let mut config = study.config.redcap.clone();
    let found = slots(&mut config).into_iter().filter_map(|(path, field, slot)| {
        let state = match sealer.open(study.id, field, slot.as_deref()?) {
            Ok(opened) if opened.needs_rotation => SecretState::NeedsRotation,
            Ok(_) => SecretState::Sealed,
            Err(error) => SecretState::Unreadable(error.to_string()),
        };
        Some(InspectedSecret { study: study.id, study_code: study.code.clone(), path, state })
    });
    found.collect()
}

impl Snapshot {
    /// The condition of every stored secret, by study.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn inspect_secrets(&self, sealer: &Sealer) -> Result<Vec<InspectedSecret>> {
        Ok(self.studies().await?.iter().flat_map(|study| inspect_study(study, sealer)).collect())
    }
}

impl Tx {
    /// Seals one study's secrets again where they are due; says which. What cannot be read is left as it is.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn rotate_secrets(&self, study: StudyId, sealer: &Sealer) -> Result<Vec<String>> {
        let stored = self.lock_study(study).await?;
        let mut config = stored.ok_or_else(|| StoreError::inconsistent("the study has gone"))?.config;
        let mut rotated = vec![];
        for (path, field, slot) in slots(&mut config.redcap) {
            let opened = slot.as_deref().and_then(|sealed| sealer.open(study, field, sealed).ok());
            if let Some(opened) = opened.filter(|opened| opened.needs_rotation) {
                *slot = Some(sealer.seal(study, field, &opened.value));
                rotated.push(path.to_owned());
            }
        }
        if !rotated.is_empty() {
            self.set_study_config(study, &config).await?;
        }
        Ok(rotated)
    }
}
