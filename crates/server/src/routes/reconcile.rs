//! Reconcile: REDCap's records against ours, on demand, and how far the last one came (system.md, *DET intake* 4).

use axum::Json;
use axum::response::Response;
use chrono::{DateTime, Utc};
use metricis_core::action::Action;
use metricis_core::answer::{ReconcileCounts, ReconciledFlag, Reconciliation, WaitingRecord};
use metricis_core::words::{EventStatus, FlagKind};
use metricis_store::{JobKind, StoredJob, Tx};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::jobs::JobsUnderWay;
use super::redcap::{CallShown, answer_of, ask_and_wait};
use crate::AppState;
use crate::extract::{Body, Call, StudyCoordinator, StudyMember};
use crate::problem::{Answer, Problem, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_reconcile)).routes(routes!(reconcile))
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReconcileOrder {
    /// Read every record, not only what changed since the last run.
    #[serde(default)]
    full: bool,
    /// Only say what would be done.
    #[serde(default)]
    dry_run: bool,
    /// Flag as deleted what REDCap does not list and its log does not explain: for records that were deleted with their log.
    #[serde(default)]
    absent_as_deleted: bool,
}

/// What a reconcile came to.
#[derive(serde::Serialize, ToSchema)]
pub(in crate::routes) struct ReconcileShown {
    #[serde(flatten)]
    call: CallShown,
    dry_run: bool,
    /// Every record was read.
    full: bool,
    /// Records that REDCap lists.
    listed: usize,
    /// Records whose values were read.
    examined: usize,
    /// Complete records without a participant: each is an event now.
    missing: Vec<String>,
    /// Records that differ from their participant: each is an event now.
    changed: Vec<String>,
    /// Records that differ and wait for an event that is not ended, or has failed.
    waiting: Vec<WaitingShown>,
    /// Records that differ and wait for a decision on a flag.
    held: Vec<String>,
    /// Flags raised.
    flags: Vec<RaisedShown>,
    /// Records of participants that REDCap does not list, and of which its log does not say why.
    unexplained: Vec<String>,
    counts: CountsShown,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(serde::Serialize, ToSchema)]
struct WaitingShown {
    record: String,
    event: Uuid,
    #[schema(schema_with = crate::schema::event_status)]
    status: EventStatus,
}

#[derive(serde::Serialize, ToSchema)]
struct RaisedShown {
    #[schema(schema_with = crate::schema::flag_kind)]
    kind: FlagKind,
    record: String,
    became: Option<String>,
    /// In REDCap's own time.
    at: String,
    /// None when it concerns nobody here; it is closed then.
    participant: Option<Uuid>,
}

/// How many of each; the lists end at a thousand.
#[derive(serde::Serialize, ToSchema)]
struct CountsShown {
    missing: usize,
    changed: usize,
    waiting: usize,
    held: usize,
    flags: usize,
    unexplained: usize,
}

impl ReconcileShown {
    /// The outcome of an ended job.
    pub(in crate::routes) fn of(job: &StoredJob) -> Self {
        let Reconciliation {
            success,
            full,
            listed,
            examined,
            missing,
            changed,
            waiting,
            held,
            flags,
            unexplained,
            counts,
            message,
            ..
        } = answer_of(job);
        // Also of one that failed, which has no answer.
        let dry_run = matches!(job.kind, JobKind::Reconcile { dry_run: true, .. });
        let call = CallShown::of(job, success);
        let waiting = waiting.into_iter().map(Into::into).collect();
        let flags = flags.into_iter().map(Into::into).collect();
        let counts = counts.into();
        Self {
            call,
            dry_run,
            full,
            listed,
            examined,
            missing,
            changed,
            waiting,
            held,
            flags,
            unexplained,
            counts,
            message,
        }
    }
}

impl From<WaitingRecord> for WaitingShown {
    fn from(WaitingRecord { record, event, status }: WaitingRecord) -> Self {
        Self { record, event: event.0, status }
    }
}

impl From<ReconciledFlag> for RaisedShown {
    fn from(ReconciledFlag { kind, record, became, at, participant }: ReconciledFlag) -> Self {
        Self { kind, record, became, at, participant: participant.map(|id| id.0) }
    }
}

impl From<ReconcileCounts> for CountsShown {
    fn from(counts: ReconcileCounts) -> Self {
        let ReconcileCounts { missing, changed, waiting, held, flags, unexplained } = counts;
        Self { missing, changed, waiting, held, flags, unexplained }
    }
}

#[derive(serde::Serialize, ToSchema)]
struct ReconcileState {
    /// When the last run that accounted for every record ended; none before the first.
    ran_at: Option<DateTime<Utc>>,
    /// When one that read every record ended.
    full_at: Option<DateTime<Utc>>,
    /// How far REDCap's log was read, in REDCap's own time.
    log_mark: Option<String>,
    /// A run waits or is under way.
    under_way: bool,
    /// Flags that wait for a decision.
    open_flags: u64,
    /// How the last run ended, previews apart; none before the first.
    last_run: Option<LastRun>,
}

#[derive(serde::Serialize, ToSchema)]
struct LastRun {
    job: Uuid,
    finished_at: Option<DateTime<Utc>>,
    /// Every record was accounted for.
    success: bool,
    /// Why not.
    error: Option<String>,
}

impl From<StoredJob> for LastRun {
    fn from(job: StoredJob) -> Self {
        let found: Reconciliation = answer_of(&job);
        let success = job.error.is_none() && found.success;
        let error = job.error.or(found.message.filter(|_| !success));
        Self { job: job.id.0, finished_at: job.finished_at, success, error }
    }
}

/// How far the last reconcile came.
#[utoipa::path(get, path = "/api/studies/{study_id}/reconcile", tag = "reconcile", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = ReconcileState), Refusals))]
async fn get_reconcile(call: Call<StudyMember>) -> Answer<ReconcileState> {
    let study = call.study_id();
    let state = call.tx.reconcile_state(study).await?;
    Ok(Json(ReconcileState {
        ran_at: state.ran_at,
        full_at: state.full_at,
        log_mark: state.log_mark.map(|at| at.format("%Y-%m-%d %H:%M").to_string()),
        under_way: call.tx.reconcile_under_way(study).await?,
        open_flags: call.tx.open_flags(study).await?,
        last_run: call.tx.last_reconcile(study).await?.map(Into::into),
    }))
}

/// Compares REDCap's records with ours: what is missing or changed becomes an event, what was deleted or renamed a flag. Nothing is
/// deleted.
#[utoipa::path(post, path = "/api/studies/{study_id}/reconcile", tag = "reconcile", params(("study_id" = Uuid, Path)),
    request_body = ReconcileOrder, security(("token" = [])),
    responses((status = 200, body = ReconcileShown), (status = 202, body = JobsUnderWay), Refusals))]
async fn reconcile(call: Call<StudyCoordinator, Tx>, Body(order): Body<ReconcileOrder>) -> Result<Response, Problem> {
    let ReconcileOrder { full, dry_run, absent_as_deleted } = order;
    let study = call.study_id();
    if call.tx.reconcile_under_way(study).await? {
        return Err(Problem::Conflict("a reconcile of this study is under way; look at its outcome first".to_owned()));
    }
    let action = |job| Action::AskReconcile { study, job, full, dry_run, absent_as_deleted };
    let kind = JobKind::Reconcile { full, dry_run, absent_as_deleted };
    ask_and_wait(call, kind, action, ReconcileShown::of).await
}
