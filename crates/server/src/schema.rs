//! The words of the contract as OpenAPI knows them: each enum of `metricis_core::words` with its values.

use metricis_core::words;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};

macro_rules! word_schemas {
    ($($function:ident = $word:ident),+ $(,)?) => {$(
        pub(crate) fn $function() -> ObjectBuilder {
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words::$word::WORDS.iter().copied()))
        }
    )+};
}

word_schemas! {
    study_status = StudyStatus,
    integration_mode = IntegrationMode,
    study_role = StudyRole,
    global_role = GlobalRole,
    participant_status = ParticipantStatus,
    schedule_status = ScheduleStatus,
    visit_status = VisitStatus,
    visit_state = VisitState,
    sync_status = SyncStatus,
    sync_error_type = SyncErrorType,
    event_status = EventStatus,
    event_source = EventSource,
    event_effect = EventEffect,
    consent_mode = ConsentMode,
    job_state = JobState,
    record_id_field = RecordIdField,
    breaker_state = BreakerState,
    flag_kind = FlagKind,
    flag_resolution = FlagResolution,
    completed_visit_handling = CompletedVisitHandling,
}

/// Several of them.
pub(crate) fn flag_resolutions() -> ArrayBuilder {
    ArrayBuilder::new().items(flag_resolution())
}

/// Several of them.
pub(crate) fn study_roles() -> ArrayBuilder {
    ArrayBuilder::new().items(study_role())
}

/// Several of them, in their order.
pub(crate) fn anchor_sources() -> ArrayBuilder {
    let words = ObjectBuilder::new().schema_type(Type::String);
    ArrayBuilder::new().items(words.enum_values(Some(words::AnchorSource::WORDS.iter().copied())))
}
