//! The proof that a DET comes from the study's REDCap: a signature, HTTP Basic or a token, all against one secret.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use url::Url;

/// What a delivery presents. Several may be there; each one that is there must hold.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Presented {
    signature: Option<String>,
    basic: Option<String>,
    token: Option<String>,
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented")
            .field("signature", &self.signature.is_some())
            .field("basic", &self.basic.is_some())
            .field("token", &self.token.is_some())
            .finish()
    }
}

impl Presented {
    /// Collects the proofs from the header `X-Metricis-Signature`, the header `Authorization` and the query `token`.
    #[must_use]
    pub fn new(signature: Option<&str>, authorization: Option<&str>, token: Option<&str>) -> Self {
        Self {
            signature: signature.map(str::to_owned),
            basic: authorization.map(|header| basic_secret(header).unwrap_or_default()),
            token: token.map(str::to_owned),
        }
    }

    /// Whether nothing is presented at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.signature.is_none() && self.basic.is_none() && self.token.is_none()
    }

    /// Whether every proof presented holds against `secret`; compared in constant time. None presented does not hold.
    #[must_use]
    pub fn holds(&self, body: &[u8], secret: &str) -> bool {
        if self.is_empty() || secret.is_empty() {
            return false;
        }
        let same =
            |given: &Option<String>| given.as_ref().is_none_or(|text| text.as_bytes().ct_eq(secret.as_bytes()).into());
        let signed = self.signature.as_ref().is_none_or(|header| signature_holds(header, body, secret));
        signed & same(&self.basic) & same(&self.token)
    }
}

fn signature_holds(header: &str, body: &[u8], secret: &str) -> bool {
    let Some(Ok(given)) = header.strip_prefix("sha256=").map(hex::decode) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// The secret of `user:secret@` in the DET's URL, or of `secret@`.
fn basic_secret(header: &str) -> Option<String> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':').unwrap_or((&text, ""));
    Some(if password.is_empty() { user.to_owned() } else { password.to_owned() })
}

/// `scheme://host[:port]` of an http address, in lower case and without a default port: what tells two REDCaps apart. Read as the HTTP client
/// reads it, so that no address is compared as one server and called as another.
#[must_use]
pub fn origin_of(address: &str) -> Option<String> {
    let address = address.trim();
    let url = Url::parse(address).ok()?;
    let is_http = matches!(url.scheme(), "http" | "https") && address.contains("://");
    is_http.then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(body: &[u8], secret: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
        mac.update(body);
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn each_proof_holds_with_the_secret_and_only_with_it() {
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        for (secret, holds) in [("s3cret", true), ("other", false)] {
            assert_eq!(Presented::new(Some(&signed(b"body", "s3cret")), None, None).holds(b"body", secret), holds);
            assert_eq!(Presented::new(None, Some(&basic("redcap:s3cret")), None).holds(b"body", secret), holds);
            assert_eq!(Presented::new(None, Some(&basic("s3cret:")), None).holds(b"body", secret), holds);
            assert_eq!(Presented::new(None, None, Some("s3cret")).holds(b"body", secret), holds);
        }
    }

    #[test]
    fn a_changed_body_a_missing_proof_and_one_wrong_of_two_are_refused() {
        let good = signed(b"body", "s");
        assert!(!Presented::new(Some(&good), None, None).holds(b"bodY", "s"));
        assert!(!Presented::default().holds(b"body", "s"));
        assert!(!Presented::new(Some(&good), None, Some("wrong")).holds(b"body", "s"));
        assert!(!Presented::new(None, Some("Bearer s"), None).holds(b"body", "s"));
        assert!(!Presented::new(None, None, Some("")).holds(b"body", ""));
        assert!(!Presented::new(Some("sha256=zz"), None, None).holds(b"body", "s"));
    }

    #[test]
    fn origins_compare_without_case_path_or_default_port() {
        for text in
            ["https://Redcap.Example.edu/", "HTTPS://redcap.example.edu:443/api/", "https://u:p@redcap.example.edu/x?y"]
        {
            assert_eq!(origin_of(text).as_deref(), Some("https://redcap.example.edu"), "{text}");
        }
        assert_eq!(origin_of("http://h:8080/redcap/").as_deref(), Some("http://h:8080"));
        assert_eq!(origin_of("redcap"), None);
        assert_eq!(origin_of("ftp://h/"), None);
        assert_eq!(origin_of("https:h"), None);
        assert_eq!(origin_of("null"), None);
    }

    #[test]
    fn an_origin_is_where_a_client_would_call() {
        for (text, origin) in [
            ("https://good.example\\@evil.example/", "https://good.example"),
            ("https://good.example#@evil.example/", "https://good.example"),
            ("https://[::1]:443/", "https://[::1]"),
            ("https://0x7f.1/", "https://127.0.0.1"),
            ("https://b\u{fc}cher.example/", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(origin_of(text).as_deref(), Some(origin), "{text}");
        }
    }
}
