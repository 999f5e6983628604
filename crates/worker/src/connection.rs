//! A study's REDCap, ready to be called: its address, its opened token, and the host whose budget a call uses.
//!
//! Invariant: the token leaves its seal here and goes into the client only.

use std::time::Duration;

use metricis_core::ids::StudyId;
use metricis_core::words::IntegrationMode;
use metricis_redcap::{ApiUrl, Client};
use metricis_store::{SecretField, StoredStudy};

use crate::failure::Failure;
use crate::worker::Worker;

/// What the gate needs in order to call.
pub(crate) struct Connection {
    pub(crate) study: StudyId,
    /// Name of the host, without scheme and port: REDCap bans our address from a whole server.
    pub(crate) host: String,
    pub(crate) client: Client,
}

/// Prepares the calls of a study.
///
/// # Errors
/// Names the setting that is missing or wrong.
pub(crate) fn connect(worker: &Worker, study: &StoredStudy) -> Result<Connection, Failure> {
    if study.integration_mode != IntegrationMode::Redcap || !study.redcap_enabled {
        return Err(Failure::refused("this study is not managed in REDCap; set integration_mode to redcap"));
    }
    let config = &study.config.redcap;
    let address = config.api_url.as_deref().ok_or_else(|| missing("api_url"))?;
    let url =
        ApiUrl::parse(address).map_err(|problem| Failure::refused(format!("config.redcap.api_url: {problem}")))?;
    let sealed = config.api_token.as_deref().ok_or_else(|| missing("api_token"))?;
    let token = worker.sealer.open(study.id, SecretField::ApiToken, sealed).map_err(Failure::exception)?;
    let timeout = Duration::from_secs(worker.settings.call_timeout_s.into());
    Ok(Connection {
        study: study.id,
        host: host_of(url.as_str()).ok_or_else(|| Failure::refused("config.redcap.api_url names no host"))?,
        client: Client::new(worker.http.clone(), url, token.value, timeout),
    })
}

/// The host in an address; a final dot makes no other one.
pub(crate) fn host_of(address: &str) -> Option<String> {
    let address = url::Url::parse(address).ok()?;
    address.host_str().map(|host| host.trim_end_matches('.').to_ascii_lowercase())
}

fn missing(setting: &str) -> Failure {
    Failure::refused(format!("config.redcap.{setting} is not set; enter it on the study's REDCap page"))
}
