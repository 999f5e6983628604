//! Whether what a request said of its caller still holds, for an answer that lasts longer than a token may.
//!
//! Invariant: asking does not count as being seen: an open stream keeps no session alive.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::caller::Caller;
use super::peer::bearer;
use crate::AppState;
use crate::problem::Problem;

/// The caller of a request, to be looked at again.
pub(crate) struct StillThere {
    caller: Caller,
    headers: HeaderMap,
}

impl FromRequestParts<AppState> for StillThere {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &AppState) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>().cloned().ok_or(Problem::Unauthenticated)?;
        let token = parts.headers.get(AUTHORIZATION).cloned();
        Ok(Self { caller, headers: token.into_iter().map(|token| (AUTHORIZATION, token)).collect() })
    }
}

impl StillThere {
    /// None when the token or the session is over, or cannot be read.
    pub(crate) async fn check(&self, app: &AppState) -> Option<()> {
        match &self.caller {
            Caller::Token(subject) => {
                let now = bearer(&self.headers).and_then(|token| app.tokens.read(token, app.now()));
                (now == Some(*subject)).then_some(())
            }
            Caller::Session(session) => app.sessions.is_open(session, app.now()).await.ok()?.then_some(()),
            Caller::Nobody | Caller::Unknown => None,
        }
    }
}
