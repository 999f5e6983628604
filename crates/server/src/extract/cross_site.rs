//! Whether a changing request that a browser signs with its cookie was made by the console, and not by a page elsewhere.
//!
//! Invariant: each of the three signs is enough to refuse. `SameSite=Strict` already keeps the cookie at home; these hold in browsers
//! that do not know it, and against a page on a neighbor domain, which is the same site.

use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use subtle::ConstantTimeEq;

use crate::ServerSettings;
use crate::problem::Problem;

const CSRF_HEADER: &str = "x-metricis-csrf";

/// Refuses a changing request that is not the console's. `csrf_token` is the session's; there is none yet at sign-in.
///
/// # Errors
/// Which sign was wrong.
pub(crate) fn refuse_cross_site(
    parts: &Parts,
    settings: &ServerSettings,
    csrf_token: Option<&str>,
) -> Result<(), Problem> {
    if parts.method.is_safe() {
        return Ok(());
    }
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if header("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return Err(Problem::CrossSite("Sec-Fetch-Site is not same-origin"));
    }
    let host = header(HOST.as_str()).or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
    if header(ORIGIN.as_str()).is_some_and(|origin| !is_ours(origin, host, settings)) {
        return Err(Problem::CrossSite(
            "Origin is neither this server's address nor PUBLIC_URL nor one of ALLOWED_ORIGINS",
        ));
    }
    let Some(expected) = csrf_token else { return Ok(()) };
    match header(CSRF_HEADER) {
        None => Err(Problem::CrossSite("X-Metricis-CSRF is missing")),
        Some(given) if bool::from(given.as_bytes().ct_eq(expected.as_bytes())) => Ok(()),
        Some(_) => Err(Problem::CrossSite("X-Metricis-CSRF is not this session's")),
    }
}

fn is_ours(origin: &str, host: Option<&str>, settings: &ServerSettings) -> bool {
    let is_origin_of = |url: &str| metricis_core::intake::origin_of(url).is_some_and(|known| known == origin);
    let is_asked = || {
        let asked = origin.split_once("://").filter(|(scheme, _)| *scheme == "https" || !settings.cookies_are_secure());
        asked.is_some_and(|(_, authority)| host.is_some_and(|host| host.eq_ignore_ascii_case(authority)))
    };
    is_origin_of(&settings.public_url) || settings.allowed_origins.iter().any(|known| is_origin_of(known)) || is_asked()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use metricis_core::environment::Environment;

    use super::*;

    fn asked(method: &str, headers: &[(&str, &str)]) -> Result<(), Problem> {
        let mut settings =
            ServerSettings::new(Environment::new("production"), "jwt".into(), "session".into(), "f".into());
        settings.public_url = "https://metricis.example.org".to_owned();
        settings.allowed_origins = vec!["https://app.example.org".to_owned()];
        let mut request = Request::builder().method(method).uri("/api/studies");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        refuse_cross_site(&parts, &settings, Some("the token"))
    }

    #[test]
    fn each_sign_is_enough_to_refuse() {
        let token = ("x-metricis-csrf", "the token");
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            assert_eq!(asked(method, &[token]), Ok(()), "a program with a cookie");
            for refused in [
                vec![],
                vec![("x-metricis-csrf", "")],
                vec![("x-metricis-csrf", "the toke")],
                vec![token, ("sec-fetch-site", "cross-site")],
                vec![token, ("sec-fetch-site", "same-site")],
                vec![token, ("sec-fetch-site", "none")],
                vec![token, ("origin", "null")],
                vec![token, ("origin", "https://evil.example")],
                vec![token, ("origin", "https://metricis.example.org.evil.example")],
                vec![token, ("origin", "http://metricis.example.org")],
                vec![token, ("origin", "http://inside.example"), ("host", "inside.example")],
            ] {
                let answer = asked(method, &refused);
                assert!(matches!(answer, Err(Problem::CrossSite(_))), "{method} {refused:?}: {answer:?}");
            }
        }
    }

    #[test]
    fn the_consoles_own_origins_pass_and_reading_needs_nothing() {
        let token = ("x-metricis-csrf", "the token");
        for origin in ["https://metricis.example.org", "https://app.example.org", "https://inside.example:8443"] {
            let signs = [token, ("origin", origin), ("sec-fetch-site", "same-origin"), ("host", "INSIDE.example:8443")];
            assert_eq!(asked("POST", &signs), Ok(()), "{origin}");
        }
        assert_eq!(asked("GET", &[("sec-fetch-site", "cross-site")]), Ok(()));
        assert_eq!(asked("HEAD", &[]), Ok(()));
    }
}
