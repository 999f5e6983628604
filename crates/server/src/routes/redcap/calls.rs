//! What a request must show of REDCap's answer: a job is committed and waited for, outside any transaction.

use axum::Json;
use axum::response::{IntoResponse, Response};
use metricis_core::action::Action;
use metricis_core::ids::{JobId, StudyId};
use metricis_core::operation::Order;
use metricis_store::{JobKind, Operational, StoredJob, Tx};
use serde::Serialize;

use super::super::jobs::{JobsUnderWay, under_way};
use super::outcome::{EventSyncShown, SurveyLinksShown, TestShown};
use crate::AppState;
use crate::extract::{Call, OnStudy, StudyAdmin};
use crate::problem::{Problem, Refusals};

/// Reads REDCap's events into visit windows: `created` on the first run, `updated` on later ones.
#[utoipa::path(post, path = "/api/studies/{study_id}/redcap/sync-events", tag = "redcap",
    params(("study_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = EventSyncShown), (status = 202, body = JobsUnderWay), Refusals))]
pub(super) async fn sync_events(call: Call<StudyAdmin, Tx>) -> Result<Response, Problem> {
    commit_and_wait(call, JobKind::SyncEvents, EventSyncShown::of).await
}

/// Asks REDCap who it is and which project the token belongs to.
#[utoipa::path(post, path = "/api/studies/{study_id}/redcap/test-connection", tag = "redcap",
    params(("study_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = TestShown), (status = 202, body = JobsUnderWay), Refusals))]
pub(super) async fn test_connection(call: Call<StudyAdmin, Tx>) -> Result<Response, Problem> {
    commit_and_wait(call, JobKind::TestConnection, TestShown::of).await
}

/// Asks REDCap again for every survey link that participants need now or soon, for when they were reset there; a link stays until
/// REDCap has given another.
#[utoipa::path(post, path = "/api/studies/{study_id}/redcap/refresh-survey-links", tag = "redcap",
    params(("study_id" = Uuid, Path)), security(("token" = [])),
    responses((status = 200, body = SurveyLinksShown), (status = 202, body = JobsUnderWay), Refusals))]
pub(super) async fn refresh_survey_links(call: Call<StudyAdmin, Tx>) -> Result<Response, Problem> {
    refuse_unconnected(&call).await?;
    let (study, asked_before) = (call.who.study(), Some(call.now()));
    let job = call.tx.enqueue_job(study, &JobKind::FetchSurveyLinks { asked_before }).await?;
    let app = call.commit(Action::RefreshSurveyLinks { study, job }).await?;
    show(&app, study, job, SurveyLinksShown::of).await
}

/// Commits a job and shows what came of it. An operation that is ordered, and not only previewed, leaves the account of who
/// ordered it; `named` is how much the order names.
pub(super) async fn order_and_wait<Shown: Serialize>(
    call: Call<StudyAdmin, Tx>,
    kind: JobKind,
    named: usize,
    of: fn(&StoredJob) -> Shown,
) -> Result<Response, Problem> {
    let study = call.who.study();
    refuse_unconnected(&call).await?;
    let Some(Order::Apply(digest)) = kind.order().cloned() else { return commit_and_wait(call, kind, of).await };
    let job = call.tx.enqueue_job(study, &kind).await?;
    let operation = kind.name().to_owned();
    let app = call.commit(Action::OrderOperation { study, job, operation, digest, named }).await?;
    show(&app, study, job, of).await
}

/// Commits a job and waits for it: its outcome, or where to look for it.
pub(in crate::routes) async fn commit_and_wait<P: OnStudy, Shown: Serialize>(
    call: Call<P, Tx>,
    kind: JobKind,
    of: fn(&StoredJob) -> Shown,
) -> Result<Response, Problem> {
    let study = call.who.study();
    refuse_unconnected(&call).await?;
    let job = call.tx.enqueue_job(study, &kind).await?;
    call.tx.commit_operational(Operational::QueueClaim).await?;
    show(&call.app, study, job, of).await
}

async fn refuse_unconnected<P: OnStudy>(call: &Call<P, Tx>) -> Result<(), Problem> {
    let redcap = call.study().await?.config.redcap;
    if redcap.api_url.is_none() || redcap.api_token.is_none() {
        return Err(Problem::Conflict("the study is not connected to REDCap; set the connection first".to_owned()));
    }
    Ok(())
}

async fn show<Shown: Serialize>(
    app: &AppState,
    study: StudyId,
    job: JobId,
    of: fn(&StoredJob) -> Shown,
) -> Result<Response, Problem> {
    app.wake_worker();
    match app.wait_for(job).await? {
        Some(ended) => Ok(Json(of(&ended)).into_response()),
        None => Ok(under_way(study, &[job])),
    }
}
