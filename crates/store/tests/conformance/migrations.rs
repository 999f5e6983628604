//! The migrations: the checklist's names, both directions, and the rights of the runtime role.

use metricis_core::words::EventEffect;
use metricis_store::testing::{Engine, TestDb};
use metricis_store::{RoleProblem, Store, StoreError, StoreOptions};
use rstest::rstest;

use crate::world::{World, quoted};

const INDEX: &str = "f0a1b2c3d4e5_add_redcap_project_id_index";

/// Reverts the steps after this one.
async fn down_to(owner: &Store, step: &str) {
    while owner.migration_down_plan().await.expect("a plan").0.is_some_and(|last| last != step) {
        owner.migrate_down().await.expect("down");
    }
}

#[rstest]
#[tokio::test]
async fn the_head_stands_behind_the_checklists_steps(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::fresh(engine).await;
    let status = db.store.migration_status().await.expect("a status");
    assert!(status.is_at_head(), "{status:?}");
    assert_eq!(status.applied_head.as_deref(), Some("c9d0e1f2a3b4_find_records_in_any_case"));
    let named_by_the_checklist = ["d2e3f4a5b6c7_add_webhook_events", "e3f4a5b6c7d8_add_survey_task_fields", INDEX];
    for name in named_by_the_checklist {
        assert_eq!(db.count(&format!("SELECT count(*) FROM seaql_migrations WHERE version = '{name}'")).await, 1);
    }
}

#[rstest]
#[tokio::test]
async fn every_step_goes_down_and_up_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::fresh(engine).await;
    let owner = Store::open(&db.owner_url, &StoreOptions::default()).await.expect("the owner");
    let all = db.count("SELECT count(*) FROM seaql_migrations").await;
    let mut steps = 0;
    while let (Some(_), _) = owner.migration_down_plan().await.expect("a plan") {
        owner.migrate_down().await.expect("down");
        steps += 1;
    }
    assert_eq!(steps, all);
    assert!(!owner.migration_status().await.expect("a status").is_at_head());
    assert!(owner.migrate_up(None).await.expect("up").is_at_head());
}

/// The last statement of a step fails, as it would when the process is killed before it: an index of its name is in the way.
#[rstest]
#[tokio::test]
async fn a_step_that_fails_halfway_leaves_nothing_and_runs_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let db = TestDb::fresh(engine).await;
    let owner = Store::open(&db.owner_url, &StoreOptions::default()).await.expect("the owner");
    down_to(&owner, INDEX).await;
    owner.migrate_down().await.expect("the index");
    let pending = owner.migration_status().await.expect("a status").pending;
    db.tamper("CREATE INDEX ux_studies_redcap_origin_project ON studies (name)").await.expect("in the way");
    owner.migrate_up(None).await.expect_err("the step fails at its last statement");
    assert_eq!(owner.migration_status().await.expect("a status").pending, pending);
    db.tamper("DROP INDEX ux_studies_redcap_origin_project").await.expect("out of the way");
    assert!(owner.migrate_up(None).await.expect("up again").is_at_head());
}

#[rstest]
#[tokio::test]
async fn down_names_the_rows_it_would_destroy(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    world.add_event("7", &[]).await;
    world.advance(chrono::Duration::seconds(1));
    let owner = Store::open(&world.db.owner_url, &StoreOptions::default()).await.expect("the owner");
    down_to(&owner, "d2e3f4a5b6c7_add_webhook_events").await;
    let (step, destroyed) = owner.migration_down_plan().await.expect("a plan");
    assert_eq!(step.as_deref(), Some("d2e3f4a5b6c7_add_webhook_events"));
    assert!(destroyed.iter().any(|lost| lost.what == "webhook_events" && lost.rows == 1), "{destroyed:?}");
}

/// Events of before the column say in their note what they did, the first ones without the words that came to stand before it.
#[rstest]
#[tokio::test]
async fn the_effect_of_older_events_is_read_from_their_notes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let owner = Store::open(&world.db.owner_url, &StoreOptions::default()).await.expect("the owner");
    down_to(&owner, "d4e5f6a7b8c9_add_known_addresses").await;
    let early = "unknown record: only the instrument enrollment enrols, this is contact";
    let mut expected = vec![];
    for (note, effect) in [
        (early, EventEffect::TooEarly),
        ("no effect: unknown record: only the instrument enrollment enrols, this is contact", EventEffect::TooEarly),
        ("unknown record: enrollment is not marked complete (1, not 2)", EventEffect::TooEarly),
        (
            "no effect: unknown record, and config.redcap.enrollment_instrument is not set: nothing enrols",
            EventEffect::TooEarly,
        ),
        ("the participant is withdrawn: nothing is changed", EventEffect::Nothing),
        ("no effect: the participant is withdrawn: nothing is changed", EventEffect::Nothing),
        ("enrolled without visits: the study has no visit windows", EventEffect::Applied),
    ] {
        let columns =
            [("status", quoted("processed")), ("processed_at", world.moment(world.now)), ("note", quoted(note))];
        expected.push((world.add_event("7", &columns).await, effect, note.trim_start_matches("no effect: ")));
        world.advance(chrono::Duration::seconds(1));
    }
    let waits = world.add_event("8", &[]).await;
    owner.migrate_up(None).await.expect("up");
    let event = async |id| world.read().await.event(id).await.expect("an answer").expect("an event");
    for (id, effect, note) in &expected {
        let event = event(*id).await;
        assert_eq!((event.effect, event.note.as_deref()), (Some(*effect), Some(*note)));
    }
    assert_eq!(event(waits).await.effect, None);
    down_to(&owner, "d4e5f6a7b8c9_add_known_addresses").await;
    let noted = "SELECT count(*) FROM webhook_events WHERE note LIKE 'no effect: %'";
    assert_eq!(world.db.count(noted).await, 6, "the former program finds its words again");
}

#[tokio::test]
async fn the_runtime_role_may_serve_and_neither_owner_nor_superuser_may() {
    let db = TestDb::fresh(Engine::Postgres).await;
    assert_eq!(db.store.role_problem().await.expect("an answer"), None);
    let owner = Store::open(&db.owner_url, &StoreOptions::default()).await.expect("the owner");
    assert!(matches!(owner.role_problem().await.expect("an answer"), Some(RoleProblem::Owner(_))));
}

#[tokio::test]
async fn the_runtime_role_can_neither_drop_the_trigger_nor_delete_a_participant() {
    let db = TestDb::fresh(Engine::Postgres).await;
    for attack in [
        "DROP TRIGGER audit_logs_no_change ON audit_logs",
        "ALTER TABLE audit_logs DISABLE TRIGGER ALL",
        "DROP TABLE audit_logs",
        "DELETE FROM participants",
        "UPDATE seaql_migrations SET version = 'x'",
        "TRUNCATE audit_logs",
        "CREATE TABLE app.mine (id int)",
    ] {
        let refused = db.as_server(attack).await;
        assert!(matches!(refused, Err(StoreError::Refused { .. })), "{attack}: {refused:?}");
    }
}
