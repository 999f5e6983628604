//! Passwords: Argon2id in PHC form, computed off the threads that serve requests.

use std::sync::OnceLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
#[error("hashing failed: {0}")]
pub struct HashError(String);

/// Hashes a password with a fresh salt.
///
/// # Errors
/// The system gives no random salt, or the runtime is stopping.
pub async fn hash(password: SecretString) -> Result<SecretString, HashError> {
    let hashing = tokio::task::spawn_blocking(move || hash_now(&password));
    hashing.await.map_err(|error| HashError(error.to_string()))?
}

fn hash_now(password: &SecretString) -> Result<SecretString, HashError> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
    hash.map(|hash| hash.to_string().into()).map_err(|error| HashError(error.to_string()))
}

/// Whether `password` is the one that was hashed. Without a hash as much work is done, so that the time tells nothing.
pub async fn verify(password: SecretString, stored: Option<SecretString>) -> bool {
    let verifying = tokio::task::spawn_blocking(move || match stored {
        Some(stored) => verify_now(&password, stored.expose_secret()),
        None => {
            verify_now(&password, nobodys_hash());
            false
        }
    });
    verifying.await.unwrap_or(false)
}

fn verify_now(password: &SecretString, stored: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(stored) else { return false };
    Argon2::default().verify_password(password.expose_secret().as_bytes(), &parsed).is_ok()
}

fn nobodys_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash_now(&"nobody".into()).map(|hash| hash.expose_secret().to_owned()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_verifies() {
        let stored = hash("correct horse".into()).await.expect("a hash");
        assert!(stored.expose_secret().starts_with("$argon2id$"));
        assert!(verify("correct horse".into(), Some(stored.clone())).await);
        assert!(!verify("correct hors".into(), Some(stored)).await);
        assert!(!verify("nobody".into(), None).await, "the hash of nobody opens nothing");
    }
}
