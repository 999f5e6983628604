//! Rows 5, 6 and 11: what the study's own rows say.

use metricis_core::words::{IntegrationMode, StudyRole};
use metricis_store::StoredStudy;

use super::{Finding, Flaw};
use crate::AppState;

/// Row 5: the mode is `redcap`, and agrees with `redcap_enabled`.
pub(super) fn mode_consistent(study: &StoredStudy) -> Finding {
    let seen = format!("integration_mode is {}, redcap_enabled is {}", study.integration_mode, study.redcap_enabled);
    match study.integration_mode == IntegrationMode::Redcap && study.redcap_enabled {
        true => Ok(seen),
        false => Err(Flaw::new(seen, "only studies in the mode redcap can be cut over")),
    }
}

/// Row 6: no time simulation is stored. In production it would not act; it is still a smell.
pub(super) fn time_simulation_off(study: &StoredStudy) -> Finding {
    match study.time_simulation_offset_days {
        0 => Ok("test_mode_config.time_simulation_offset_days is 0 or null".to_owned()),
        days => Err(Flaw::new(
            format!("test_mode_config.time_simulation_offset_days is {days}"),
            "set it to null in the study's row",
        )),
    }
}

/// Row 11: somebody may do the high-risk operations.
pub(super) async fn admin_assigned(app: &AppState, study: &StoredStudy) -> Finding {
    let members = app.store.read(app.now()).await?.members(study.id).await?;
    let is_admin = |role| matches!(role, StudyRole::Owner | StudyRole::Admin);
    let admins: Vec<String> = members
        .iter()
        .filter(|member| is_admin(member.role))
        .map(|member| format!("{} ({})", member.email, member.role))
        .collect();
    match admins.is_empty() {
        false => Ok(admins.join(", ")),
        true => Err(Flaw::new("nobody is owner or admin of this study", "`metricis study grant` names one")),
    }
}
