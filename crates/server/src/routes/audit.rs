//! The study's audit chain: read, and verified from its first row to its head.

use axum::Json;
use chrono::{DateTime, Utc};
use metricis_core::action::Chain;
use metricis_core::audit::AuditRow;
use metricis_store::audit::AuditFilter;
use metricis_store::audit::ChainVerdict;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::AppState;
use crate::extract::{Call, Listed, StudyMember};
use crate::problem::{Answer, Refusals};

const PAGE: i64 = 500;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit_rows)).routes(routes!(verify_audit_chain))
}

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// Only of this kind of object: `participant`, `session`, `webhook_event`, `study`, `site`, `user`.
    object_kind: Option<String>,
    /// Only of the object with this id.
    object_id: Option<String>,
    /// Only this action.
    action: Option<String>,
    /// Only by the actor with this id.
    actor: Option<String>,
    /// Not earlier than this moment.
    from: Option<DateTime<Utc>>,
    /// Earlier than this moment.
    to: Option<DateTime<Utc>>,
    /// Id of the last row of the former page.
    before: Option<i64>,
    /// Rows at most, 1 to 500; 100 when not given.
    limit: Option<i64>,
}

#[derive(serde::Serialize, ToSchema)]
struct AuditList {
    rows: Vec<AuditShown>,
}

/// A row of `audit_logs`.
#[derive(serde::Serialize, ToSchema)]
struct AuditShown {
    id: i64,
    sequence: i64,
    occurred_at: DateTime<Utc>,
    actor_kind: String,
    actor_id: String,
    action: String,
    object_kind: String,
    object_id: String,
    /// What the action says of itself.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    detail: Value,
    previous_hash: String,
    hash: String,
}

impl From<AuditRow> for AuditShown {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            sequence: row.sequence,
            occurred_at: row.occurred_at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            action: row.action,
            object_kind: row.object_kind,
            object_id: row.object_id,
            detail: serde_json::from_str(&row.detail).unwrap_or(Value::String(row.detail)),
            previous_hash: row.previous_hash,
            hash: row.hash,
        }
    }
}

#[derive(serde::Serialize, ToSchema)]
struct ChainVerified {
    /// The chain is whole and every stored result is the one that was submitted.
    valid: bool,
    /// Sequence of the last row, when the chain is whole.
    valid_through: Option<i64>,
    /// Id of the offending row.
    row: Option<i64>,
    /// What does not fit.
    mismatch: Option<String>,
    /// Sessions whose stored result is not the one that was submitted.
    altered_sessions: Vec<Uuid>,
    /// Results that were submitted before results had a digest in the audit log.
    results_not_covered: u64,
}

impl ChainVerified {
    fn of(verdicts: &[ChainVerdict]) -> Self {
        let results = || verdicts.iter().filter_map(|verdict| verdict.results.as_ref());
        let broken = || verdicts.iter().filter_map(|verdict| verdict.broken.as_ref());
        let heads = verdicts.iter().filter_map(|verdict| verdict.head.as_ref());
        let flaws: Vec<String> = heads
            .map(ToString::to_string)
            .chain(broken().map(|broken| broken.mismatch.to_string()))
            .chain(verdicts.iter().flat_map(ChainVerdict::result_flaws))
            .collect();
        Self {
            valid: flaws.is_empty(),
            valid_through: verdicts.iter().find_map(|verdict| verdict.valid_through),
            row: broken().map(|broken| broken.id).next(),
            mismatch: (!flaws.is_empty()).then(|| flaws.join("; ")),
            altered_sessions: results().flat_map(|results| &results.altered).map(|result| result.session.0).collect(),
            results_not_covered: results().map(|results| results.not_covered).sum(),
        }
    }
}

/// The latest rows of the study's chain, newest first.
#[utoipa::path(get, path = "/api/studies/{study_id}/audit", tag = "audit", params(("study_id" = Uuid, Path), AuditQuery),
    security(("token" = [])), responses((status = 200, body = AuditList), Refusals))]
async fn list_audit_rows(call: Call<StudyMember>, Listed(query): Listed<AuditQuery>) -> Answer<AuditList> {
    let limit = query.limit.unwrap_or(100).clamp(1, PAGE);
    let AuditQuery { object_kind, object_id, action, actor, from, to, .. } = query;
    let filter = AuditFilter { object_kind, object_id, action, actor, from, to };
    let rows = call.tx.audit_rows_where(Some(call.study_id()), &filter, query.before, limit).await?;
    Ok(Json(AuditList { rows: rows.into_iter().map(Into::into).collect() }))
}

/// Recomputes the study's chain from the rows that people read, and compares the stored results with it.
#[utoipa::path(get, path = "/api/studies/{study_id}/audit/verify", tag = "audit", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = ChainVerified), Refusals))]
async fn verify_audit_chain(call: Call<StudyMember>) -> Answer<ChainVerified> {
    let verdicts = call.tx.verify_audit(Some(Chain::Study(call.study_id()))).await?;
    Ok(Json(ChainVerified::of(&verdicts)))
}
