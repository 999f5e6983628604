//! The console's session: sign-in, who am I, sign-out.
//!
//! Invariants: a sign-in always makes a new id and ends the session that the browser had; no answer here may be kept by a cache.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Json, RequestExt};
use chrono::{DateTime, Utc};
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::words::{GlobalRole, StudyRole};
use metricis_store::{Snapshot, Tx};
use utoipa::ToSchema;
use uuid::Uuid;

use super::credentials::{self, Credentials, Origin};
use crate::AppState;
use crate::extract::{Body, Call, ConsoleSession, Peer, StaffUser, refuse_cross_site};
use crate::problem::{Problem, Refusals};
use crate::session::OpenSession;
use crate::token::StaffClaim;

#[derive(serde::Serialize, ToSchema)]
struct SignedIn {
    id: Uuid,
    email: String,
    /// What they are to the whole system; grants nothing on a study.
    #[schema(schema_with = crate::schema::global_role)]
    role: GlobalRole,
    /// The studies on which they hold a role, by code.
    studies: Vec<StudyOfMine>,
    /// What changing requests send in `X-Metricis-CSRF`; null for the holder of a token, who needs none.
    csrf_token: Option<String>,
    /// When the session ends if nothing more is asked; null for the holder of a token.
    ends_at: Option<DateTime<Utc>>,
}

#[derive(serde::Serialize, ToSchema)]
struct StudyOfMine {
    id: Uuid,
    code: String,
    name: String,
    #[schema(schema_with = crate::schema::study_role)]
    role: StudyRole,
}

/// Signs a member of staff in to the console: sets the session's cookie.
#[utoipa::path(post, path = "/api/auth/session", tag = "auth", request_body = Credentials,
    responses((status = 200, body = SignedIn), Refusals))]
pub(super) async fn start_console_session(State(app): State<AppState>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    // Nobody signs a browser in from another site: its user would work under a stranger's name.
    refuse_cross_site(&parts, &app.settings, None)?;
    let former = app.sessions.find(&parts.headers, app.now()).await?;
    let headers = parts.headers.clone();
    let mut request = Request::from_parts(parts, body);
    let Ok(Peer(address)) = request.extract_parts().await;
    let Body(given) = request.extract_with_state::<Body<Credentials>, _, _>(&app).await?;
    let origin = Origin { address: &address, known_browser: app.sessions.known_browser(&headers, app.now()) };
    let user = credentials::verify(&app, &origin, given).await?;
    if let Some(former) = former {
        app.sessions.close(&former).await?;
    }
    let claim = StaffClaim { user: user.id, generation: user.token_generation };
    let (session, cookie) = app.sessions.begin(claim, app.now()).await?;
    let browser = app.sessions.browser_cookie(claim, origin.known_browser, app.now())?;
    let who = StaffUser { id: user.id, email: user.email, role: user.role, session: Some(session) };
    let shown = signed_in(who, &app.store.read(app.now()).await?).await?;
    let cookies = AppendHeaders([(SET_COOKIE, cookie), (SET_COOKIE, browser)]);
    Ok((cookies, [(CACHE_CONTROL, "no-store")], Json(shown)).into_response())
}

/// Who is signed in, on which studies, and the token that changing requests must send.
#[utoipa::path(get, path = "/api/auth/session", tag = "auth", security(("token" = [])),
    responses((status = 200, body = SignedIn), Refusals))]
pub(super) async fn get_console_session(call: Call<StaffUser>) -> Result<Response, Problem> {
    let shown = signed_in(call.who, &call.tx).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(shown)).into_response())
}

/// Signs out everywhere: ends every token and every session of the account.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", security(("token" = [])),
    responses((status = 204), Refusals))]
pub(super) async fn revoke_own_tokens(call: Call<StaffUser, Tx>) -> Result<Response, Problem> {
    let user = call.who.id;
    call.tx.revoke_tokens(user).await?;
    call.tx.commit(Entry::system(Actor::User(user), Action::RevokeTokens { user })).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, call.app.sessions.clearing_cookie()?)]).into_response())
}

/// Signs out: ends the session of the cookie. Other sessions of the account stay.
#[utoipa::path(delete, path = "/api/auth/session", tag = "auth", security(("session" = [])),
    responses((status = 204), Refusals))]
pub(super) async fn end_console_session(
    State(app): State<AppState>,
    ConsoleSession(session): ConsoleSession,
) -> Result<Response, Problem> {
    app.sessions.close(&session).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, app.sessions.clearing_cookie()?)]).into_response())
}

async fn signed_in(who: StaffUser, db: &Snapshot) -> Result<SignedIn, Problem> {
    let studies = db.roles_of(who.id).await?.into_iter();
    let (csrf_token, ends_at) =
        who.session.map(|OpenSession { csrf_token, ends_at, .. }| (csrf_token, ends_at)).unzip();
    Ok(SignedIn {
        id: who.id.0,
        email: who.email,
        role: who.role,
        studies: studies
            .map(|held| StudyOfMine { id: held.study.0, code: held.code, name: held.name, role: held.role })
            .collect(),
        csrf_token,
        ends_at,
    })
}
