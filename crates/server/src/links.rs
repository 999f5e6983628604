//! Codes of one-time links. The code goes to the participant; only its hash is stored.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

/// The system gives no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct NoRandomness(String);

/// A new code: 24 random bytes as 32 URL-safe characters. From the system's chance, because a code must not be guessable.
///
/// # Errors
/// The system gives no random bytes.
pub fn new_code() -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; 24];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| NoRandomness(error.to_string()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a code: hex SHA-256.
#[must_use]
pub fn hash_code(code: &str) -> String {
    hex::encode(Sha256::digest(code.as_bytes()))
}
