//! Stage 2: a saved enrolment form becomes a participant with a schedule, all of it or nothing (guarantee 18).

use metricis_core::words::{ConsentMode, EventStatus, ParticipantStatus, ScheduleStatus, VisitStatus};
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{World, day};

#[rstest]
#[tokio::test]
async fn enrolment_schedules_the_visits_of_its_arm(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let event = world.enrol("7", &[("enroll_date", "2026-02-27"), ("participant_code", "SN-0042")]).await;
    assert_eq!((event.status, event.error_message, event.note), (EventStatus::Processed, None, None));
    assert_eq!(event.processed_at, Some(world.now()));
    let participant = world.participant("7").await.expect("a participant");
    assert_eq!((participant.code.as_str(), participant.status), ("SN-0042", ParticipantStatus::Enrolled));
    assert_eq!((participant.enrollment_date, participant.time_zone.as_str()), (day("2026-02-27"), "Europe/Berlin"));
    let versions = world.read().await.versions(participant.id).await.expect("versions");
    assert_eq!(versions.len(), 1);
    let version = &versions[0];
    assert_eq!((version.version_number, version.status, version.is_current), (1, ScheduleStatus::Active, true));
    assert_eq!(version.anchor_date, day("2026-02-27"));
    let visits = world.visits("7").await;
    let dates: Vec<_> = visits.iter().map(|visit| (visit.event_name.as_str(), visit.scheduled_date)).collect();
    let expected = [
        ("baseline_arm_1", day("2026-02-27")),
        ("week_1_arm_1", day("2026-03-06")),
        ("week_4_arm_1", day("2026-03-27")),
        ("week_8_arm_1", day("2026-04-24")),
        ("week_12_arm_1", day("2026-05-22")),
        ("follow_up_arm_1", day("2026-06-19")),
    ];
    assert_eq!(dates, expected);
    assert_eq!((visits[1].window_start, visits[1].window_end), (day("2026-03-05"), day("2026-03-08")));
    assert!(visits.iter().all(|visit| visit.status == VisitStatus::Pending));
}

#[rstest]
#[tokio::test]
async fn one_commit_accounts_for_participant_schedule_gate_and_event(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let account = world.account().await;
    let enrolment = ["enrol_participant", "create_schedule_version", "pass_consent_gate", "process_event"];
    assert_eq!(account[2..6], enrolment, "after sync_events and what it learned");
    assert_eq!(account[6..], ["fetch_survey_links"], "and then a job of its own");
}

#[rstest]
#[tokio::test]
async fn visits_wait_for_consent(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let digital = |config: &mut metricis_core::study::StudyConfig| {
        config.constraints.consent_mode = Some(ConsentMode::Digital);
    };
    let world = World::with(engine, digital, |_| {}).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    assert_eq!(participant.status, ParticipantStatus::Screened);
    assert!(world.visits("7").await.is_empty());
    let version = world.read().await.current_version(participant.id).await.expect("an answer").expect("version 1");
    assert_eq!((version.version_number, version.anchor_date), (1, day("2026-03-02")));
    assert!(!world.account().await.contains(&"pass_consent_gate".to_owned()));
}

#[rstest]
#[tokio::test]
async fn the_second_arm_has_its_own_visits(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.save("9", "baseline_arm_2", "enrollment", &[("enroll_date", "2026-03-02")]).await;
    world.det("9", "baseline_arm_2", "enrollment", 2).await;
    world.worker.run_until_idle().await;
    assert_eq!(world.participant("9").await.expect("a participant").arm_num, 2);
    assert!(world.visits("9").await.iter().all(|visit| visit.arm_num == 2));
    assert_eq!(world.visits("9").await.len(), 6);
}
