//! The day that a study or a participant has: zones from the configuration, shifted by a time simulation outside production.

use chrono::NaiveDate;
use chrono_tz::Tz;
use metricis_core::Timestamp;
use metricis_core::schedule::study_date;
use metricis_store::{StoredParticipant, StoredStudy};

use crate::AppState;

/// The study's zone; UTC when none is set.
pub(crate) fn zone_of(study: &StoredStudy) -> Tz {
    study.config.time_zone.as_deref().and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
}

/// The participant's zone; one that cannot be read is the study's.
pub(crate) fn zone_of_participant(participant: &StoredParticipant, study: &StoredStudy) -> Tz {
    participant.time_zone.parse().unwrap_or_else(|_| zone_of(study))
}

impl AppState {
    /// Today in `zone`, as the study counts days.
    pub(crate) fn today(&self, study: &StoredStudy, zone: Tz, now: Timestamp) -> NaiveDate {
        study_date(now, zone, study.time_simulation_offset_days, self.settings.environment.is_production())
    }
}
