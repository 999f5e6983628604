//! Random bytes from the system, for what nobody may guess: one-time codes and the salts of results.

use rand::TryRngCore;
use rand::rngs::OsRng;

/// The system gives no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct NoRandomness(String);

/// `N` random bytes.
///
/// # Errors
/// The system gives none.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0_u8; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| NoRandomness(error.to_string()))?;
    Ok(bytes)
}

/// The salt of a result: 32 random bytes in hex.
///
/// # Errors
/// The system gives no random bytes.
pub(crate) fn new_salt() -> Result<String, NoRandomness> {
    Ok(hex::encode(random_bytes::<32>()?))
}
