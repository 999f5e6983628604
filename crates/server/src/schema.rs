//! The words of the contract as OpenAPI knows them: each enum of `metricis_core::words` with its values.

use metricis_core::words;
use utoipa::openapi::schema::{ObjectBuilder, Type};

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
    consent_mode = ConsentMode,
    job_state = JobState,
}
