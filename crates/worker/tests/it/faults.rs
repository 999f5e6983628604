//! Every way in which the simulator can misbehave, during enrolment and during a sync: the right error type, nothing half
//! applied, and not one value that the participant did not submit.

use metricis_core::sync::SessionSync;
use metricis_core::words::{EventStatus, SyncErrorType};
use metricis_redcap_sim::Fault;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::log::Log;
use crate::world::{BASELINE, World};

const FIELDS: [(&str, &str); 3] = [("rt_median_ms", "412.5"), ("rt_misses", "2"), ("reaction_time_complete", "2")];

#[rstest]
#[case::down(Fault::Down, "api_error: ")]
#[case::slow(Fault::Slow { ms: 60_000 }, "api_error: REDCap gave no complete answer within 1s")]
#[case::server_error(Fault::Status5xx(500), "api_error: ")]
#[case::gateway_502(Fault::GatewayHtml(502), "api_error: ")]
#[case::gateway_503(Fault::GatewayHtml(503), "api_error: ")]
#[case::gateway_504(Fault::GatewayHtml(504), "api_error: ")]
#[case::html(Fault::HtmlWith200, "api_error: ")]
#[case::memory(Fault::MemoryTextWith200, "api_error: REDCap ran out of memory")]
#[case::token(Fault::WrongToken, "api_error: REDCap refused the API token")]
#[case::empty(Fault::EmptyBody500, "api_error: ")]
#[case::lost(Fault::LostRows, "REDCap has no record \"7\"")]
#[case::cut(Fault::CutConnection, "api_error: ")]
#[tokio::test]
async fn a_fault_during_enrolment_enrols_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] fault: Fault,
    #[case] reason: &str,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.break_redcap(fault);
    let event = world.enrol("7", &[("enroll_date", "2026-03-02")]).await;
    let message = event.error_message.unwrap_or_default();
    assert_eq!(event.status, EventStatus::Failed);
    assert!(message.starts_with(reason), "{message}");
    assert!(!message.contains(&world.project.token) && !message.contains("2026-03-02"), "{message}");
    for table in ["participants", "schedule_versions", "visits"] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
    assert_eq!(world.account().await.last().map(String::as_str), Some("fail_event"));
}

#[rstest]
#[case::down(Fault::Down, SyncErrorType::ApiError)]
#[case::slow(Fault::Slow { ms: 60_000 }, SyncErrorType::ApiError)]
#[case::server_error(Fault::Status5xx(507), SyncErrorType::ApiError)]
#[case::gateway_502(Fault::GatewayHtml(502), SyncErrorType::ApiError)]
#[case::gateway_503(Fault::GatewayHtml(503), SyncErrorType::ApiError)]
#[case::gateway_504(Fault::GatewayHtml(504), SyncErrorType::ApiError)]
#[case::html(Fault::HtmlWith200, SyncErrorType::ApiError)]
#[case::memory(Fault::MemoryTextWith200, SyncErrorType::ApiError)]
#[case::token(Fault::WrongToken, SyncErrorType::ApiError)]
#[case::refused(Fault::RefuseValidation { field: "rt_misses".to_owned() }, SyncErrorType::Validation)]
#[case::empty(Fault::EmptyBody500, SyncErrorType::ApiError)]
#[case::lost(Fault::LostRows, SyncErrorType::ApiError)]
#[case::cut(Fault::CutConnection, SyncErrorType::ApiError)]
#[tokio::test]
async fn a_fault_during_a_sync_is_a_failure_of_its_type(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] fault: Fault,
    #[case] expected: SyncErrorType,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world.break_redcap(fault);
    let log = Log::capture();
    let session = world.sync_one("7").await;
    let SessionSync::Failed { error_type, message } = &session.sync else { panic!("{session:?}") };
    assert_eq!(*error_type, expected, "{message}");
    assert_eq!(log.errors_with("source", "redcap_sync_failure").len(), 1);
    assert!(!log.text().contains("412.5"), "no answer is logged");
    // REDCap may have stored the row before it fell silent; it holds then what was submitted, whole.
    let stored: Vec<_> = FIELDS.iter().filter_map(|(field, _)| world.value("7", BASELINE, field)).collect();
    let submitted: Vec<_> = FIELDS.iter().map(|(_, value)| (*value).to_owned()).collect();
    assert!(stored.is_empty() || stored == submitted || stored == ["0"], "{stored:?}");
    assert_eq!(world.value("7", BASELINE, "rt_mean_ms"), None, "nothing is estimated");
    world.break_redcap(None);
    assert_eq!(world.worker.run_until_idle().await, 0, "only a person tries again");
    assert_eq!(world.resync(session.id).await.sync, SessionSync::Synced);
    for (field, value) in FIELDS {
        assert_eq!(world.value("7", BASELINE, field).as_deref(), Some(value));
    }
}
