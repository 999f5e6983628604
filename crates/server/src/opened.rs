//! Webhook secrets that this process has opened, by their sealed text: a study's deliveries all present the same one.
//!
//! Invariant: it answers what opening again would; the keys never change while a process runs. Whether a sealed text is still the
//! study's is not said here: that is read with the delivery's own commit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use metricis_core::ids::StudyId;
use metricis_store::{SealError, Sealer, SecretField};
use secrecy::SecretString;

/// When this many are held, all are forgotten and opened again as they are asked for.
const MOST: usize = 1_024;

struct Secret {
    study: StudyId,
    value: Arc<SecretString>,
}

/// The opened secrets.
#[derive(Default)]
pub(crate) struct OpenedSecrets(Mutex<HashMap<String, Secret>>);

impl OpenedSecrets {
    /// The webhook secret that `sealed` is, when it was sealed for `study`.
    ///
    /// # Errors
    /// See [`SealError`]; a failure is not remembered.
    pub(crate) fn open(&self, sealer: &Sealer, study: StudyId, sealed: &str) -> Result<Arc<SecretString>, SealError> {
        if let Some(known) = self.lock().get(sealed).filter(|known| known.study == study) {
            return Ok(Arc::clone(&known.value));
        }
        let value = Arc::new(sealer.open(study, SecretField::WebhookSecret, sealed)?.value);
        let mut known = self.lock();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(sealed.to_owned(), Secret { study, value: Arc::clone(&value) });
        Ok(value)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use uuid::Uuid;

    use super::*;

    fn sealer() -> Sealer {
        Sealer::new(&"a passphrase of more than thirty-two characters".into(), None, false).expect("a key")
    }

    #[test]
    fn what_was_opened_for_one_study_opens_for_no_other() {
        let (sealer, opened) = (sealer(), OpenedSecrets::default());
        let (one, two) = (StudyId(Uuid::from_u128(1)), StudyId(Uuid::from_u128(2)));
        let sealed = sealer.seal(one, SecretField::WebhookSecret, &"s3cret".into());
        for _ in 0..2 {
            assert_eq!(opened.open(&sealer, one, &sealed).expect("its place").expose_secret(), "s3cret");
            assert_eq!(opened.open(&sealer, two, &sealed).map(|_| ()), Err(SealError::WrongPlace));
        }
    }

    #[test]
    fn no_more_than_so_many_are_held() {
        let (sealer, opened) = (sealer(), OpenedSecrets::default());
        let study = StudyId(Uuid::from_u128(1));
        for number in 0..=MOST {
            let sealed = sealer.seal(study, SecretField::WebhookSecret, &number.to_string().into());
            opened.open(&sealer, study, &sealed).expect("its place");
        }
        assert_eq!(opened.lock().len(), 1);
    }
}
