//! A project whose events change while people are enrolled: renamed, removed, made anew, added, moved.

use chrono::Duration;
use metricis_core::schedule::{EventSyncPlan, WindowDraft};
use metricis_core::sync::SessionSync;
use metricis_core::words::{ConsentMode, EventStatus, JobState, ParticipantStatus, SyncErrorType, VisitStatus};
use metricis_redcap_sim::Fault;
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{BASELINE, World, day, done};

async fn rename(world: &World, event: &str, label: &str) {
    world.design("event", json!([{ "event_name": label, "arm_num": 1, "unique_event_name": event }])).await;
}

/// A new event of arm 1 with the result's form.
async fn add_event(world: &World, label: &str, day_offset: i32) {
    let days = json!([{
        "event_name": label, "arm_num": 1, "day_offset": day_offset, "offset_min": 1, "offset_max": 2
    }]);
    world.design("event", days).await;
}

fn counts(result: &Value) -> [u64; 4] {
    ["created", "updated", "retired", "renamed"].map(|name| result[name].as_u64().expect("a number"))
}

#[rstest]
#[tokio::test]
async fn a_renamed_event_keeps_its_visits_and_results_go_to_its_new_name(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let before = world.visit_of("7", BASELINE).await;
    let id = world.submit(&participant, Some(before.id), json!({"misses": 1})).await;
    rename(&world, BASELINE, "First day").await;
    world.worker.run_until_idle().await;
    let SessionSync::Failed { error_type, .. } = world.session(id).await.sync else { panic!("sent into nothing") };
    assert_eq!(error_type, SyncErrorType::Validation, "before the sync REDCap is told the old name, and refuses aloud");
    assert_eq!(counts(&world.sync_events().await), [0, 12, 0, 1]);
    let after = world.visit_of("7", "first_day_arm_1").await;
    assert_eq!((after.id, after.window, after.label.as_str()), (before.id, before.window, "First day"));
    let synced = world.resync(id).await;
    assert_eq!(synced.sync, SessionSync::Synced);
    assert_eq!(world.value("7", "first_day_arm_1", "rt_misses").as_deref(), Some("1"));
    world.save("7", "first_day_arm_1", "wellbeing", &[("wb_mood", "3")]).await;
    world.det("7", "first_day_arm_1", "wellbeing", 2).await;
    world.worker.run_until_idle().await;
    assert_eq!(world.visit_of("7", "first_day_arm_1").await.survey_state["wellbeing"].complete, 2);
}

#[rstest]
#[tokio::test]
async fn two_events_that_exchange_their_names_exchange_nothing_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let (one, four) = (world.visit_of("7", "week_1_arm_1").await, world.visit_of("7", "week_4_arm_1").await);
    rename(&world, "week_1_arm_1", "Elsewhere").await;
    rename(&world, "week_4_arm_1", "Week 1").await;
    rename(&world, "elsewhere_arm_1", "Week 4").await;
    assert_eq!(counts(&world.sync_events().await), [0, 12, 0, 2]);
    assert_eq!(world.visit_of("7", "week_4_arm_1").await.id, one.id);
    assert_eq!(world.visit_of("7", "week_1_arm_1").await.id, four.id);
}

#[rstest]
#[tokio::test]
async fn a_removed_event_keeps_its_visits_and_their_results_fail_loudly(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let baseline = world.visit_of("7", BASELINE).await.id;
    world.delete_event(BASELINE).await;
    let result = world.sync_events().await;
    assert_eq!((counts(&result), &result["visits_without_event"]), ([0, 11, 1, 0], &json!(1)));
    let visit = world.visit_of("7", BASELINE).await;
    assert_eq!((visit.id, visit.status, visit.in_redcap), (baseline, VisitStatus::Pending, false));
    let calls = world.calls();
    let id = world.submit(&participant, Some(baseline), json!({"misses": 1})).await;
    world.worker.run_until_idle().await;
    let SessionSync::Failed { error_type, message } = world.session(id).await.sync else { panic!("not failed") };
    assert_eq!(error_type, SyncErrorType::Validation);
    assert!(message.contains("REDCap no longer has the event of the visit \"Baseline\""), "{message}");
    assert_eq!(world.calls(), calls, "nothing was guessed, and nothing sent");
}

