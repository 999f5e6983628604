//! Who a request says it comes from: found out once, before anything counts or proves by it.
//!
//! Invariants: a bearer token is the whole claim – one that does not read never falls back to a cookie, while an `Authorization`
//! header of another scheme (a DET's proof) is no claim; a stream, which a page opens by itself again and again, is no sign of a person.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use metricis_store::ParticipantSignIn;

use super::cross_site::refuse_cross_site;
use super::peer::bearer;
use crate::AppState;
use crate::problem::Problem;
use crate::session::OpenSession;
use crate::token::{StaffClaim, Subject};

/// Put into each request by [`name_caller`].
#[derive(Clone)]
pub(crate) enum Caller {
    /// Nobody, or a token or cookie that opens nothing.
    Nobody,
    /// The holder of an access token.
    Token(Subject),
    /// A browser with a session.
    Session(OpenSession),
    /// A browser with a cookie, while the sessions cannot be read.
    Unknown,
}

/// Finds out who asks.
pub(crate) async fn name_caller(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let (headers, now) = (request.headers(), app.now());
    let by_a_person = !crate::changes::is_stream(request.uri().path());
    let caller = match bearer(headers) {
        Some(token) => app.tokens.read(token, now).map_or(Caller::Nobody, Caller::Token),
        None => match app.sessions.find_by(headers, now, by_a_person).await {
            Ok(Some(session)) => Caller::Session(session),
            Ok(None) => Caller::Nobody,
            Err(_) => Caller::Unknown,
        },
    };
    request.extensions_mut().insert(caller);
    next.run(request).await
}

impl Caller {
    /// What limits count by; none of the anonymous.
    pub(crate) fn principal(&self) -> Option<String> {
        match self {
            Self::Token(Subject::Participant(sign_in)) => Some(format!("participant:{}", sign_in.participant)),
            Self::Token(Subject::Staff(claim)) | Self::Session(OpenSession { claim, .. }) => {
                Some(format!("staff:{}", claim.user))
            }
            Self::Nobody | Self::Unknown => None,
        }
    }
}

/// The member of staff that the request claims to be.
///
/// # Errors
/// Nobody; a session whose request may come from another site; unavailable.
pub(super) fn claim_staff(parts: &Parts, app: &AppState) -> Result<StaffClaim, Problem> {
    match parts.extensions.get::<Caller>() {
        Some(Caller::Token(Subject::Staff(claim))) => Ok(*claim),
        Some(Caller::Session(_) | Caller::Unknown) => Ok(claim_session(parts, app)?.claim),
        Some(Caller::Token(Subject::Participant(_)) | Caller::Nobody) | None => Err(Problem::Unauthenticated),
    }
}

/// The browser's session, when the request shows that the console has made it.
///
/// # Errors
/// As [`claim_staff`].
pub(super) fn claim_session(parts: &Parts, app: &AppState) -> Result<OpenSession, Problem> {
    match parts.extensions.get::<Caller>() {
        Some(Caller::Session(session)) => {
            refuse_cross_site(parts, &app.settings, Some(&session.csrf_token))?;
            Ok(session.clone())
        }
        Some(Caller::Unknown) => Err(crate::session::StoreDown.into()),
        _ => Err(Problem::Unauthenticated),
    }
}

/// The participant that the request claims to be.
///
/// # Errors
/// Nobody, or somebody else.
pub(super) fn claim_participant(parts: &Parts) -> Result<ParticipantSignIn, Problem> {
    match parts.extensions.get::<Caller>() {
        Some(Caller::Token(Subject::Participant(sign_in))) => Ok(*sign_in),
        _ => Err(Problem::Unauthenticated),
    }
}
