//! The participant's own, digital consent.

use axum::Json;
use metricis_core::words::ConsentMode;
use metricis_store::Tx;

use super::super::participants::{ConsentRecorded, open_gate};
use crate::extract::{Call, ParticipantSession};
use crate::problem::{Answer, Problem, Refusals};

/// Gives the participant's consent; opens the gate.
#[utoipa::path(post, path = "/api/portal/consent", tag = "portal", security(("token" = [])),
    responses((status = 200, body = ConsentRecorded), Refusals))]
pub(super) async fn give_consent(call: Call<ParticipantSession, Tx>) -> Answer<ConsentRecorded> {
    let study = call.study().await?;
    if study.config.constraints.consent_mode != Some(ConsentMode::Digital) {
        return Err(Problem::Conflict("consent is not given here in this study; ask the study team".to_owned()));
    }
    let (recorded, action) = open_gate(&call.tx, &study, &call.who.participant, ConsentMode::Digital).await?;
    call.commit(action).await?;
    Ok(Json(recorded))
}