#[rstest]
#[tokio::test]
async fn an_event_that_takes_a_removed_ones_name_does_not_get_its_results(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let (baseline, week_1) = (world.visit_of("7", BASELINE).await.id, world.visit_of("7", "week_1_arm_1").await.id);
    world.delete_event(BASELINE).await;
    rename(&world, "week_1_arm_1", "Baseline").await;
    assert_eq!(counts(&world.sync_events().await), [0, 11, 1, 1]);
    assert_eq!(world.visit_of("7", BASELINE).await.id, week_1);
    let id = world.submit(&participant, Some(baseline), json!({"misses": 9})).await;
    world.worker.run_until_idle().await;
    assert!(matches!(world.session(id).await.sync, SessionSync::Failed { .. }));
    assert_eq!(world.value("7", BASELINE, "rt_misses"), None);
    assert_eq!(counts(&world.sync_events().await), [0, 11, 0, 0], "and again nothing");
}

#[rstest]
#[tokio::test]
async fn an_event_made_anew_under_its_name_is_the_same_visit(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let before = world.visit_of("7", "week_8_arm_1").await;
    world.delete_event("week_8_arm_1").await;
    add_event(&world, "Week 8", 56).await;
    assert_eq!(counts(&world.sync_events().await), [0, 12, 0, 0]);
    let after = world.visit_of("7", "week_8_arm_1").await;
    assert_eq!((after.id, after.in_redcap), (before.id, true));
    assert_eq!(world.visits("7").await.len(), 6, "no second visit");
}

#[rstest]
#[tokio::test]
async fn who_is_enrolled_gets_the_visits_of_a_new_event_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let left = world.enrolled("8").await;
    let tx = world.tx().await;
    tx.set_participant_status(left.id, ParticipantStatus::Withdrawn).await.expect("withdrawn");
    done(tx).await;
    world.clock.advance(Duration::days(20));
    add_event(&world, "Week 6", 42).await;
    add_event(&world, "Week 2", 14).await;
    let result = world.sync_events().await;
    assert_eq!((&result["created"], &result["visits_added"]), (&json!(2), &json!(1)), "week 2 is over");
    let visit = world.visit_of("7", "week_6_arm_1").await;
    assert_eq!(
        (visit.scheduled_date, visit.status, visit.version_number),
        (day("2026-04-13"), VisitStatus::Pending, 1)
    );
    assert_eq!((visit.window_start, visit.window_end), (day("2026-04-12"), day("2026-04-15")));
    assert!(world.visits("7").await.iter().all(|visit| visit.event_name != "week_2_arm_1"));
    assert_eq!(world.visits("8").await.len(), 6, "nothing for who has left");
    assert_eq!(world.account().await.iter().filter(|action| *action == "add_visits").count(), 1);
    assert_eq!(world.sync_events().await["visits_added"], json!(0));
    assert_eq!(world.account().await.iter().filter(|action| *action == "add_visits").count(), 1);
}

#[rstest]
#[tokio::test]
async fn who_was_enrolled_before_the_first_sync_gets_visits_by_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let event = world.enrol("7", &[("enroll_date", "2026-03-02")]).await;
    assert_eq!(event.note.as_deref(), Some("enrolled without visits: the study has no visit windows"));
    assert_eq!(world.sync_events().await["visits_added"], json!(6));
    assert_eq!(world.visits("7").await.len(), 6);
}

#[rstest]
#[tokio::test]
async fn an_arm_whose_events_have_no_day_is_noted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.db.as_server("UPDATE visit_windows SET day_offset = NULL WHERE arm_num = 1").await.expect("no days");
    let event = world.enrol("7", &[("enroll_date", "2026-03-02")]).await;
    let note = "enrolled without visits: no event of arm 1 has a day in REDCap; its Scheduling module says when";
    assert_eq!((event.status, event.note.as_deref()), (EventStatus::Processed, Some(note)));
}

#[rstest]
#[tokio::test]
async fn who_waits_for_consent_gets_nothing_by_a_sync(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let digital = |config: &mut metricis_core::study::StudyConfig| {
        config.constraints.consent_mode = Some(ConsentMode::Digital);
    };
    let world = World::with(engine, digital, |_| {}).await;
    world.sync_events().await;
    world.enrolled("7").await;
    add_event(&world, "Week 6", 42).await;
    assert_eq!(world.sync_events().await["visits_added"], json!(0));
    assert!(world.visits("7").await.is_empty());
}

