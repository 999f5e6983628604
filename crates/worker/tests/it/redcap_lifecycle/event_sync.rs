//! Stage 1: REDCap's events become visit windows, idempotently and atomically (guarantee 21).

use metricis_core::words::JobState;
use metricis_redcap_sim::Fault;
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::world::World;

#[rstest]
#[tokio::test]
async fn the_first_sync_creates_and_later_ones_update(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let first = world.sync_events().await;
    assert_eq!(
        first,
        json!({
            "success": true, "created": 12, "updated": 0, "retired": 0, "renamed": 0, "visits_added": 0,
            "visits_differing": 0, "visits_without_event": 0, "unscheduled": [], "problems": []
        })
    );
    let again = world.sync_events().await;
    assert_eq!((&again["created"], &again["updated"]), (&json!(0), &json!(12)));
    assert_eq!(world.count("visit_windows").await, 12);
    let windows = world.read().await.stored_windows(world.study).await.expect("windows");
    let week_1 = windows.iter().find(|stored| stored.window.event_name == "week_1_arm_1").expect("week 1");
    let window = &week_1.window;
    assert_eq!((window.day_offset, window.days_before, window.days_after), (Some(7), 1, 2));
    assert_eq!(week_1.instruments, ["reaction_time", "wellbeing", "side_effects_survey"]);
    assert_eq!(week_1.survey_instruments, ["wellbeing", "side_effects_survey"]);
    assert!(windows.iter().all(|stored| !stored.window.repeating), "a repeating form does not make its event repeat");
}

#[rstest]
#[tokio::test]
async fn a_sync_learns_the_record_id_field_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.sync_events().await;
    let study = world.read().await.study(world.study).await.expect("an answer").expect("the study");
    assert_eq!(study.config.redcap.redcap_record_field.as_deref(), Some("record_id"));
    assert_eq!(
        world.account().await,
        ["sync_events", "set_study_config", "sync_events"],
        "no change, no account of one"
    );
}

#[rstest]
#[tokio::test]
async fn an_answer_cut_short_changes_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.break_redcap(Fault::CutConnection);
    let job = world.job(JobKind::SyncEvents).await;
    assert_eq!((job.state, job.result), (JobState::Failed, None));
    assert!(job.error.expect("a reason").starts_with("api_error: "));
    assert_eq!(world.count("visit_windows").await, 0);
    assert!(world.account().await.is_empty());
    world.break_redcap(None);
    assert_eq!(world.sync_events().await["created"], json!(12));
}
