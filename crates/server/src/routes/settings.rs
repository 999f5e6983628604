//! A study's own settings: consent gate, anchor policy, time zone (checklist §5.1, §5.3). What is not given stays as it is.

use axum::Json;
use metricis_core::action::Action;
use metricis_core::study::{StudyConfig, config_changes};
use metricis_core::words::{AnchorSource, CompletedVisitHandling, ConsentMode, IntegrationMode, StudyRole};
use metricis_store::Tx;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::studies::StudyDetail;
use crate::AppState;
use crate::extract::{Body, Call, StudyAdmin};
use crate::problem::{Answer, Problem, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(set_study_settings))
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StudySettings {
    constraints: Option<ConstraintSettings>,
    enrollment_date_policy: Option<PolicySettings>,
    /// IANA name of the study's time zone.
    time_zone: Option<String>,
    /// Only `redcap` is served.
    #[schema(schema_with = crate::schema::integration_mode)]
    integration_mode: Option<IntegrationMode>,
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConstraintSettings {
    #[schema(schema_with = crate::schema::consent_mode)]
    consent_mode: Option<ConsentMode>,
    require_consent_for_scheduling: Option<bool>,
    require_consent_for_messaging: Option<bool>,
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PolicySettings {
    /// By priority: `consent_workflow`, `redcap_field`, `manual_entry`.
    #[schema(value_type = Option<Vec<String>>)]
    sources: Option<Vec<AnchorSource>>,
    re_anchoring: Option<ReAnchoringSettings>,
    permissions: Option<PermissionSettings>,
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReAnchoringSettings {
    /// `flag_for_review`, `re_window` or `preserve`.
    #[schema(value_type = String)]
    completed_visit_handling: CompletedVisitHandling,
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PermissionSettings {
    /// Study roles that may move an anchor date.
    #[schema(value_type = Vec<String>)]
    can_override: Vec<StudyRole>,
}

/// Changes the settings that are given.
#[utoipa::path(put, path = "/api/studies/{study_id}/settings", tag = "studies", params(("study_id" = Uuid, Path)),
    request_body = StudySettings, security(("token" = [])), responses((status = 200, body = StudyDetail), Refusals))]
async fn set_study_settings(call: Call<StudyAdmin, Tx>, Body(given): Body<StudySettings>) -> Answer<StudyDetail> {
    let mut study = call.lock_study().await?;
    let before = study.config.clone();
    apply(&mut study.config, given)?;
    let role = call.who.role;
    let changed = config_changes(&before, &study.config);
    if !changed.is_empty() {
        call.tx.set_study_config(study.id, &study.config).await?;
        call.commit(Action::SetStudyConfig { study: study.id, changed }).await?;
    }
    Ok(Json(StudyDetail::of(&study, role)))
}

fn apply(config: &mut StudyConfig, given: StudySettings) -> Result<(), Problem> {
    if given.integration_mode == Some(IntegrationMode::Metricis) {
        return Err(Problem::Invalid(
            "integration_mode metricis is not served yet; this study stays redcap".to_owned(),
        ));
    }
    if let Some(zone) = given.time_zone {
        if zone.parse::<chrono_tz::Tz>().is_err() {
            return Err(Problem::Invalid("time_zone must be an IANA name such as Europe/Zurich".to_owned()));
        }
        config.time_zone = Some(zone);
    }
    if let Some(constraints) = given.constraints {
        let known = &mut config.constraints;
        known.consent_mode = constraints.consent_mode.or(known.consent_mode);
        replace(&mut known.require_consent_for_scheduling, constraints.require_consent_for_scheduling);
        replace(&mut known.require_consent_for_messaging, constraints.require_consent_for_messaging);
    }
    if let Some(policy) = given.enrollment_date_policy {
        let known = &mut config.enrollment_date_policy;
        replace(&mut known.sources, policy.sources);
        let handling = policy.re_anchoring.map(|re_anchoring| re_anchoring.completed_visit_handling);
        replace(&mut known.re_anchoring.completed_visit_handling, handling);
        replace(&mut known.permissions.can_override, policy.permissions.map(|permissions| permissions.can_override));
        refuse_policy(&known.sources, &known.permissions.can_override)?;
    }
    Ok(())
}

fn refuse_policy(sources: &[AnchorSource], can_override: &[StudyRole]) -> Result<(), Problem> {
    let doubled = sources.iter().enumerate().any(|(place, source)| sources[..place].contains(source));
    if sources.is_empty() || doubled {
        return Err(Problem::Invalid(
            "enrollment_date_policy.sources must name each source once, and at least one".into(),
        ));
    }
    if can_override.is_empty() {
        return Err(Problem::Invalid("enrollment_date_policy.permissions.can_override must name a role".into()));
    }
    Ok(())
}

fn replace<T>(known: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *known = given;
    }
}
