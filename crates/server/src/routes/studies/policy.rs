//! What a study waits for and who may move an anchor date, as its members read it (checklist §5.1, §5.3).

use metricis_core::study::{AnchorPolicy, Constraints};
use metricis_core::words::{AnchorSource, CompletedVisitHandling, ConsentMode, StudyRole};
use utoipa::ToSchema;

/// What waits for consent.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct ConstraintsShown {
    /// How consent is obtained; absent until somebody chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = crate::schema::consent_mode)]
    consent_mode: Option<ConsentMode>,
    require_consent_for_scheduling: bool,
    require_consent_for_messaging: bool,
}

/// Where anchor dates come from and what moving one does.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct PolicyShown {
    /// By priority.
    #[schema(schema_with = crate::schema::anchor_sources)]
    sources: Vec<AnchorSource>,
    re_anchoring: ReAnchoringShown,
    permissions: PermissionsShown,
}

#[derive(serde::Serialize, ToSchema)]
struct ReAnchoringShown {
    #[schema(schema_with = crate::schema::completed_visit_handling)]
    completed_visit_handling: CompletedVisitHandling,
}

#[derive(serde::Serialize, ToSchema)]
struct PermissionsShown {
    /// Study roles that may move an anchor date.
    #[schema(schema_with = crate::schema::study_roles)]
    can_override: Vec<StudyRole>,
}

impl From<&Constraints> for ConstraintsShown {
    fn from(constraints: &Constraints) -> Self {
        Self {
            consent_mode: constraints.consent_mode,
            require_consent_for_scheduling: constraints.require_consent_for_scheduling,
            require_consent_for_messaging: constraints.require_consent_for_messaging,
        }
    }
}

impl From<&AnchorPolicy> for PolicyShown {
    fn from(policy: &AnchorPolicy) -> Self {
        let handling = policy.re_anchoring.completed_visit_handling;
        Self {
            sources: policy.sources.clone(),
            re_anchoring: ReAnchoringShown { completed_visit_handling: handling },
            permissions: PermissionsShown { can_override: policy.permissions.can_override.clone() },
        }
    }
}
