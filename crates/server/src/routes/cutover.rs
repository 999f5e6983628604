//! The go/no-go board of a study.

use axum::Json;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use crate::board::Board;
use crate::extract::{Call, StudyMember};
use crate::problem::{Answer, Refusals};
use metricis_core::access::{Access, Need, decide};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(check_cutover))
}

/// Probes the running system, row by row; who looks within five seconds, and before anything was changed, is shown the same check. The servers'
/// addresses stand in it for owners and admins.
#[utoipa::path(get, path = "/api/studies/{study_id}/cutover", tag = "cutover", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = Board), Refusals))]
async fn check_cutover(call: Call<StudyMember>) -> Answer<Board> {
    let runs_it = decide(Some(call.who.role), Need::Admin) == Access::Granted;
    let released = call.release();
    let board = released.app.look_at_board(released.study).await?;
    Ok(Json(if runs_it { Board::clone(&board) } else { board.without_addresses() }))
}
