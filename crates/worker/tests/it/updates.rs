//! A known record: mapped fields, group and survey state follow REDCap; the schedule does not.

use metricis_core::words::EventStatus;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{BASELINE, World, day};

#[rstest]
#[tokio::test]
async fn a_moved_group_moves_the_site(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let before = world.enrolled("7").await;
    world.save_in("7", BASELINE, "contact", &[], Some("site_north")).await;
    world.det("7", BASELINE, "contact", 2).await;
    world.worker.run_until_idle().await;
    let after = world.participant("7").await.expect("a participant");
    assert_eq!((before.dag, after.dag.as_deref()), (None, Some("site_north")));
    assert!(after.site.is_some() && after.mapped_digest != before.mapped_digest);
    let rows = world.read().await.audit_rows(Some(world.study), None, 3).await.expect("rows");
    assert_eq!((rows[2].action.as_str(), rows[1].action.as_str()), ("update_participant", "raise_flag"));
    assert!(rows[2].detail.contains(r#""changed":["site","redcap_dag"]"#), "{}", rows[2].detail);
}

async fn to_review(world: &World) -> u64 {
    let dashboard = world.read().await.dashboard(world.study, day("2026-03-02")).await;
    dashboard.expect("a dashboard").participants_to_review
}

#[rstest]
#[tokio::test]
async fn a_changed_date_is_flagged_and_moves_no_anchor(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let before = world.visits("7").await;
    world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-20")]).await;
    let (id, _) = world.det("7", BASELINE, "enrollment", 1).await;
    world.worker.run_until_idle().await;
    let event = world.event(id).await;
    assert_eq!(event.status, EventStatus::Processed);
    assert_eq!(event.note.as_deref(), Some("anchor differs in REDCap: flagged; a person moves it"));
    let versions = world.read().await.versions(participant.id).await.expect("versions");
    assert_eq!((versions.len(), versions[0].anchor_date), (1, day("2026-03-02")));
    assert_eq!(world.visits("7").await, before);
    let flagged = world.participant("7").await.expect("a participant");
    assert_eq!((flagged.enrollment_date, flagged.review.as_deref()), (day("2026-03-02"), Some("anchor_differs")));
    assert_eq!(flagged.extra_data["redcap_anchor_date"], "2026-03-20");
    assert_eq!(to_review(&world).await, 1);
    let rows = world.read().await.audit_rows(Some(world.study), None, 2).await.expect("rows");
    assert!(rows[1].detail.contains(r#""changed":["review"]"#), "{}", rows[1].detail);
    world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-02")]).await;
    world.det("7", BASELINE, "enrollment", 2).await;
    world.det("7", BASELINE, "contact", 2).await;
    world.worker.run_until_idle().await;
    assert_eq!(world.participant("7").await.expect("a participant").review, None, "they agree again");
    assert_eq!(to_review(&world).await, 0);
}

#[rstest]
#[tokio::test]
async fn a_form_saved_in_another_arm_changes_nobodys_arm(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let before = world.enrolled("7").await;
    world.save("7", "week_1_arm_2", "wellbeing", &[]).await;
    let (id, _) = world.det("7", "week_1_arm_2", "wellbeing", 2).await;
    world.worker.run_until_idle().await;
    assert_eq!((world.event(id).await.status, world.event(id).await.note), (EventStatus::Processed, None));
    assert_eq!(world.participant("7").await.expect("a participant"), before);
    assert_eq!(world.account().await.last().map(String::as_str), Some("process_event"));
}

#[rstest]
#[tokio::test]
async fn a_record_that_can_no_longer_be_read_changes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let before = world.enrolled("7").await;
    world.save_in("7", BASELINE, "enrollment", &[("enroll_date", "")], Some("site_north")).await;
    let (id, _) = world.det("7", BASELINE, "enrollment", 0).await;
    world.worker.run_until_idle().await;
    assert_eq!(world.event(id).await.status, EventStatus::Failed);
    assert_eq!(world.participant("7").await.expect("a participant"), before);
}
