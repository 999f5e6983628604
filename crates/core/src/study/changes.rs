//! What a change of a study's configuration changed, for the audit log: each setting before and after, no secret among them.

use serde::Serialize;
use serde_json::{Map, Value};

use super::StudyConfig;

/// Keys of `redcap` that hold a sealed secret; a change of one has an action of its own.
const SECRETS: [&str; 3] = ["api_token", "webhook_secret", "webhook_secret_previous"];

/// One setting that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigChange {
    /// Its place in `studies.config`, such as `constraints.consent_mode`.
    pub path: String,
    /// What it was; null when it was not set.
    pub before: Value,
    /// What it is now; null when it is not set any more.
    pub after: Value,
}

/// The settings in which two configurations differ.
#[must_use]
pub fn config_changes(before: &StudyConfig, after: &StudyConfig) -> Vec<ConfigChange> {
    let object = |config: &StudyConfig| match serde_json::to_value(config) {
        Ok(Value::Object(object)) => object,
        // A configuration always serializes to an object.
        _ => Map::new(),
    };
    let mut changes = vec![];
    compare("", &object(before), &object(after), &mut changes);
    changes
}

fn compare(prefix: &str, before: &Map<String, Value>, after: &Map<String, Value>, changes: &mut Vec<ConfigChange>) {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys.into_iter().filter(|key| prefix != "redcap." || !SECRETS.contains(&key.as_str())) {
        let (was, is) = (before.get(key).unwrap_or(&Value::Null), after.get(key).unwrap_or(&Value::Null));
        match (was, is) {
            _ if was == is => {}
            (Value::Object(was), Value::Object(is)) if prefix.is_empty() => {
                compare(&format!("{key}."), was, is, changes);
            }
            _ => changes.push(ConfigChange { path: format!("{prefix}{key}"), before: was.clone(), after: is.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::words::ConsentMode;

    #[test]
    fn each_setting_is_told_before_and_after_and_no_secret_is() {
        let before = StudyConfig::default();
        let mut after = before.clone();
        assert_eq!(config_changes(&before, &after), []);
        after.constraints.consent_mode = Some(ConsentMode::Waived);
        after.redcap.api_token = Some("enc:v2:x".to_owned());
        after.redcap.webhook_secret = Some("enc:v2:y".to_owned());
        after.redcap.anchor_date_field = Some("enroll_date".to_owned());
        let change = |path: &str, after| ConfigChange { path: path.to_owned(), before: Value::Null, after };
        assert_eq!(
            config_changes(&before, &after),
            [
                change("constraints.consent_mode", json!("waived")),
                change("redcap.anchor_date_field", json!("enroll_date")),
            ]
        );
    }
}
