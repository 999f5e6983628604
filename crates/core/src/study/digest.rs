//! What the settings were when somebody read them, so that a change can ask that they still are so.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{RedcapConfig, SURVEY_INSTRUMENTS};

impl RedcapConfig {
    /// Hex SHA-256 of the settings that are changed together; equal as long as none of them changes. Holds no secret.
    #[must_use]
    pub fn settings_digest(&self) -> String {
        let settings = (
            self.record_id_field,
            &self.anchor_date_field,
            &self.enrollment_instrument,
            &self.participant_field_mapping,
            &self.redcap_field_mapping,
            self.extra.get(SURVEY_INSTRUMENTS),
        );
        // Maps are ordered by their keys, so the same settings are the same text.
        let text = serde_json::to_value(settings).unwrap_or(Value::Null).to_string();
        hex::encode(Sha256::digest(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::study::{RecordIdField, TaskMapping};

    #[test]
    fn each_setting_changes_the_digest_and_nothing_else_does() {
        let plain = RedcapConfig::default();
        let change: [fn(&mut RedcapConfig); 6] = [
            |config| config.record_id_field = RecordIdField::ParticipantCode,
            |config| config.anchor_date_field = Some("enrolled_on".to_owned()),
            |config| config.enrollment_instrument = Some("enrolled_on".to_owned()),
            |config| config.participant_field_mapping = Some([("arm".to_owned(), "arm".to_owned())].into()),
            |config| config.redcap_field_mapping = [("nback".to_owned(), TaskMapping::default())].into(),
            |config| drop(config.extra.insert(SURVEY_INSTRUMENTS.to_owned(), json!(["mood"]))),
        ];
        let mut seen = std::collections::BTreeSet::from([plain.settings_digest()]);
        for change in change {
            let mut config = plain.clone();
            change(&mut config);
            assert!(seen.insert(config.settings_digest()), "a change that is not seen");
        }
        let other = RedcapConfig { api_token: Some("enc:v2:1".to_owned()), ..plain.clone() };
        assert_eq!(other.settings_digest(), plain.settings_digest());
    }
}
