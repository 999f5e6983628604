//! The session's cookie: its name and attributes, its signature, and the CSRF token that belongs to it.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use metricis_core::Timestamp;
use metricis_core::ids::UserId;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// A browser takes a cookie of this prefix only from the very host, over TLS, for every path: a neighbor domain cannot plant one.
const SECURE_NAME: &str = "__Host-metricis_session";
const PLAIN_NAME: &str = "metricis_session";
/// What a signature is for; one cannot stand for the other.
const FOR_COOKIE: &str = "metricis session cookie 1";
const SECURE_BROWSER: &str = "__Host-metricis_browser";
const PLAIN_BROWSER: &str = "metricis_browser";
/// Half a year: who signs in less often is a stranger again.
const BROWSER_AGE_S: i64 = 180 * 86_400;
const FOR_BROWSER: &str = "metricis known browser 2";
const FOR_CSRF: &str = "metricis session csrf 1";

/// A browser that has signed in before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownBrowser {
    /// The account that it has signed in to last.
    pub(crate) user: UserId,
    /// The browser's own id.
    pub(crate) id: String,
    /// The account's generation at that time: whatever ends the account's sessions ends this mark too.
    pub(crate) generation: i64,
}

impl KnownBrowser {
    /// Whether it has signed in to this account since access to it last changed.
    pub(crate) fn is_known_to(&self, user: UserId, generation: i64) -> bool {
        self.user == user && self.generation == generation
    }
}

/// Writes and reads cookies under `SESSION_SECRET_KEY`.
pub(super) struct Cookies {
    secret: SecretString,
    secure: bool,
}

impl Cookies {
    pub(super) fn new(secret: &SecretString, secure: bool) -> Self {
        Self { secret: secret.clone(), secure }
    }

    /// `Set-Cookie` for a session. Without an age: it goes with the browser, whatever the server still holds.
    pub(super) fn set(&self, id: &str) -> String {
        self.header(self.name(), &self.signed(FOR_COOKIE, id), "")
    }

    /// `Set-Cookie` that takes it away.
    pub(super) fn clear(&self) -> String {
        self.header(self.name(), "", "; Max-Age=0")
    }

    /// The id in the first cookie of our name that we have signed.
    pub(super) fn read(&self, headers: &HeaderMap) -> Option<String> {
        self.signed_value(headers, self.name(), FOR_COOKIE)
    }

    /// `Set-Cookie` by which a browser is known to have signed in to an account; opens nothing.
    pub(super) fn set_browser(&self, browser: &KnownBrowser, now: Timestamp) -> String {
        let KnownBrowser { user, id, generation } = browser;
        let value = self.signed(FOR_BROWSER, &format!("{user}/{id}/{generation}/{}", now.timestamp()));
        self.header(self.browser_name(), &value, &format!("; Max-Age={BROWSER_AGE_S}"))
    }

    /// The browser, if it has signed in within half a year. The time stands in what is signed: a copied cookie has no other age.
    pub(super) fn read_browser(&self, headers: &HeaderMap, now: Timestamp) -> Option<KnownBrowser> {
        let value = self.signed_value(headers, self.browser_name(), FOR_BROWSER)?;
        let mut parts = value.split('/');
        let user = parts.next()?.parse().ok()?;
        let id = parts.next()?.to_owned();
        let generation = parts.next()?.parse().ok()?;
        let proven_at: i64 = parts.next()?.parse().ok()?;
        (now.timestamp() - proven_at < BROWSER_AGE_S).then_some(KnownBrowser { user, id, generation })
    }

    fn signed(&self, purpose: &str, text: &str) -> String {
        format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(self.mac(purpose, text)))
    }

    fn signed_value(&self, headers: &HeaderMap, wanted: &str, purpose: &str) -> Option<String> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, _)| *name == wanted).find_map(|(_, value)| {
            let (id, signature) = value.split_once('.')?;
            let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
            self.keyed(purpose, id).verify_slice(&signature).is_ok().then(|| id.to_owned())
        })
    }

    /// The token of the session with this id: derived, so that it needs no place and ends with the session.
    pub(super) fn csrf_token(&self, id: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.mac(FOR_CSRF, id))
    }

    const fn name(&self) -> &'static str {
        if self.secure { SECURE_NAME } else { PLAIN_NAME }
    }

    const fn browser_name(&self) -> &'static str {
        if self.secure { SECURE_BROWSER } else { PLAIN_BROWSER }
    }

    fn header(&self, name: &str, value: &str, more: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}")
    }

    fn mac(&self, purpose: &str, id: &str) -> Vec<u8> {
        self.keyed(purpose, id).finalize().into_bytes().to_vec()
    }

    fn keyed(&self, purpose: &str, id: &str) -> Hmac<Sha256> {
        // HMAC takes a key of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(id.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, cookie.parse().expect("a header"))])
    }

    fn pair(set: &str) -> String {
        set.split(';').next().expect("a pair").to_owned()
    }

    #[test]
    fn attributes_are_as_promised() {
        let set = Cookies::new(&"secret".into(), true).set("abc");
        let rest = set.split_once(';').expect("attributes").1;
        assert!(set.starts_with("__Host-metricis_session=abc."), "{set}");
        assert_eq!(rest, " Path=/; HttpOnly; SameSite=Strict; Secure");
        let plain = Cookies::new(&"secret".into(), false).set("abc");
        assert!(plain.starts_with("metricis_session=abc.") && plain.ends_with("SameSite=Strict"), "{plain}");
    }

    #[test]
    fn only_what_we_signed_is_read() {
        let cookies = Cookies::new(&"secret".into(), true);
        let pair = pair(&cookies.set("abc"));
        assert_eq!(cookies.read(&sent(&format!("theme=dark; {pair}; x=y"))).as_deref(), Some("abc"));
        assert_eq!(cookies.read(&sent(&format!("__Host-metricis_session=planted; {pair}"))).as_deref(), Some("abc"));
        assert_eq!(cookies.read(&sent(&pair.replace("abc", "abd"))), None);
        assert_eq!(cookies.read(&sent(&pair.replace("__Host-", ""))), None, "a neighbor may have planted it");
        assert_eq!(Cookies::new(&"other".into(), true).read(&sent(&pair)), None);
        let csrf = format!("__Host-metricis_session=abc.{}", cookies.csrf_token("abc"));
        assert_eq!(cookies.read(&sent(&csrf)), None, "a CSRF token is no signature");
    }
}
