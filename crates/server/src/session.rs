//! Sessions of the console: a cookie in the browser, a record in memory or Redis, the last word with the database.
//!
//! Invariants: the store never holds what a cookie holds, only its hash; a cookie that this server has not signed reaches no
//! store; a session that has been ended cannot come back, because being seen only changes a record that is there.
//!
//! ```text
//!   sign-in ──► session ──(no request for the idle time, or the absolute time is over)──► gone
//!                  ├───── sign-out, or another sign-in with the same cookie ────────────► gone
//!                  └───── account disabled, password set, tokens revoked ───────────────► refused (generation)
//! ```

mod cookie;
mod memory;
mod record;
mod shared;
#[cfg(test)]
mod tests;

use axum::http::{HeaderMap, HeaderValue};
use metricis_core::Timestamp;
use sha2::{Digest, Sha256};

use crate::problem::Problem;
use crate::settings::{ServerSettings, SessionStorage};
use crate::token::StaffClaim;
use cookie::Cookies;
pub(crate) use cookie::KnownBrowser;
use memory::MemorySessions;
pub(crate) use record::SessionRules;
use record::{Record, Seen};
use shared::SharedSessions;

/// A session that is open.
#[derive(Clone)]
pub(crate) struct OpenSession {
    /// Whose it is, and of which generation.
    pub(crate) claim: StaffClaim,
    /// What a changing request sends in `X-Metricis-CSRF`.
    pub(crate) csrf_token: String,
    /// When it ends if nothing more is asked.
    pub(crate) ends_at: Timestamp,
    key: String,
}

/// The session store does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session store does not answer")]
pub(crate) struct StoreDown;

impl From<StoreDown> for Problem {
    fn from(_: StoreDown) -> Self {
        Self::Unavailable("sessions cannot be read at the moment; nothing was changed".to_owned())
    }
}

enum Backend {
    Memory(MemorySessions),
    Shared(SharedSessions),
}

/// The sessions that this server knows.
pub(crate) struct Sessions {
    cookies: Cookies,
    rules: SessionRules,
    backend: Backend,
}

impl Sessions {
    pub(crate) fn open(settings: &ServerSettings) -> Self {
        let backend = match settings.session_storage {
            SessionStorage::Memory => Backend::Memory(MemorySessions::default()),
            SessionStorage::Redis => Backend::Shared(SharedSessions::open(settings.redis_url.as_ref())),
        };
        let rules = SessionRules::new(settings.session_idle_minutes, settings.session_absolute_hours);
        Self { cookies: Cookies::new(&settings.session_secret, settings.cookies_are_secure()), rules, backend }
    }

    /// Opens a session under an id that nobody had before; returns it with the cookie to set.
    ///
    /// # Errors
    /// Unavailable without a store, internal without chance.
    pub(crate) async fn begin(&self, claim: StaffClaim, now: Timestamp) -> Result<(OpenSession, HeaderValue), Problem> {
        let id = crate::links::new_code().map_err(Problem::internal)?;
        let record = Record::new(claim, now);
        let key = key_of(&id);
        match &self.backend {
            Backend::Memory(memory) => memory.insert(key.clone(), record, self.rules, now),
            Backend::Shared(shared) => shared.insert(&key, record, self.rules, now).await?,
        }
        let cookie = HeaderValue::from_str(&self.cookies.set(&id)).map_err(Problem::internal)?;
        Ok((self.opened(&id, key, record), cookie))
    }

    /// The open session that the cookies name, now seen; none when there is none, or it is over.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn find(&self, headers: &HeaderMap, now: Timestamp) -> Result<Option<OpenSession>, StoreDown> {
        self.find_by(headers, now, true).await
    }

    /// As [`Self::find`]; what no person asks makes the session no longer.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn find_by(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
        a_person: bool,
    ) -> Result<Option<OpenSession>, StoreDown> {
        let Some(id) = self.cookies.read(headers) else { return Ok(None) };
        let key = key_of(&id);
        let record = match &self.backend {
            Backend::Memory(memory) => memory.get(&key),
            Backend::Shared(shared) => shared.get(&key).await?,
        };
        let Some(record) = record else { return Ok(None) };
        let mut seen = record;
        let outcome = seen.see(self.rules, now);
        let record = if a_person { seen } else { record };
        match outcome {
            Seen::Over => return self.end(&key).await.map(|()| None),
            Seen::Again if a_person => match &self.backend {
                Backend::Memory(memory) => memory.replace(&key, record),
                Backend::Shared(shared) => shared.replace(&key, record, self.rules, now).await?,
            },
            Seen::Again | Seen::Lately => {}
        }
        Ok(Some(self.opened(&id, key, record)))
    }

    /// Whether the session is open, without its being seen.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn is_open(&self, session: &OpenSession, now: Timestamp) -> Result<bool, StoreDown> {
        let record = match &self.backend {
            Backend::Memory(memory) => memory.get(&session.key),
            Backend::Shared(shared) => shared.get(&session.key).await?,
        };
        Ok(record.is_some_and(|record| now < record.ends_at(self.rules)))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn close(&self, session: &OpenSession) -> Result<(), StoreDown> {
        self.end(&session.key).await
    }

    /// The cookie that takes the cookie away.
    pub(crate) fn clearing_cookie(&self) -> Result<HeaderValue, Problem> {
        HeaderValue::from_str(&self.cookies.clear()).map_err(Problem::internal)
    }

    /// The browser, if it has signed in within half a year.
    pub(crate) fn known_browser(&self, headers: &HeaderMap, now: Timestamp) -> Option<KnownBrowser> {
        self.cookies.read_browser(headers, now)
    }

    /// The cookie by which this browser will be known: under its id, if it is known to have signed in to the account before.
    ///
    /// # Errors
    /// Internal, without chance.
    pub(crate) fn browser_cookie(
        &self,
        claim: StaffClaim,
        known: Option<KnownBrowser>,
        now: Timestamp,
    ) -> Result<HeaderValue, Problem> {
        let StaffClaim { user, generation } = claim;
        let browser = match known.filter(|known| known.is_known_to(user, generation)) {
            Some(known) => known,
            None => KnownBrowser { user, id: crate::links::new_code().map_err(Problem::internal)?, generation },
        };
        HeaderValue::from_str(&self.cookies.set_browser(&browser, now)).map_err(Problem::internal)
    }

    async fn end(&self, key: &str) -> Result<(), StoreDown> {
        match &self.backend {
            Backend::Memory(memory) => memory.remove(key),
            Backend::Shared(shared) => shared.remove(key).await?,
        }
        Ok(())
    }

    fn opened(&self, id: &str, key: String, record: Record) -> OpenSession {
        let ends_at = record.ends_at(self.rules);
        OpenSession { claim: record.claim(), csrf_token: self.cookies.csrf_token(id), ends_at, key }
    }
}

/// What the store knows a session by: whoever reads the store cannot make a cookie of it.
fn key_of(id: &str) -> String {
    format!("metricis:session:{}", hex::encode(Sha256::digest(id.as_bytes())))
}
