//! A study's status: draft → active ⇄ paused → completed.
//!
//! Invariant: nothing becomes active while the go/no-go board has a red row.

use axum::Json;
use metricis_core::action::Action;
use metricis_core::words::StudyStatus;
use utoipa::ToSchema;

use super::StudyDetail;
use crate::board;
use crate::extract::{Body, Call, StudyAdmin};
use crate::problem::{Answer, Problem, Refusals};

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStatus {
    #[schema(schema_with = crate::schema::study_status)]
    status: StudyStatus,
}

/// Moves a study to another status; becoming active needs a green board.
#[utoipa::path(post, path = "/api/studies/{study_id}/status", tag = "studies", params(("study_id" = Uuid, Path)),
    request_body = NewStatus, security(("token" = [])), responses((status = 200, body = StudyDetail), Refusals))]
pub(super) async fn set_study_status(call: Call<StudyAdmin>, Body(new): Body<NewStatus>) -> Answer<StudyDetail> {
    refuse_move(call.study().await?.status, new.status)?;
    // The board's probes use transactions of their own, so this one ends before them and the proof is taken again after.
    let reproof = call.release();
    if new.status == StudyStatus::Active {
        let board = board::check(&reproof.app, reproof.study).await;
        let red: Vec<String> = board.red().map(|row| format!("{} {}", row.number, row.name)).collect();
        if !red.is_empty() {
            return Err(Problem::BoardRed(red));
        }
    }
    let call = reproof.begin_write().await?;
    let mut study = call.lock_study().await?;
    refuse_move(study.status, new.status)?;
    call.tx.set_study_status(study.id, new.status).await?;
    let (role, from) = (call.who.role, std::mem::replace(&mut study.status, new.status));
    call.commit(Action::SetStudyStatus { study: study.id, from, to: new.status }).await?;
    Ok(Json(StudyDetail::of(&study, role)))
}

fn refuse_move(from: StudyStatus, to: StudyStatus) -> Result<(), Problem> {
    match from.may_become(to) {
        true => Ok(()),
        false => Err(Problem::Conflict(format!("a study that is {from} cannot become {to}"))),
    }
}
