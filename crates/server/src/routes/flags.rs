//! Flags: what happened to records in REDCap and a person decides on.

use axum::Json;
use chrono::{DateTime, Utc};
use metricis_core::action::Actor;
use metricis_core::ids::FlagId;
use metricis_core::reconcile::{choices, resolve};
use metricis_core::words::{FlagKind, FlagResolution};
use metricis_store::{Snapshot, StoredFlag, Tx};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::AppState;
use crate::extract::{At, Body, Call, Listed, OnStudy, StudyCoordinator, StudyMember};
use crate::problem::{Answer, Problem, Refusals};

/// Flags shown at once.
const PAGE: u32 = 500;
/// Longest reason, in characters.
const REASON: usize = 500;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_flags)).routes(routes!(resolve_flag))
}

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct FlagQuery {
    /// Those that were decided on as well.
    #[serde(default)]
    all: bool,
}

#[derive(serde::Serialize, ToSchema)]
struct FlagList {
    /// Newest first, 500 at most.
    flags: Vec<FlagShown>,
    /// How many wait for a decision.
    open: u64,
}

#[derive(serde::Serialize, ToSchema)]
struct FlagShown {
    id: Uuid,
    #[schema(schema_with = crate::schema::flag_kind)]
    kind: FlagKind,
    /// The record, by the name that it had.
    record_id: String,
    /// The data access group before.
    was: Option<String>,
    /// The name, or the data access group, since.
    became: Option<String>,
    participant_id: Option<Uuid>,
    participant_code: Option<String>,
    /// When it happened, in REDCap's own time, `YYYY-MM-DD HH:MM`.
    redcap_at: Option<String>,
    raised_at: DateTime<Utc>,
    #[schema(schema_with = crate::schema::flag_resolution)]
    resolution: Option<FlagResolution>,
    resolved_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    /// What a person may decide now: `followed`, `detached`, `dismissed`; empty when it is decided.
    #[schema(schema_with = crate::schema::flag_resolutions)]
    choices: Vec<FlagResolution>,
}

impl FlagShown {
    async fn of(snapshot: &Snapshot, flag: StoredFlag) -> Result<Self, Problem> {
        let participant = match flag.participant {
            Some(id) => snapshot.participant(id).await?,
            None => None,
        };
        let is_oldest = snapshot.is_oldest_flag(&flag).await?;
        let may = |how: &&FlagResolution| {
            let participant = participant.as_ref();
            participant.is_some_and(|one| resolve(flag.facts(), **how, one.id, &one.external_id, is_oldest).is_ok())
        };
        let choices = choices(flag.kind).iter().filter(may).copied().collect();
        Ok(Self {
            id: flag.id.0,
            kind: flag.kind,
            record_id: flag.record_id,
            was: flag.was,
            became: flag.became,
            participant_id: flag.participant.map(|id| id.0),
            participant_code: participant.map(|participant| participant.code),
            redcap_at: flag.redcap_at.map(|at| at.format("%Y-%m-%d %H:%M").to_string()),
            raised_at: flag.raised_at,
            resolution: flag.resolution,
            resolved_at: flag.resolved_at,
            reason: flag.reason,
            choices,
        })
    }
}

/// What a reconcile has found that a person has to decide on: deletions, renames, moves to another data access group.
#[utoipa::path(get, path = "/api/studies/{study_id}/flags", tag = "reconcile",
    params(("study_id" = Uuid, Path), FlagQuery), security(("token" = [])),
    responses((status = 200, body = FlagList), Refusals))]
async fn list_flags(call: Call<StudyMember>, Listed(query): Listed<FlagQuery>) -> Answer<FlagList> {
    let study = call.study_id();
    let mut flags = vec![];
    for flag in call.tx.flags(study, !query.all, PAGE).await? {
        flags.push(FlagShown::of(&call.tx, flag).await?);
    }
    Ok(Json(FlagList { flags, open: call.tx.open_flags(study).await? }))
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Resolution {
    /// `followed`: the record is still the participant's, by its new name or made anew; `detached`: it is not, and they have none;
    /// `dismissed`: a move to another group was seen.
    #[schema(schema_with = crate::schema::flag_resolution)]
    resolution: FlagResolution,
    /// For the audit log; no health data. 1 to 500 characters.
    reason: String,
}

/// Decides on a flag. A followed rename gives the participant the record's new name; who is detached has no record any more. What was
/// held under either name goes on when its events are replayed.
#[utoipa::path(post, path = "/api/studies/{study_id}/flags/{flag_id}/resolve", tag = "reconcile",
    params(("study_id" = Uuid, Path), ("flag_id" = Uuid, Path)), security(("token" = [])), request_body = Resolution,
    responses((status = 200, body = FlagShown), Refusals))]
async fn resolve_flag(
    call: Call<StudyCoordinator, Tx>,
    At(id): At<FlagId>,
    Body(wanted): Body<Resolution>,
) -> Answer<FlagShown> {
    let study = call.study_id();
    let reason = wanted.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON {
        return Err(Problem::Invalid(format!("reason: say in 1 to {REASON} characters why")));
    }
    let by = match call.who.actor() {
        Actor::User(user) => Some(user),
        _ => None,
    };
    let decided = call.tx.decide_flag(study, id, wanted.resolution, by, reason).await?;
    let action = decided.ok_or(Problem::NotFound)?;
    let decided = call.tx.flag(id).await?.ok_or(Problem::NotFound)?;
    let shown = FlagShown::of(&call.tx, decided).await?;
    call.commit(action).await?.wake_worker();
    Ok(Json(shown))
}
