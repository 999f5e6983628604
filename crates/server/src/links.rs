//! Codes of one-time links. The code goes to the participant; only its hash is stored.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::chance::random_bytes;

pub use crate::chance::NoRandomness;

/// A new code: 24 random bytes as 32 URL-safe characters. From the system's chance, because a code must not be guessable.
///
/// # Errors
/// The system gives no random bytes.
pub fn new_code() -> Result<String, NoRandomness> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<24>()?))
}

/// What is stored of a code: hex SHA-256.
#[must_use]
pub fn hash_code(code: &str) -> String {
    hex::encode(Sha256::digest(code.as_bytes()))
}
