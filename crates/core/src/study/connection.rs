//! Connecting a study to a REDCap project: a token must not follow an edited address (guarantee 16).

use serde::Serialize;
use url::{Host, Url};

use super::RedcapConfig;
use crate::environment::Environment;
use crate::intake::origin_of;

/// Where a study's records live.
#[derive(Clone, Copy, Debug)]
pub struct NewConnection<'a> {
    /// Address of the API.
    pub api_url: &'a str,
    /// REDCap's project id.
    pub project_id: &'a str,
    /// Where the program runs.
    pub environment: &'a Environment,
}

/// Why a connection is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionRefusal {
    /// Not an address of a REDCap API. The address is not repeated: people paste tokens into it.
    #[error("api_url is not the address of a REDCap API; write https://HOST/api/ without user, query or fragment")]
    Address,
    /// In production, an address without TLS.
    #[error(
        "api_url must begin with https:// in production: the API token and every record would travel readable; put TLS in front of REDCap          (http is for an address of this very machine, such as a TLS proxy on 127.0.0.1)"
    )]
    Plain,
    /// Not REDCap's project id.
    #[error("project_id must be REDCap's project number, such as 18")]
    ProjectId,
    /// Too short or too long for a webhook secret, or not visible ASCII.
    #[error("a webhook secret has 32 to 200 visible ASCII characters; `metricis secrets generate` makes one")]
    WebhookSecret,
    /// Two webhook secrets are live already.
    #[error(
        "the former webhook secret is still live; retire it before setting a third, or REDCap's deliveries are refused"
    )]
    FormerStillLive,
    /// The origin changes and no token came with it.
    #[error("the address moves to another server; enter the API token again, so that it is not sent there unseen")]
    TokenNeeded,
}

/// Whether a text may be a webhook secret; the one rule for every door.
///
/// # Errors
/// What a secret must be. The text is not repeated.
pub fn check_webhook_secret(text: &str) -> Result<(), ConnectionRefusal> {
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && (32..=200).contains(&text.len()) { Ok(()) } else { Err(ConnectionRefusal::WebhookSecret) }
}

/// Whether what is sent to an origin does not leave this machine.
fn is_this_machine(origin: &str) -> bool {
    match Url::parse(origin).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
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
    /// A bad address or project id; no TLS in production; another origin without its token.
    pub fn connect(&mut self, new: &NewConnection<'_>, token_given: bool) -> Result<(), ConnectionRefusal> {
        let address = new.api_url.trim();
        let origin = origin_of(address).ok_or(ConnectionRefusal::Address)?;
        if address.contains(['@', '?', '#']) || address.chars().any(char::is_whitespace) || address.len() > 500 {
            return Err(ConnectionRefusal::Address);
        }
        if new.environment.is_production() && !origin.starts_with("https://") && !is_this_machine(&origin) {
            return Err(ConnectionRefusal::Plain);
        }
        let project_id = new.project_id.trim();
        if project_id.trim_start_matches('0').is_empty()
            || project_id.len() > 20
            || !project_id.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(ConnectionRefusal::ProjectId);
        }
        if !token_given && self.api_token.is_some() && self.api_origin.as_deref() != Some(&origin) {
            return Err(ConnectionRefusal::TokenNeeded);
        }
        let base = address.trim_end_matches('/');
        let base = base.strip_suffix("/api").unwrap_or(base);
        self.api_url = Some(format!("{base}/api/"));
        self.api_origin = Some(origin);
        // REDCap sends its id without leading zeros, and 041 must not pass for another project than 41.
        self.project_id = Some(project_id.trim_start_matches('0').to_owned());
        Ok(())
    }

    /// Takes a new sealed webhook secret; the former one stays valid until it is retired. Says whether there was one.
    ///
    /// # Errors
    /// A former secret is still live: a third would silence whoever uses it.
    pub fn replace_webhook_secret(&mut self, sealed: String) -> Result<bool, ConnectionRefusal> {
        if self.webhook_secret_previous.is_some() {
            return Err(ConnectionRefusal::FormerStillLive);
        }
        self.webhook_secret_previous = self.webhook_secret.replace(sealed);
        Ok(self.webhook_secret_previous.is_some())
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
        let environment = &Environment::new("staging");
        config.connect(&NewConnection { api_url, project_id: "18", environment }, token)
    }

    #[test]
    fn in_production_a_token_travels_by_tls_only() {
        for (environment, api_url, expected) in [
            ("production", "http://redcap.example.edu/api/", Err(ConnectionRefusal::Plain)),
            ("production", "HTTP://10.0.0.7:8081/api/", Err(ConnectionRefusal::Plain)),
            ("production", "http://localhost.example.edu/api/", Err(ConnectionRefusal::Plain)),
            ("production", "http://127.0.0.1:8081/api/", Ok(())),
            ("production", "http://[::1]:8081/api/", Ok(())),
            ("production", "http://localhost/api/", Ok(())),
            ("production", "https://redcap.example.edu/api/", Ok(())),
            ("staging", "http://redcap.example.edu/api/", Ok(())),
        ] {
            let environment = &Environment::new(environment);
            let mut config = RedcapConfig::default();
            let connected = config.connect(&NewConnection { api_url, project_id: "18", environment }, true);
            assert_eq!((connected, config.api_url.is_some()), (expected.clone(), expected.is_ok()), "{api_url}");
        }
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
        let environment = &Environment::new("staging");
        for project_id in ["x", "", "000"] {
            let bad = NewConnection { api_url: "https://h/", project_id, environment };
            assert_eq!(config.connect(&bad, true), Err(ConnectionRefusal::ProjectId));
        }
        let padded = NewConnection { api_url: "https://h/", project_id: "041", environment };
        assert_eq!(config.connect(&padded, true), Ok(()));
        assert_eq!(config.project_id.as_deref(), Some("41"));
    }

    #[test]
    fn the_former_secret_lives_until_it_is_retired() {
        let mut config = RedcapConfig::default();
        assert_eq!(config.replace_webhook_secret("one".to_owned()), Ok(false));
        assert_eq!(config.replace_webhook_secret("two".to_owned()), Ok(true));
        assert_eq!(config.replace_webhook_secret("three".to_owned()), Err(ConnectionRefusal::FormerStillLive));
        assert_eq!(
            (config.webhook_secret.as_deref(), config.webhook_secret_previous.as_deref()),
            (Some("two"), Some("one"))
        );
    }

    #[test]
    fn short_and_invisible_secrets_are_refused() {
        assert_eq!(check_webhook_secret(&"x".repeat(32)), Ok(()));
        for bad in ["x".repeat(31), "x".repeat(201), format!("{} ", "x".repeat(32)), "ä".repeat(32)] {
            assert_eq!(check_webhook_secret(&bad), Err(ConnectionRefusal::WebhookSecret));
        }
    }
}
