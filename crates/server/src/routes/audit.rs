//! The study's audit chain: read, and verified from its first row to its head.

use axum::Json;
use chrono::{DateTime, Utc};
use metricis_core::audit::AuditRow;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use crate::extract::{Call, Listed, StudyMember};
use crate::problem::{Answer, Problem, Refusals};

const PAGE: i64 = 500;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit_rows)).routes(routes!(verify_audit_chain))
}

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
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
    #[schema(value_type = Object)]
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
    valid: bool,
    /// Sequence of the last row, when the chain is valid.
    valid_through: Option<i64>,
    /// Id of the offending row.
    row: Option<i64>,
    /// What does not fit.
    mismatch: Option<String>,
}

/// The latest rows of the study's chain, newest first.
#[utoipa::path(get, path = "/api/studies/{study_id}/audit", tag = "audit", params(("study_id" = Uuid, Path), AuditQuery),
    security(("token" = [])), responses((status = 200, body = AuditList), Refusals))]
async fn list_audit_rows(call: Call<StudyMember>, Listed(query): Listed<AuditQuery>) -> Answer<AuditList> {
    let limit = query.limit.unwrap_or(100).clamp(1, PAGE);
    let rows = call.tx.audit_rows(Some(call.study_id()), query.before, limit).await?;
    Ok(Json(AuditList { rows: rows.into_iter().map(Into::into).collect() }))
}

/// Recomputes the study's chain from the rows that people read.
#[utoipa::path(get, path = "/api/studies/{study_id}/audit/verify", tag = "audit", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = ChainVerified), Refusals))]
async fn verify_audit_chain(call: Call<StudyMember>) -> Answer<ChainVerified> {
    let study = call.study_id();
    let heads = call.tx.audit_heads().await?;
    let head = heads.into_iter().find(|head| head.study_id == Some(study.0));
    let head = head.ok_or_else(|| Problem::internal("a study without an audit chain"))?;
    Ok(Json(match call.tx.verify_chain(&head).await? {
        Ok(through) => ChainVerified { valid: true, valid_through: Some(through), row: None, mismatch: None },
        Err(found) => ChainVerified {
            valid: false,
            valid_through: None,
            row: Some(found.id),
            mismatch: Some(found.mismatch.to_string()),
        },
    }))
}
