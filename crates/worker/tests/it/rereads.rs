//! A duplicate must not lose an edit: it has the record read again, and a changed record becomes an event of its own.

use chrono::Duration;
use metricis_core::words::{EventSource, EventStatus};
use metricis_redcap_sim::Fault;
use metricis_store::EventFilter;
use metricis_store::StoredEvent;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{BASELINE, World, day};

const DATE: [(&str, &str); 1] = [("enroll_date", "2026-03-02")];

async fn reconcile_events(world: &World) -> Vec<StoredEvent> {
    let filter = EventFilter { source: Some(EventSource::Reconcile), ..EventFilter::default() };
    world.read().await.events(world.study, &filter, None, 100).await.expect("events")
}

async fn repeat(world: &World, record: &str) {
    // The latest of a record's events is the one received last: two must not share their moment.
    world.clock.advance(Duration::seconds(1));
    let (_, duplicate) = world.det(record, BASELINE, "enrollment", 2).await;
    assert!(duplicate, "the same save as far as the wire can tell");
    world.worker.run_until_idle().await;
}

#[rstest]
#[tokio::test]
async fn an_edit_that_looked_like_a_repetition_is_applied(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world.save_in("7", BASELINE, "enrollment", &DATE, Some("site_south")).await;
    repeat(&world, "7").await;
    let events = reconcile_events(&world).await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].status, events[0].instrument.as_str()), (EventStatus::Processed, "enrollment"));
    assert_eq!(world.participant("7").await.expect("a participant").dag.as_deref(), Some("site_south"));
    let account = world.account().await;
    let last = ["receive_reconcile", "update_participant", "raise_flag", "process_event"];
    assert_eq!(account[account.len() - 4..], last, "another group, which a person is told");
    repeat(&world, "7").await;
    assert_eq!(reconcile_events(&world).await.len(), 1, "applied, and so no longer a difference");
}

#[rstest]
#[tokio::test]
async fn a_repetition_of_an_unchanged_record_has_no_effect(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let before = world.enrolled("7").await;
    let calls = world.calls();
    repeat(&world, "7").await;
    assert_eq!(world.calls(), calls + 1, "it was read again");
    assert!(reconcile_events(&world).await.is_empty());
    assert_eq!(world.participant("7").await.expect("a participant"), before);
    assert_eq!(world.count("record_rereads WHERE wanted > done OR claimed_by IS NOT NULL").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_survey_answered_meanwhile_is_an_edit(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world.save("7", BASELINE, "wellbeing", &[]).await;
    repeat(&world, "7").await;
    assert_eq!(world.visit_of("7", BASELINE).await.survey_state["wellbeing"].complete, 2);
}

#[rstest]
#[tokio::test]
async fn a_record_that_can_no_longer_be_read_fails_as_an_event(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world.save("7", BASELINE, "enrollment", &[("enroll_date", "")]).await;
    repeat(&world, "7").await;
    let events = reconcile_events(&world).await;
    assert_eq!((events.len(), events[0].status), (1, EventStatus::Failed));
    repeat(&world, "7").await;
    assert_eq!(reconcile_events(&world).await.len(), 1, "a repetition is not the retry that a person owes");
}

#[rstest]
#[tokio::test]
async fn a_reread_that_fails_is_shown_and_waits(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    world.break_redcap(Fault::Down);
    repeat(&world, "7").await;
    let troubled = async || world.read().await.troubled_rereads(world.study).await;
    let shown = troubled().await.expect("re-reads");
    assert_eq!((shown.len(), shown[0].record_id.as_str()), (1, "7"));
    assert!(shown[0].error.as_deref().unwrap_or_default().starts_with("api_error: "));
    world.break_redcap(None);
    assert_eq!(world.worker.run_until_idle().await, 0, "nothing tries again by itself");
    repeat(&world, "7").await;
    assert!(troubled().await.expect("re-reads").is_empty(), "another repetition asked again");
}

#[rstest]
#[tokio::test]
async fn a_changed_date_found_by_a_reread_is_flagged(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-09")]).await;
    repeat(&world, "7").await;
    let note = reconcile_events(&world).await[0].note.clone().unwrap_or_default();
    assert!(note.starts_with("anchor differs in REDCap: flagged"), "{note}");
    let version = world.read().await.current_version(participant.id).await.expect("an answer").expect("version 1");
    assert_eq!(version.anchor_date, day("2026-03-02"));
}
