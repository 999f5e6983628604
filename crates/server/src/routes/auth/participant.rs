//! A participant's session: opened by a one-time link, ended by signing out.
//!
//! Invariant: a session that has been ended opens nothing any more, whichever process is asked and however long its token would last.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metricis_core::action::{Action, Actor, Entry};
use metricis_store::{Operational, Tx};
use secrecy::{ExposeSecret, SecretString};
use utoipa::ToSchema;

use crate::extract::{Body, Call, ParticipantSession, Peer};
use crate::problem::{Answer, Problem, Refusals};
use crate::refusals::Refused;
use crate::token::Subject;
use crate::{AppState, links};

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkCode {
    #[schema(value_type = String, format = Password)]
    code: SecretString,
}

#[derive(serde::Serialize, ToSchema)]
pub(super) struct ParticipantToken {
    session_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
}

/// Opens a participant's session with the code of a one-time link.
#[utoipa::path(post, path = "/api/auth/participant", tag = "auth", request_body = LinkCode,
    responses((status = 200, body = ParticipantToken), Refusals))]
pub(super) async fn open_participant_session(
    State(app): State<AppState>,
    Peer(address): Peer,
    Body(given): Body<LinkCode>,
) -> Answer<ParticipantToken> {
    let hash = links::hash_code(given.code.expose_secret());
    let tx = app.store.write(app.now()).await?;
    let Some(sign_in) = tx.use_link(&hash).await? else {
        app.refusals.count(app.now(), Refused::SignIn, &format!("address:{address}"));
        return Err(Problem::WrongCredentials);
    };
    let participant = sign_in.participant;
    let study = tx.participant(participant).await?.ok_or(Problem::Internal)?.study;
    let minutes = app.settings.participant_session_minutes;
    let session_token = app.tokens.issue(Subject::Participant(sign_in), app.now(), minutes)?;
    let used = Action::UseParticipantLink { participant };
    tx.commit(Entry::study(study, Actor::Participant(participant), used)).await?;
    Ok(Json(ParticipantToken { session_token, token_type: "Bearer", expires_in: u64::from(minutes) * 60 }))
}

/// Signs a participant out: ends the session of the token. What they have submitted stays, and so do their other sessions.
#[utoipa::path(post, path = "/api/auth/participant/sign-out", tag = "auth", security(("token" = [])),
    responses((status = 204), Refusals))]
pub(super) async fn end_participant_session(call: Call<ParticipantSession, Tx>) -> Result<StatusCode, Problem> {
    call.tx.end_sign_in(call.who.sign_in).await?;
    call.tx.commit_operational(Operational::LoginSession).await?;
    Ok(StatusCode::NO_CONTENT)
}
