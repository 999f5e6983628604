//! The DET URL: where it leads, and how it may be shown.
//! Invariant: whatever may be a secret in it – user info, values of the query – is `***` wherever a person can see it.

use url::Url;

/// The URL as it may be shown, and as it is posted to. A path is completed with this server's own address, as REDCap does.
pub(super) fn target(url: &str, base_url: &str) -> (String, Result<Url, String>) {
    let parsed = match url.strip_prefix('/') {
        Some(_) => Url::parse(base_url).and_then(|base| base.join(url)),
        None => Url::parse(url),
    };
    match parsed.ok().filter(|url| matches!(url.scheme(), "http" | "https")) {
        Some(url) => (masked(&url), Ok(url)),
        None => ("(not a URL)".to_owned(), Err("the DET URL is neither an http(s) URL nor a path".to_owned())),
    }
}

fn masked(url: &Url) -> String {
    let secret = !url.username().is_empty() || url.password().is_some();
    let host = url.host_str().unwrap_or("");
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let names: Vec<String> = url.query_pairs().map(|(name, _)| format!("{name}=***")).collect();
    let query = if names.is_empty() { String::new() } else { format!("?{}", names.join("&")) };
    format!("{}://{}{host}{port}{}{query}", url.scheme(), if secret { "***@" } else { "" }, url.path())
}

/// A stored DET URL as it may be shown.
pub(crate) fn masked_text(url: &str, base_url: &str) -> String {
    let (shown, outcome) = target(url, base_url);
    outcome.map_or_else(|reason| reason, |_| shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_holds_no_secret() {
        let shown = |url| masked_text(url, "https://redcap.example.org/");
        assert_eq!(
            shown("https://u:p%40ss@x.org:8443/det?token=s3cret&v=1"),
            "https://***@x.org:8443/det?token=***&v=***"
        );
        assert_eq!(shown("/plugin/det?x=1"), "https://redcap.example.org/plugin/det?x=***");
        assert_eq!(shown("ftp://u:p@x.org"), "the DET URL is neither an http(s) URL nor a path");
    }
}
