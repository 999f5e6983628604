//! Connecting a study to a REDCap project: a token must not follow an edited address (guarantee 16).

use serde::Serialize;

use super::RedcapConfig;
use crate::intake::origin_of;

/// Where a study's records live.
#[derive(Clone, Copy, Debug)]
pub struct NewConnection<'a> {
    /// Address of the API.
    pub api_url: &'a str,
    /// REDCap's project id.
    pub project_id: &'a str,
}

/// Why a connection is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionRefusal {
    /// Not an address of a REDCap API. The address is not repeated: people paste tokens into it.
    #[error("api_url is not the address of a REDCap API; write https://HOST/api/ without user, query or fragment")]
    Address,
    /// Not REDCap's project id.
    #[error("project_id must be REDCap's project number, such as 18")]
    ProjectId,
    /// The origin changes and no token came with it.
    #[error("the address moves to another server; enter the API token again, so that it is not sent there unseen")]
    TokenNeeded,
}

/// A REDCap configuration as people may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectionSummary {
    /// Address of the API.
    pub api_url: Option<String>,
    /// REDCap's project id.
    pub project_id: Option<String>,
    /// A token is stored.
    pub has_token: bool,
    /// A webhook secret is stored.
    pub has_webhook_secret: bool,
    /// The former webhook secret is still accepted.
    pub former_webhook_secret_live: bool,
}

impl RedcapConfig {
    /// Points the study at a project. With `token_given`, the caller stores a new token in the same transaction.
    ///
    /// # Errors
    /// A bad address or project id; another origin without its token.
    pub fn connect(&mut self, new: &NewConnection<'_>, token_given: bool) -> Result<(), ConnectionRefusal> {
        let address = new.api_url.trim();
        let origin = origin_of(address).ok_or(ConnectionRefusal::Address)?;
        if address.contains(['@', '?', '#']) || address.chars().any(char::is_whitespace) || address.len() > 500 {
            return Err(ConnectionRefusal::Address);
        }
        let project_id = new.project_id.trim();
        if project_id.is_empty() || project_id.len() > 20 || !project_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ConnectionRefusal::ProjectId);
        }
        if !token_given && self.api_token.is_some() && self.api_origin.as_deref() != Some(&origin) {
            return Err(ConnectionRefusal::TokenNeeded);
        }
        let base = address.trim_end_matches('/');
        let base = base.strip_suffix("/api").unwrap_or(base);
        self.api_url = Some(format!("{base}/api/"));
        self.api_origin = Some(origin);
        self.project_id = Some(project_id.to_owned());
        Ok(())
    }

    /// Takes a new sealed webhook secret; the former one stays valid until it is retired. Says whether there was one.
    pub fn replace_webhook_secret(&mut self, sealed: String) -> bool {
        let former = self.webhook_secret.replace(sealed);
        let kept = former.is_some();
        self.webhook_secret_previous = former;
        kept
    }

    /// The configuration without its secrets.
    #[must_use]
    pub fn summary(&self) -> ConnectionSummary {
        ConnectionSummary {
            api_url: self.api_url.clone(),
            project_id: self.project_id.clone(),
            has_token: self.api_token.is_some(),
            has_webhook_secret: self.webhook_secret.is_some(),
            former_webhook_secret_live: self.webhook_secret_previous.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connect(config: &mut RedcapConfig, api_url: &str, token: bool) -> Result<(), ConnectionRefusal> {
        config.connect(&NewConnection { api_url, project_id: "18" }, token)
    }

    #[test]
    fn addresses_are_brought_to_one_form() {
        for address in
            ["https://redcap.example.edu", "https://redcap.example.edu/api", "https://redcap.example.edu/api/"]
        {
            let mut config = RedcapConfig::default();
            assert_eq!(connect(&mut config, address, true), Ok(()));
            assert_eq!(config.api_url.as_deref(), Some("https://redcap.example.edu/api/"), "{address}");
        }
    }

    #[test]
    fn a_token_does_not_follow_an_edited_address() {
        let mut config = RedcapConfig::default();
        connect(&mut config, "https://redcap.example.edu/api/", true).expect("a first connection");
        config.api_token = Some("enc:v2:x".to_owned());
        assert_eq!(connect(&mut config, "https://REDCAP.example.edu:443/", false), Ok(()), "the same server");
        assert_eq!(connect(&mut config, "https://evil.example/api/", false), Err(ConnectionRefusal::TokenNeeded));
        assert_eq!(connect(&mut config, "http://redcap.example.edu/api/", false), Err(ConnectionRefusal::TokenNeeded));
        assert_eq!(config.api_origin.as_deref(), Some("https://redcap.example.edu"), "a refusal changes nothing");
        assert_eq!(connect(&mut config, "https://other.example/api/", true), Ok(()));
    }

    #[test]
    fn nonsense_is_refused() {
        let mut config = RedcapConfig::default();
        for address in ["redcap", "ftp://h/", "https://u:p@h/api/", "https://h/api/?token=x", "https://h /", ""] {
            assert_eq!(connect(&mut config, address, true), Err(ConnectionRefusal::Address), "{address}");
        }
        let bad = NewConnection { api_url: "https://h/", project_id: "x" };
        assert_eq!(config.connect(&bad, true), Err(ConnectionRefusal::ProjectId));
    }

    #[test]
    fn the_former_secret_lives_until_the_next_one() {
        let mut config = RedcapConfig::default();
        assert!(!config.replace_webhook_secret("one".to_owned()));
        assert!(config.replace_webhook_secret("two".to_owned()));
        assert_eq!(config.webhook_secret_previous.as_deref(), Some("one"));
    }
}
