//! Participants as staff see them: never their results.

mod link;

use metricis_core::ids::{ParticipantId, StudyId};
use metricis_store::{Snapshot, StoredParticipant};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use link::{LinkCreated, create_link};

use crate::AppState;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(link::create_participant_link))
}

/// The participant, if the study has one with this id.
///
/// # Errors
/// Not found, or whatever the database says.
async fn find_participant(db: &Snapshot, study: StudyId, id: ParticipantId) -> Result<StoredParticipant, Problem> {
    db.participant(id).await?.filter(|found| found.study == study).ok_or(Problem::NotFound)
}
