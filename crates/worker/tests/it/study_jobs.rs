//! Jobs about a study as a whole: the connection's test, and what keeps an event sync or a session's sync from REDCap.

use metricis_core::sync::SessionSync;
use metricis_core::words::{JobState, SyncErrorType};
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::world::{BASELINE, World};

#[rstest]
#[tokio::test]
async fn the_connections_test_says_who_answers(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let job = world.job(JobKind::TestConnection).await;
    let expected = json!({
        "success": true,
        "problems": [],
        "version": "14.9.1",
        "project_id": world.project.project_id,
        "project_title": "Sponsor study",
        "is_longitudinal": true,
    });
    assert_eq!((job.state, job.result, job.error), (JobState::Done, Some(expected), None));
}

#[rstest]
#[tokio::test]
async fn a_typing_error_in_the_settings_is_told_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::with(engine, |config| config.redcap.anchor_date_field = Some("enrol_date".into()), |_| {}).await;
    let problems = json!(["config.redcap.anchor_date_field: the REDCap project has no field \"enrol_date\""]);
    let test = world.job(JobKind::TestConnection).await.result.expect("a result");
    assert_eq!((&test["success"], &test["problems"], &test["version"]), (&json!(false), &problems, &json!("14.9.1")));
    let sync = world.sync_events().await;
    assert_eq!((&sync["success"], &sync["problems"]), (&json!(true), &problems));
    assert!(world.count("visit_windows").await > 0, "the windows do not wait for it");
}

#[rstest]
#[tokio::test]
async fn a_token_of_another_project_is_found_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(JobKind::TestConnection, JobKind::SyncEvents)] kind: JobKind,
) {
    let world = World::with(engine, |config| config.redcap.project_id = Some("4711".to_owned()), |_| {}).await;
    let job = world.job(kind).await;
    let error = job.error.unwrap_or_default();
    assert_eq!(job.state, JobState::Failed);
    let belongs = format!("validation: the API token belongs to REDCap's project {}", world.project.project_id);
    assert!(error.starts_with(&belongs) && error.contains("\"4711\""), "{error}");
    assert_eq!(world.count("visit_windows").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_session_cannot_be_synced_before_events_were(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let participant = world.enrolled("7").await;
    let id = world.submit(&participant, None, json!({"misses": 1})).await;
    let calls = world.calls();
    world.worker.run_until_idle().await;
    let SessionSync::Failed { error_type, message } = world.session(id).await.sync else { panic!("not failed") };
    assert_eq!(error_type, SyncErrorType::Validation);
    assert!(message.contains("sync events first"), "{message}");
    assert_eq!(world.calls(), calls);
}

#[rstest]
#[tokio::test]
async fn a_session_without_a_visit_is_not_put_into_a_guessed_event(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let id = world.submit(&participant, None, json!({"misses": 1})).await;
    world.worker.run_until_idle().await;
    let SessionSync::Failed { message, .. } = world.session(id).await.sync else { panic!("not failed") };
    assert!(message.contains("belongs to no visit"), "{message}");
    assert_eq!(world.value("7", BASELINE, "rt_misses"), None);
}

#[rstest]
#[tokio::test]
async fn an_instrument_that_the_event_does_not_have_is_a_refusal(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let week_8 = world.visit_of("7", "week_8_arm_1").await.id;
    let id = world.submit(&participant, Some(week_8), json!({"misses": 1})).await;
    world.worker.run_until_idle().await;
    let SessionSync::Failed { error_type, .. } = world.session(id).await.sync else { panic!("not failed") };
    assert_eq!(error_type, SyncErrorType::Validation);
    assert_eq!(world.value("7", "week_8_arm_1", "rt_misses"), None);
}

/// A project of a real REDCap; `None`, said aloud, where the folder does not exist. CI must have it.
fn real_project(name: &str) -> Option<String> {
    let path = format!("{}/../../../shared/real/phpcap/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path);
    assert!(text.is_ok() || std::env::var_os("CI").is_none(), "{name} is needed");
    text.inspect_err(|_| println!("nothing was tested: ../shared/real/phpcap/{name} is not here")).ok()
}

#[rstest]
#[tokio::test]
async fn the_events_of_a_real_project_become_windows(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(xml) = real_project("PHPCapLongitudinalData.REDCap.xml") else { return };
    let world = World::with_project(engine, &xml, |_| {}, |_| {}).await;
    assert_eq!(world.sync_events().await["created"], json!(14));
    assert_eq!(world.sync_events().await["updated"], json!(14));
    let windows = world.read().await.windows(world.study).await.expect("windows");
    assert!(windows.iter().all(|window| window.event_id.is_some()));
    let arms: std::collections::BTreeSet<_> = windows.iter().map(|window| window.arm_num).collect();
    assert!(arms.len() > 1, "several arms: {arms:?}");
    let first = &windows[0];
    let renamed = json!([{
        "event_name": "The very first", "arm_num": first.arm_num, "unique_event_name": first.event_name
    }]);
    world.design("event", renamed).await;
    let again = world.sync_events().await;
    assert_eq!((&again["created"], &again["updated"], &again["renamed"]), (&json!(0), &json!(14), &json!(1)));
    let after = world.read().await.windows(world.study).await.expect("windows");
    assert_eq!((after[0].id, after[0].event_name.as_str()), (first.id, "the_very_first_arm_1"));
    let study = world.read().await.study(world.study).await.expect("an answer").expect("the study");
    assert_eq!(study.config.redcap.redcap_record_field.as_deref(), Some("study_id"));
}

#[rstest]
#[tokio::test]
async fn a_classic_project_has_no_events_and_says_so(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(xml) = real_project("PHPCapBasicDemography.REDCap.xml") else { return };
    let world = World::with_project(engine, &xml, |_| {}, |_| {}).await;
    let result = world.sync_events().await;
    assert_eq!((&result["created"], &result["message"]), (&json!(0), &json!("classic project: no events to schedule")));
    let study = world.read().await.study(world.study).await.expect("an answer").expect("the study");
    assert_eq!(study.config.redcap.redcap_record_field.as_deref(), Some("record_id"));
}
