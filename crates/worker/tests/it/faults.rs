//! Every way in which the simulator can misbehave, during enrolment and during a sync: the right error type, nothing half
//! applied, and not one value that the participant did not submit.

use metricis_core::sync::SessionSync;
use metricis_core::words::{EventStatus, SyncErrorType};
use metricis_redcap_sim::{BanReply, Fault, Length, Noise};
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::fixtures::settings;
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
#[case::drip(Fault::Drip { ms: 60_000 }, "api_error: REDCap gave no complete answer within 1s")]
#[case::firewall(Fault::GatewayHtml(403), "api_error: a web page came instead of an API answer (status 403)")]
#[case::length_required(Fault::GatewayHtml(411), "api_error: a web page")]
#[case::too_large(Fault::GatewayHtml(413), "api_error: a web page")]
#[case::memory_500(Fault::MemoryTextWith500, "api_error: REDCap ran out of memory")]
#[case::database(Fault::DatabaseTextWith200, "api_error: REDCap cannot reach its database")]
#[case::sign_in(Fault::SignInPage(200), "api_error: a web page")]
#[case::sign_in_302(Fault::SignInPage(302), "api_error: REDCap redirects (status 302)")]
#[case::sign_in_301(Fault::SignInPage(301), "api_error: REDCap redirects (status 301)")]
#[case::offline(Fault::Offline(503), "api_error: REDCap is unavailable")]
#[case::offline_200(Fault::Offline(200), "api_error: a web page")]
#[case::banned(Fault::Ban { per_minute: 0, reply: BanReply::Page }, "api_error: a web page")]
#[case::banned_silently(Fault::Ban { per_minute: 0, reply: BanReply::Closed }, "api_error: ")]
#[case::half(Fault::WrongLength(Length::Short), "api_error: REDCap's answer cannot be read")]
#[case::too_long(Fault::WrongLength(Length::Long), "api_error: ")]
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
    assert_counted(&world, u32::from(reason.starts_with("api_error"))).await;
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
#[case::drip(Fault::Drip { ms: 60_000 }, SyncErrorType::ApiError)]
#[case::firewall(Fault::GatewayHtml(403), SyncErrorType::ApiError)]
#[case::length_required(Fault::GatewayHtml(411), SyncErrorType::ApiError)]
#[case::too_large(Fault::GatewayHtml(413), SyncErrorType::ApiError)]
#[case::memory_500(Fault::MemoryTextWith500, SyncErrorType::ApiError)]
#[case::database(Fault::DatabaseTextWith200, SyncErrorType::ApiError)]
#[case::sign_in(Fault::SignInPage(200), SyncErrorType::ApiError)]
#[case::sign_in_302(Fault::SignInPage(302), SyncErrorType::ApiError)]
#[case::sign_in_301(Fault::SignInPage(301), SyncErrorType::ApiError)]
#[case::offline(Fault::Offline(503), SyncErrorType::ApiError)]
#[case::offline_200(Fault::Offline(200), SyncErrorType::ApiError)]
#[case::banned(Fault::Ban { per_minute: 0, reply: BanReply::Page }, SyncErrorType::ApiError)]
#[case::banned_silently(Fault::Ban { per_minute: 0, reply: BanReply::Closed }, SyncErrorType::ApiError)]
#[case::half(Fault::WrongLength(Length::Short), SyncErrorType::ApiError)]
#[case::too_long(Fault::WrongLength(Length::Long), SyncErrorType::ApiError)]
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
    assert_counted(&world, u32::from(expected == SyncErrorType::ApiError)).await;
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

#[rstest]
#[case::blank(Noise::Blank)]
#[case::sql(Noise::Sql)]
#[tokio::test]
async fn noise_before_an_answer_is_no_failure(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] noise: Noise,
) {
    let world = World::new(engine).await;
    world.break_redcap(Fault::Noise(noise));
    world.sync_events().await;
    world.enrolled("7").await;
    assert_eq!(world.sync_one("7").await.sync, SessionSync::Synced);
    assert_counted(&world, 0).await;
}

/// A failed call counts once for the breaker, however often it was sent, and each sending has used one turn of the budget.
async fn assert_counted(world: &World, failures: u32) {
    assert_eq!(world.read().await.breaker(world.study).await.expect("a breaker").failures(), failures);
    let (tx, budget) = (world.tx().await, settings().budget);
    let slot = tx.take_budget("127.0.0.1", &budget, None).await.expect("a turn");
    tx.roll_back().await.expect("given back");
    let turns = (slot.new_tat - world.now()).num_microseconds().expect("few") / budget.interval_us();
    assert_eq!(turns - 1, i64::try_from(world.calls()).expect("few"), "turns and calls");
}
