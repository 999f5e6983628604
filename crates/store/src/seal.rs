//! Secrets at rest: Fernet under `REDCAP_ENCRYPTION_KEY`, written `enc:v2:…`, readable by Python's `MultiFernet`.
//!
//! The plaintext names the study and the field that it belongs to, so that a sealed value moved elsewhere is refused.

use base64::Engine;
use base64::prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use fernet::Fernet;
use metricis_core::ids::StudyId;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const PREFIX: &str = "enc:v2:";

/// Which secret a sealed value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretField {
    /// The API token.
    ApiToken,
    /// The webhook secret, current or former.
    WebhookSecret,
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key has {length} characters; it needs 32 or more (`metricis secrets generate` makes one)")]
pub struct KeyRefusal {
    /// Characters found.
    pub length: usize,
}

/// Why a stored secret cannot be read. Never holds the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Neither the key nor the previous key opens it.
    #[error("the stored secret opens with neither REDCAP_ENCRYPTION_KEY nor REDCAP_ENCRYPTION_KEY_PREVIOUS")]
    WrongKey,
    /// It was sealed for another study or field.
    #[error("the stored secret was sealed for another study or field; enter it again")]
    WrongPlace,
    /// It is not sealed at all.
    #[error(
        "the stored secret is plaintext; run `metricis secrets rotate --apply` with REDCAP_ENCRYPTION_ALLOW_PLAINTEXT_READS=true"
    )]
    Plaintext,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    study: StudyId,
    field: SecretField,
    value: String,
}

/// An opened secret.
#[derive(Debug)]
pub struct Opened {
    /// The secret.
    pub value: SecretString,
    /// It is plaintext, under the previous key, or does not name its place.
    pub needs_rotation: bool,
}

/// Seals with the key; opens with the key or the previous one.
#[derive(Clone)]
pub struct Sealer {
    current: Fernet,
    previous: Option<Fernet>,
    allow_plaintext: bool,
}

impl Sealer {
    /// Takes `REDCAP_ENCRYPTION_KEY`, `REDCAP_ENCRYPTION_KEY_PREVIOUS` and `REDCAP_ENCRYPTION_ALLOW_PLAINTEXT_READS`.
    ///
    /// # Errors
    /// A key of fewer than 32 characters.
    pub fn new(key: &SecretString, previous: Option<&SecretString>, allow_plaintext: bool) -> Result<Self, KeyRefusal> {
        Ok(Self { current: fernet_of(key)?, previous: previous.map(fernet_of).transpose()?, allow_plaintext })
    }

    /// Seals `value` for its place.
    #[must_use]
    pub fn seal(&self, study: StudyId, field: SecretField, value: &SecretString) -> String {
        let sealed = Sealed { study, field, value: value.expose_secret().to_owned() };
        let plaintext = serde_json::to_vec(&sealed).unwrap_or_default();
        format!("{PREFIX}{}", self.current.encrypt(&plaintext))
    }

    /// Opens what is stored at a place.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open(&self, study: StudyId, field: SecretField, stored: &str) -> Result<Opened, SealError> {
        let Some(token) = stored.strip_prefix(PREFIX) else {
            return match self.allow_plaintext {
                true => Ok(Opened { value: stored.into(), needs_rotation: true }),
                false => Err(SealError::Plaintext),
            };
        };
        let (plaintext, old_key) = match (self.current.decrypt(token), &self.previous) {
            (Ok(plaintext), _) => (plaintext, false),
            (Err(_), Some(previous)) => (previous.decrypt(token).map_err(|_| SealError::WrongKey)?, true),
            (Err(_), None) => return Err(SealError::WrongKey),
        };
        match serde_json::from_slice::<Sealed>(&plaintext) {
            Ok(sealed) if sealed.study == study && sealed.field == field => {
                Ok(Opened { value: sealed.value.into(), needs_rotation: old_key })
            }
            Ok(_) => Err(SealError::WrongPlace),
            // Written by a program that did not name the place: readable, and due for rotation.
            Err(_) => {
                let value = String::from_utf8(plaintext).map_err(|_| SealError::WrongKey)?;
                Ok(Opened { value: value.into(), needs_rotation: true })
            }
        }
    }
}