#[rstest]
#[tokio::test]
async fn more_people_than_one_transaction_holds_are_all_followed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    for number in 0..203 {
        world.add_participant(&format!("r{number}")).await;
    }
    add_event(&world, "Week 6", 42).await;
    assert_eq!(world.sync_events().await["visits_added"], json!(203 * 7), "they had none at all");
    assert_eq!(world.sync_events().await["visits_added"], json!(0));
}

/// What a worker leaves that is killed between the windows and the schedules: the next sync adds what is missing.
#[rstest]
#[tokio::test]
async fn a_sync_that_was_killed_before_the_schedules_followed_is_ended_by_the_next(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    add_event(&world, "Week 6", 42).await;
    let week_6 = WindowDraft {
        event_id: None,
        arm_num: 1,
        event_name: "week_6_arm_1".to_owned(),
        label: "Week 6".to_owned(),
        day_offset: Some(42),
        days_before: 1,
        days_after: 2,
        position: 12,
        repeating: false,
        instruments: vec![],
        repeating_instruments: vec![],
    };
    let tx = world.tx().await;
    let plan = EventSyncPlan { create: vec![week_6], ..EventSyncPlan::default() };
    tx.apply_event_sync(world.study, &plan).await.expect("windows");
    done(tx).await;
    let result = world.sync_events().await;
    assert_eq!((&result["created"], &result["visits_added"]), (&json!(0), &json!(1)));
    assert_eq!(world.sync_events().await["visits_added"], json!(0));
}

#[rstest]
#[tokio::test]
async fn moved_offsets_move_no_visit_and_are_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world.enrolled("8").await;
    let before = world.visits("7").await;
    let moved = json!([{
        "event_name": "Week 4", "arm_num": 1, "unique_event_name": "week_4_arm_1", "day_offset": 35
    }]);
    world.design("event", moved).await;
    let result = world.sync_events().await;
    assert_eq!((&result["visits_differing"], &result["visits_added"]), (&json!(2), &json!(0)));
    assert_eq!(world.visits("7").await, before);
}

#[rstest]
#[tokio::test]
async fn a_failed_sync_follows_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    add_event(&world, "Week 6", 42).await;
    world.break_redcap(Fault::HtmlWith200);
    let job = world.job(JobKind::SyncEvents).await;
    assert_eq!(job.state, JobState::Failed);
    assert_eq!((world.visits("7").await.len(), world.count("visit_windows").await), (6, 12));
}

#[rstest]
#[tokio::test]
async fn nobody_is_enrolled_into_an_arm_without_events(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.design("arm", json!([{ "arm_num": 3, "name": "Late" }])).await;
    world.design("event", json!([{ "event_name": "Start", "arm_num": 3, "day_offset": 0 }])).await;
    let forms = json!([
        { "arm_num": 1, "unique_event_name": BASELINE, "form": "enrollment" },
        { "arm_num": 3, "unique_event_name": "start_arm_3", "form": "enrollment" },
    ]);
    world.design("formEventMapping", forms).await;
    world.save("9", "start_arm_3", "enrollment", &[("enroll_date", "2026-03-02")]).await;
    let (id, _) = world.det("9", "start_arm_3", "enrollment", 2).await;
    world.worker.run_until_idle().await;
    let event = world.event(id).await;
    let reason = "arm 3 has no visit windows; check the record's arm, or sync events if the arm is new in REDCap";
    assert_eq!((event.status, event.error_message.as_deref()), (EventStatus::Failed, Some(reason)));
    assert!(world.participant("9").await.is_none(), "all or nothing");
    world.sync_events().await;
    world.delete_event("start_arm_3").await;
    assert_eq!(counts(&world.sync_events().await)[2], 1, "an arm without events is not in REDCap's answer");
    world.save("10", BASELINE, "enrollment", &[("enroll_date", "2026-03-02")]).await;
    let (id, _) = world.det("10", "start_arm_3", "enrollment", 2).await;
    world.worker.run_until_idle().await;
    assert_ne!(world.event(id).await.status, EventStatus::Received);
}
