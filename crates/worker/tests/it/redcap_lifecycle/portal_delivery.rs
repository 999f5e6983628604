//! Stage 3: what the portal shows a participant comes from the visits: when they are open, and what is to be done.

use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{BASELINE, World, day};

#[rstest]
#[tokio::test]
async fn a_visit_carries_its_tasks_and_its_window(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let today = day("2026-03-02");
    let visits = world.visits("7").await;
    let open: Vec<_> = visits.iter().filter(|visit| (visit.window_start..=visit.window_end).contains(&today)).collect();
    assert_eq!(open.len(), 1, "only the baseline is open on the day of enrolment");
    assert!(open[0].in_current_version && open[0].instruments.contains(&"reaction_time".to_owned()));
    assert_eq!(open[0].survey_instruments, ["wellbeing"], "REDCap surveys appear as tasks (guarantee 20)");
    assert!(open[0].survey_state.values().all(|state| state.complete == 0));
}

#[rstest]
#[tokio::test]
async fn a_survey_answered_in_redcap_is_done_for_the_participant(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world.save("7", "week_1_arm_1", "wellbeing", &[("wb_mood", "3")]).await;
    world.det("7", "week_1_arm_1", "wellbeing", 2).await;
    world.worker.run_until_idle().await;
    let week_1 = world.visit_of("7", "week_1_arm_1").await;
    assert_eq!(week_1.survey_state["wellbeing"].complete, 2);
    assert_eq!(week_1.survey_state.get("side_effects_survey").map_or(0, |state| state.complete), 0);
    assert_eq!(world.visit_of("7", BASELINE).await.survey_state["wellbeing"].complete, 0, "another event's survey");
    let account = world.account().await;
    assert_eq!(account[account.len() - 2..], ["update_participant", "process_event"]);
}