/// 43 or 44 characters that decode to 32 bytes are the key; others of 32 and more are derived from.
fn fernet_of(key: &SecretString) -> Result<Fernet, KeyRefusal> {
    let text = key.expose_secret().trim();
    let length = text.chars().count();
    if length < 32 {
        return Err(KeyRefusal { length });
    }
    let given = BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    let bytes = match given {
        Some(bytes) if bytes.len() == 32 && (43..=44).contains(&length) => bytes,
        _ => {
            let mut hasher = Sha256::new();
            hasher.update(b"metricis-redcap-v2\0");
            hasher.update(text.as_bytes());
            hasher.finalize().to_vec()
        }
    };
    Fernet::new(&BASE64_URL_SAFE.encode(bytes)).ok_or(KeyRefusal { length })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study(n: u128) -> StudyId {
        StudyId(uuid::Uuid::from_u128(n))
    }

    fn sealer(key: &str, previous: Option<&str>) -> Sealer {
        Sealer::new(&key.into(), previous.map(SecretString::from).as_ref(), false).expect("a key")
    }

    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4";
    const OTHER: &str = "a passphrase of more than thirty-two characters";

    #[test]
    fn a_sealed_value_opens_in_its_place_only() {
        let sealer = sealer(KEY, None);
        let sealed = sealer.seal(study(1), SecretField::ApiToken, &"T0KEN".into());
        assert!(sealed.starts_with("enc:v2:") && !sealed.contains("T0KEN"));
        let opened = sealer.open(study(1), SecretField::ApiToken, &sealed).expect("its place");
        assert_eq!((opened.value.expose_secret(), opened.needs_rotation), ("T0KEN", false));
        let refused = |id, field| sealer.open(study(id), field, &sealed).map(|_| ()).expect_err("another place");
        assert_eq!(refused(2, SecretField::ApiToken), SealError::WrongPlace);
        assert_eq!(refused(1, SecretField::WebhookSecret), SealError::WrongPlace);
    }

    #[test]
    fn the_previous_key_bridges_and_asks_for_rotation() {
        let sealed = sealer(OTHER, None).seal(study(1), SecretField::ApiToken, &"T".into());
        let open =
            |sealer: Sealer| sealer.open(study(1), SecretField::ApiToken, &sealed).map(|opened| opened.needs_rotation);
        assert_eq!(open(sealer(KEY, Some(OTHER))), Ok(true));
        assert_eq!(open(sealer(OTHER, Some(KEY))), Ok(false));
        assert_eq!(open(sealer(KEY, None)), Err(SealError::WrongKey));
    }

    #[test]
    fn plaintext_reads_only_when_allowed_and_a_value_without_place_needs_rotation() {
        let strict = sealer(KEY, None);
        assert_eq!(strict.open(study(1), SecretField::ApiToken, "plain").map(|_| ()), Err(SealError::Plaintext));
        let bridge = Sealer::new(&KEY.into(), None, true).expect("a key");
        assert!(bridge.open(study(1), SecretField::ApiToken, "plain").expect("allowed").needs_rotation);
        let bare = format!("enc:v2:{}", fernet_of(&KEY.into()).expect("a key").encrypt(b"bare"));
        let opened = strict.open(study(1), SecretField::ApiToken, &bare).expect("readable");
        assert_eq!((opened.value.expose_secret(), opened.needs_rotation), ("bare", true));
    }

    #[test]
    fn keys_of_43_and_44_characters_are_one_and_short_ones_are_refused() {
        let sealed = sealer(KEY, None).seal(study(1), SecretField::ApiToken, &"T".into());
        assert!(sealer(&format!("{KEY}="), None).open(study(1), SecretField::ApiToken, &sealed).is_ok());
        assert!(Sealer::new(&"short".into(), None, false).is_err());
    }
}
