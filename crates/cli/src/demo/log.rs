//! What the demo's server and worker log: read back, to show that a failed sync is as loud as the checklist demands (§6.6, §9.1).

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::narrator::promise;
use crate::output::CliError;

/// The CRITICAL line of a session's failed sync, with the constants that alerts match on. It is logged after the failure is
/// committed, so it is waited for; at most five seconds.
///
/// # Errors
/// There is none, or it is not what alerts match on.
pub async fn sync_failure(log: &Path, session: &Value) -> Result<Value, CliError> {
    for _ in 0..50 {
        if let Some(line) = find(log, session)? {
            let loud = line["severity"] == "CRITICAL"
                && line["requires_investigation"] == true
                && line["fallback_used"] == false;
            promise(loud, || format!("the log says {line}"))?;
            return Ok(line);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(CliError::No(format!("{} has no redcap_sync_failure of session {session}", log.display())))
}

fn find(log: &Path, session: &Value) -> Result<Option<Value>, CliError> {
    let text =
        std::fs::read_to_string(log).map_err(|error| CliError::Unavailable(format!("{}: {error}", log.display())))?;
    let mut lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(lines.find(|line| line["source"] == "redcap_sync_failure" && line["session"] == *session))
}
