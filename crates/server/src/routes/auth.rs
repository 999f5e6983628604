//! Signing in: staff with address and password, participants with a one-time link.
//!
//! Invariant: a refusal does not tell whether the account or the link exists, neither in words nor in time.

mod credentials;
mod participant;
mod session;

use axum::Json;
use axum::extract::State;
use metricis_core::words::GlobalRole;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::AppState;
use crate::extract::{Body, Call, Peer, StaffUser};
use crate::problem::{Answer, Refusals};
use crate::token::{StaffClaim, Subject};
use credentials::{Credentials, Origin};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(session::start_console_session, session::get_console_session, session::end_console_session))
        .routes(routes!(session::revoke_own_tokens))
        .routes(routes!(participant::open_participant_session))
        .routes(routes!(participant::end_participant_session))
        .routes(routes!(get_signed_in_user))
}

#[derive(serde::Serialize, ToSchema)]
struct AccessToken {
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
}

#[derive(serde::Serialize, ToSchema)]
struct SignedInUser {
    id: Uuid,
    email: String,
    /// What they are to the whole system; grants nothing on a study.
    #[schema(schema_with = crate::schema::global_role)]
    role: GlobalRole,
}

/// Signs a member of staff in.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", request_body = Credentials,
    responses((status = 200, body = AccessToken), Refusals))]
async fn sign_in(
    State(app): State<AppState>,
    Peer(address): Peer,
    Body(given): Body<Credentials>,
) -> Answer<AccessToken> {
    let user = credentials::verify(&app, &Origin { address: &address, known_browser: None }, given).await?;
    let minutes = app.settings.access_token_minutes;
    let claim = StaffClaim { user: user.id, generation: user.token_generation };
    let access_token = app.tokens.issue(Subject::Staff(claim), app.now(), minutes)?;
    Ok(Json(AccessToken { access_token, token_type: "Bearer", expires_in: u64::from(minutes) * 60 }))
}

/// Who is signed in at the moment.
#[utoipa::path(get, path = "/api/auth/me", tag = "auth", security(("token" = [])),
    responses((status = 200, body = SignedInUser), Refusals))]
async fn get_signed_in_user(call: Call<StaffUser>) -> Answer<SignedInUser> {
    Ok(Json(SignedInUser { id: call.who.id.0, email: call.who.email, role: call.who.role }))
}
