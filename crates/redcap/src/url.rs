//! The address of a REDCap API.
//!
//! Invariant: an [`ApiUrl`] is http or https, ends in `/api/` (some servers answer anything else with a redirect, which
//! would turn the POST into a GET) and carries no credential, so that it may be shown and logged.

use std::fmt;

use url::Url;

/// A checked address such as `https://redcap.example.org/api/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(Url);

/// Why an address is refused. The text says what to write instead and never repeats the address, which may hold a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiUrlError {
    #[error("this is not a web address; write the full API address, like https://redcap.example.org/api/")]
    Unreadable,
    #[error("a REDCap address starts with https:// (or http://); write it like https://redcap.example.org/api/")]
    Scheme,
    #[error("the address holds a user name or password before the host; leave it out and set the API token instead")]
    UserInfo,
    #[error("the address holds a query (`?…`); write only the part before the question mark")]
    Query,
    #[error("the address holds a fragment (`#…`); write only the part before the #")]
    Fragment,
    #[error(
        "the address points at a page of one REDCap version, which changes with each upgrade; write the base address, like https://redcap.example.org/api/"
    )]
    Page,
}

impl ApiUrl {
    /// Reads an address as a person types it; the base address of a REDCap gets its `api/`.
    ///
    /// # Errors
    /// [`ApiUrlError`] says which part is wrong and what to write.
    pub fn parse(text: &str) -> Result<Self, ApiUrlError> {
        let mut url = Url::parse(text.trim()).map_err(|_| ApiUrlError::Unreadable)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ApiUrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ApiUrlError::UserInfo);
        }
        if url.query().is_some() {
            return Err(ApiUrlError::Query);
        }
        if url.fragment().is_some() {
            return Err(ApiUrlError::Fragment);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        if path.contains("/redcap_v") || path.ends_with(".php") {
            return Err(ApiUrlError::Page);
        }
        let base = path.strip_suffix("/api").unwrap_or(&path);
        url.set_path(&format!("{base}/api/"));
        Ok(Self(url))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Scheme, host and port, without a default port: what a token is bound to.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The origin that a `Location` header leads to, relative ones included.
    pub(crate) fn origin_of(&self, location: &str) -> Option<String> {
        let target = self.0.join(location).ok()?;
        target.has_host().then(|| target.origin().ascii_serialization())
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_in_api() {
        for (written, meant) in [
            ("https://redcap.example.org/api/", "https://redcap.example.org/api/"),
            ("https://redcap.example.org/api", "https://redcap.example.org/api/"),
            (" https://redcap.example.org ", "https://redcap.example.org/api/"),
            ("HTTPS://REDCap.example.org:443/redcap/", "https://redcap.example.org/redcap/api/"),
            ("http://127.0.0.1:8081/api//", "http://127.0.0.1:8081/api/"),
        ] {
            assert_eq!(ApiUrl::parse(written).map(|url| url.to_string()), Ok(meant.to_owned()));
        }
    }

    #[test]
    fn wrong_addresses_are_refused_by_their_cause_without_being_repeated() {
        for (written, cause) in [
            ("redcap.example.org/api/", ApiUrlError::Unreadable),
            ("", ApiUrlError::Unreadable),
            ("https://", ApiUrlError::Unreadable),
            ("ftp://redcap.example.org/api/", ApiUrlError::Scheme),
            ("redcap.example.org:8080/api/", ApiUrlError::Scheme),
            ("https://ada:hunter2@redcap.example.org/api/", ApiUrlError::UserInfo),
            ("https://redcap.example.org/api/?token=hunter2", ApiUrlError::Query),
            ("https://redcap.example.org/api/#hunter2", ApiUrlError::Fragment),
            ("https://redcap.example.org/redcap_v14.9.1/API/", ApiUrlError::Page),
            ("https://redcap.example.org/index.php", ApiUrlError::Page),
        ] {
            assert_eq!(ApiUrl::parse(written), Err(cause), "{written}");
            assert!(!cause.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn an_origin_has_no_path_and_no_default_port() {
        let origin = |text| ApiUrl::parse(text).map(|url| url.origin());
        assert_eq!(origin("https://r.example.org:443/x/api/"), Ok("https://r.example.org".into()));
        assert_eq!(origin("http://r.example.org:8080/"), Ok("http://r.example.org:8080".into()));
    }
}
