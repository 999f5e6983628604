//! The go/no-go board of a study.

use axum::Json;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use crate::board::{self, Board};
use crate::extract::{Call, StudyMember};
use crate::problem::{Answer, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(check_cutover))
}

/// Probes the running system, row by row.
#[utoipa::path(get, path = "/api/studies/{study_id}/cutover", tag = "cutover", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = Board), Refusals))]
async fn check_cutover(call: Call<StudyMember>) -> Answer<Board> {
    let released = call.release();
    Ok(Json(board::check(&released.app, released.study).await))
}
