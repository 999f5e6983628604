//! The secrets: long enough, each its own, and the one under which REDCap's are sealed.

use metricis_store::Sealer;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::Reader;
use crate::config::development::development_secret;

pub(super) struct Secrets {
    pub(super) jwt: SecretString,
    pub(super) session: SecretString,
    pub(super) encryption: SecretString,
}

/// Tells processes with different keys apart, and nothing else.
pub(super) fn fingerprint(key: &SecretString) -> String {
    Sha256::digest(key.expose_secret().as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Reader<'_> {
    pub(super) fn secrets(&mut self) -> Secrets {
        let names = ["JWT_SECRET_KEY", "SESSION_SECRET_KEY", "REDCAP_ENCRYPTION_KEY"];
        let [jwt, session, encryption] = names.map(|name| self.secret(name));
        let mut seen: Vec<(&'static str, String)> = vec![];
        let previous = self.text("REDCAP_ENCRYPTION_KEY_PREVIOUS").unwrap_or_default();
        let all = [
            ("JWT_SECRET_KEY", jwt.clone()),
            ("SESSION_SECRET_KEY", session.clone()),
            ("REDCAP_ENCRYPTION_KEY", encryption.clone()),
            ("REDCAP_ENCRYPTION_KEY_PREVIOUS", previous),
        ];
        for (name, value) in all {
            if let Some((other, _)) = seen.iter().find(|(_, known)| !value.is_empty() && *known == value) {
                let problem =
                    format!("is the same as {other}; each secret must be its own (`metricis secrets generate`)");
                self.note(name, problem);
            }
            seen.push((name, value));
        }
        Secrets { jwt: jwt.into(), session: session.into(), encryption: encryption.into() }
    }

    fn secret(&mut self, name: &'static str) -> String {
        match self.text(name) {
            Some(text) if text.chars().count() < 32 => {
                let problem = format!(
                    "has {} characters; it needs 32 or more (`metricis secrets generate`)",
                    text.chars().count()
                );
                self.note(name, problem);
                text
            }
            Some(text) => text,
            None if self.production => {
                self.note(name, "is not set (`metricis secrets generate` makes one)");
                String::new()
            }
            None => development_secret(&self.data, name, self.absent).unwrap_or_else(|error| {
                let problem = format!("is not set, and the data directory does not have it: {error}");
                self.note(name, problem);
                String::new()
            }),
        }
    }

    pub(super) fn sealer(&mut self, key: &SecretString) -> Option<Sealer> {
        let allow_plaintext = self.forbidden_switch("REDCAP_ENCRYPTION_ALLOW_PLAINTEXT_READS");
        let previous = self.text("REDCAP_ENCRYPTION_KEY_PREVIOUS").map(SecretString::from);
        if let Some(short) =
            previous.as_ref().map(|key| key.expose_secret().chars().count()).filter(|length| *length < 32)
        {
            self.note("REDCAP_ENCRYPTION_KEY_PREVIOUS", format!("has {short} characters; it needs 32 or more"));
            return None;
        }
        // A key that is missing or short has been noted already.
        Sealer::new(key, previous.as_ref(), allow_plaintext).ok()
    }
}
