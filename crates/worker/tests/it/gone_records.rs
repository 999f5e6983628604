//! A result whose record is gone from REDCap since the last reconcile: it makes no new record there, and it is not called synced.

use metricis_core::sync::SessionSync;
use metricis_core::words::{FlagResolution, SyncErrorType};
use metricis_redcap_sim::Scope;
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::effects::{replay, submitted};
use crate::world::{BASELINE, World};

async fn enrolled(engine: Engine) -> World {
    let world = World::new(engine).await;
    world.sim.set_clock(world.now());
    world.sync_events().await;
    world.enrolled("7").await;
    world
}

fn order(world: &World, text: &str) {
    world.sim.set_order(Scope::Project(world.project.project_id), Some(text.parse().expect("an order"))).expect("set");
}

#[rstest]
#[tokio::test]
async fn a_result_of_a_deleted_record_makes_no_new_record(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = enrolled(engine).await;
    world.delete("7");
    let session = world.sync_one("7").await;
    let SessionSync::Failed { error_type: SyncErrorType::Validation, message } = &session.sync else {
        panic!("{session:?}")
    };
    assert!(message.starts_with("REDCap has no record \"7\""), "{message}");
    assert!(!message.contains("412.5"), "{message}");
    assert!(world.sim.values(world.project.project_id, "7").is_empty(), "a record of nobody");
    assert_eq!(world.resync(session.id).await.sync, session.sync, "as often as it is sent");
}

#[rstest]
#[tokio::test]
async fn a_result_of_a_renamed_record_waits_for_the_flag_and_then_goes_to_the_new_name(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = enrolled(engine).await;
    let whole = submitted(&world.sim.values(world.project.project_id, "7"));
    world.rename("7", "8");
    let session = world.sync_one("7").await;
    assert!(matches!(session.sync, SessionSync::Failed { error_type: SyncErrorType::Validation, .. }), "{session:?}");
    world.reconcile(false, false).await;
    let flags = world.flags().await;
    assert_eq!((flags.len(), flags[0].became.as_deref()), (1, Some("8")));
    world.decide(&flags[0], FlagResolution::Followed).await.expect("decided");
    assert_eq!(world.resync(session.id).await.sync, SessionSync::Synced);
    assert_eq!(world.sim.values(world.project.project_id, "8"), whole);
    assert!(world.sim.values(world.project.project_id, "7").is_empty(), "a record of nobody");
}

#[rstest]
#[tokio::test]
async fn a_name_that_another_person_has_since_brings_them_nothing_of_the_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sim.set_clock(world.now());
    world.sync_events().await;
    world.enrol("7", &[("enroll_date", "2026-03-02"), ("participant_code", "P-7")]).await;
    let first = world.participant("7").await.expect("a participant");
    world.delete("7");
    let theirs = [("enroll_date", "2026-03-02"), ("participant_code", "Q-7")];
    world.save("7", BASELINE, "enrollment", &theirs).await;
    // Of another form: one of the same form would be a duplicate, whose re-read makes an event that ends the same way.
    let (id, _) = world.det("7", BASELINE, "contact", 2).await;
    world.worker.run_until_idle().await;
    let event = world.event(id).await;
    let message = event.error_message.as_deref().unwrap_or_default();
    assert!(message.contains("was deleted or renamed"), "{message}");
    assert_eq!(world.participant("7").await.as_ref(), Some(&first), "still who they were");
    let session = world.sync_one("7").await;
    let SessionSync::Failed { error_type: SyncErrorType::Validation, message } = &session.sync else {
        panic!("{session:?}")
    };
    assert!(message.contains("another participant code"), "{message}");
    assert_eq!(world.sim.values(world.project.project_id, "7").get(&format!("{BASELINE}/rt_misses")), None);
    world.reconcile(false, false).await;
    world.decide(&world.flags().await[0], FlagResolution::Detached).await.expect("decided");
    replay(&world, id).await;
    world.reconcile(false, false).await;
    let second = world.participant("7").await.expect("a participant");
    assert_eq!((second.code.as_str(), second.id == first.id), ("Q-7", false));
    assert_eq!(world.count("participants WHERE participant_code = 'P-7'").await, 1, "who is detached keeps their code");
}

#[rstest]
#[tokio::test]
async fn without_a_code_the_date_tells_that_a_name_is_another_persons(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = enrolled(engine).await;
    let first = world.participant("7").await.expect("a participant");
    world.delete("7");
    world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-09")]).await;
    let (id, _) = world.det("7", BASELINE, "contact", 2).await;
    world.worker.run_until_idle().await;
    let message = world.event(id).await.error_message.unwrap_or_default();
    assert!(message.contains("was deleted or renamed"), "{message}");
    assert_eq!(world.participant("7").await.as_ref(), Some(&first), "still who they were");
    let session = world.sync_one("7").await;
    let SessionSync::Failed { error_type: SyncErrorType::Validation, message } = &session.sync else {
        panic!("{session:?}")
    };
    assert!(message.contains("was deleted or renamed"), "{message}");
    assert_eq!(world.sim.values(world.project.project_id, "7").get(&format!("{BASELINE}/rt_misses")), None);
}

#[rstest]
#[tokio::test]
async fn a_date_that_is_corrected_in_redcap_keeps_no_result_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = enrolled(engine).await;
    world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-09")]).await;
    assert_eq!(world.sync_one("7").await.sync, SessionSync::Synced);
    world.enrol("7", &[]).await;
    let calls = world.calls();
    assert_eq!(world.sync_one("7").await.sync, SessionSync::Synced);
    assert_eq!(world.calls() - calls, 2, "a date that waits for a person is no news: the look, the import");
}

#[rstest]
#[tokio::test]
async fn a_code_that_is_corrected_in_redcap_is_followed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sim.set_clock(world.now());
    world.sync_events().await;
    world.enrol("7", &[("enroll_date", "2026-03-02"), ("participant_code", "P-7")]).await;
    world.enrol("7", &[("participant_code", "P-07")]).await;
    assert_eq!(world.participant("7").await.expect("a participant").code, "P-07");
    assert_eq!(world.sync_one("7").await.sync, SessionSync::Synced);
}

#[rstest]
#[tokio::test]
async fn a_record_that_did_not_come_back_as_was_said_on_its_flag_stays_unexplained(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = enrolled(engine).await;
    world.delete("7");
    assert!(world.reconcile(false, false).await.success);
    world.decide(&world.flags().await[0], FlagResolution::Followed).await.expect("decided");
    let run = world.reconcile(false, false).await;
    assert_eq!((run.success, run.unexplained.as_slice()), (false, ["7".to_owned()].as_slice()));
    let kind = JobKind::Reconcile { full: false, dry_run: false, absent_as_deleted: true };
    world.job(kind).await;
    let flags = world.flags().await;
    assert_eq!(flags.len(), 2);
    let open = flags.iter().find(|flag| flag.resolution.is_none()).expect("a new flag");
    world.decide(open, FlagResolution::Detached).await.expect("decided");
    assert!(world.reconcile(false, false).await.success);
}

#[rstest]
#[tokio::test]
async fn rows_that_an_import_lost_are_found(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = enrolled(engine).await;
    order(&world, "lost-rows on record/import");
    let session = world.sync_one("7").await;
    assert!(matches!(session.sync, SessionSync::Failed { error_type: SyncErrorType::ApiError, .. }), "{session:?}");
}
