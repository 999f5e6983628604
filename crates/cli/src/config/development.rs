//! Secrets outside production: made once, kept in the data directory readable by their owner only, so that what was sealed
//! yesterday opens today.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use super::Absent;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// 32 random bytes as 43 URL-safe characters, as the checklist's own generator makes them (§9.3).
#[expect(clippy::disallowed_methods, reason = "secrets are made from the system's chance")]
pub fn generate_secret() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// The secret `name` of the data directory, and what `absent` says when it is not there.
///
/// # Errors
/// The file cannot be read or written, or it does not have the secret and must not get one.
pub fn development_secret(data: &Path, name: &str, absent: Absent) -> std::io::Result<String> {
    let path = data.join("development-secrets.json");
    let mut secrets: BTreeMap<String, String> = match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error),
    };
    if let Some(secret) = secrets.get(name) {
        return Ok(secret.clone());
    }
    let secret = generate_secret();
    match absent {
        Absent::Made => {}
        Absent::Refused => return Err(std::io::Error::other(format!("there is none in {}", path.display()))),
        Absent::Imagined => return Ok(secret),
    }
    secrets.insert(name.to_owned(), secret.clone());
    std::fs::create_dir_all(data)?;
    write_private(&path, &serde_json::to_vec_pretty(&secrets)?)?;
    Ok(secret)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}
