//! The chain: a change to any column of any row is found, and the database itself refuses to make one.

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::audit::{Break, Mismatch};
use metricis_core::ids::StudyId;
use metricis_core::words::StudyStatus;
use metricis_store::testing::Engine;
use metricis_store::{Entries, StoreError};
use rstest::rstest;

use crate::world::World;

fn entry(world: &World) -> Entry {
    let action = Action::SetStudyStatus { study: world.study, from: StudyStatus::Draft, to: StudyStatus::Active };
    Entry::study(world.study, Actor::Operator("Zoë \"x\"".to_owned()), action)
}

/// A study whose chain has ten rows more.
async fn ten_rows(engine: Engine) -> World {
    let world = World::new(engine).await;
    for _ in 0..5 {
        let tx = world.tx().await;
        tx.commit(Entries::of(entry(&world), [entry(&world)])).await.expect("two rows");
    }
    world
}

async fn verify(world: &World) -> Result<i64, Break> {
    let snapshot = world.read().await;
    let heads = snapshot.audit_heads().await.expect("heads");
    let head = heads.iter().find(|head| head.study_id == Some(world.study.0)).expect("the study's chain");
    snapshot.verify_chain(head).await.expect("an answer")
}

#[rstest]
#[tokio::test]
async fn a_chain_verifies_through_its_last_row(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ten_rows(engine).await;
    assert_eq!(verify(&world).await, Ok(10));
    assert_eq!(
        world.db.count("SELECT count(DISTINCT id) FROM audit_logs").await,
        world.db.count("SELECT count(*) FROM audit_logs").await
    );
}

#[rstest]
#[tokio::test]
async fn a_dropped_transaction_leaves_no_row(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ten_rows(engine).await;
    let tx = world.tx().await;
    tx.set_study_status(world.study, StudyStatus::Active).await.expect("written");
    drop(tx);
    let study = world.read().await.study(world.study).await.expect("an answer").expect("the study");
    assert_eq!((study.status, verify(&world).await), (StudyStatus::Draft, Ok(10)));
}

#[rstest]
#[tokio::test]
async fn the_database_refuses_to_change_a_row(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ten_rows(engine).await;
    let truncate = if engine == Engine::Postgres { "TRUNCATE audit_logs" } else { "DELETE FROM audit_logs" };
    for attack in ["UPDATE audit_logs SET action = 'x'", "DELETE FROM audit_logs WHERE sequence = 3", truncate] {
        for refused in [world.db.as_server(attack).await, world.db.tamper(attack).await] {
            assert!(matches!(refused, Err(StoreError::Refused { .. })), "{attack}: {refused:?}");
        }
    }
    assert_eq!(verify(&world).await, Ok(10));
}

/// Somebody with the power to remove the triggers.
async fn with_triggers_off(world: &World, engine: Engine, change: &str) {
    let off = match engine {
        Engine::Sqlite => "DROP TRIGGER audit_logs_no_update; DROP TRIGGER audit_logs_no_delete;",
        Engine::Postgres => "ALTER TABLE audit_logs DISABLE TRIGGER USER;",
    };
    world.db.tamper(&format!("{off} {change}")).await.expect("the tampering works");
}

#[rstest]
#[tokio::test]
async fn a_change_to_any_column_names_its_row(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(
        "occurred_at = '2026-03-02T09:00:00.000001+00:00'",
        "actor_kind = 'user'",
        "actor_id = 'someone'",
        "action = 'create_study'",
        "object_kind = 'site'",
        "object_id = 'x'",
        "detail = replace(detail, 'active', 'paused')",
        "hash = replace(hash, substr(hash, 1, 1), 'x')",
        "study_id = NULL",
        "chain = 1",
        "format = 2"
    )]
    change: &str,
) {
    let world = ten_rows(engine).await;
    with_triggers_off(&world, engine, &format!("UPDATE audit_logs SET {change} WHERE chain = 2 AND sequence = 4"))
        .await;
    let found = verify(&world).await.expect_err("the change is found");
    assert_eq!((found.sequence, found.id), (4, 2 * 10_000_000_000 + 4), "{found}");
}

#[rstest]
#[tokio::test]
async fn cut_and_reordered_rows_are_found(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ten_rows(engine).await;
    with_triggers_off(&world, engine, "DELETE FROM audit_logs WHERE chain = 2 AND sequence = 10").await;
    let found = verify(&world).await.expect_err("the cut is found");
    assert_eq!((found.sequence, found.mismatch), (9, Mismatch::CutTail { head: 10 }));
    let swap = "UPDATE audit_logs SET previous_hash = hash WHERE chain = 2 AND sequence = 6";
    world.db.tamper(swap).await.expect("the tampering works");
    let found = verify(&world).await.expect_err("the swap is found");
    assert!(matches!(found.mismatch, Mismatch::PreviousHash { .. }) && found.sequence == 6, "{found}");
    world.db.tamper("DELETE FROM audit_logs WHERE chain = 2 AND sequence = 3").await.expect("the tampering works");
    let found = verify(&world).await.expect_err("the hole is found");
    assert_eq!((found.sequence, found.mismatch), (4, Mismatch::Sequence { found: 4, expected: 3 }));
}

#[rstest]
#[tokio::test]
async fn a_chain_that_grows_while_it_is_verified_is_valid(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ten_rows(engine).await;
    let snapshot = world.read().await;
    let heads = snapshot.audit_heads().await.expect("heads");
    let tx = world.tx().await;
    tx.commit(entry(&world)).await.expect("a row more");
    let head = heads.iter().find(|head| head.study_id == Some(world.study.0)).expect("the study's chain");
    assert_eq!(snapshot.verify_chain(head).await.expect("an answer"), Ok(10));
}

/// What is said of the whole log, one text for each flaw.
async fn flaws(world: &World) -> Vec<String> {
    let verdicts = world.read().await.verify_audit(None).await.expect("an answer");
    verdicts.iter().flat_map(metricis_store::audit::ChainVerdict::flaws).collect()
}

#[rstest]
#[case("study_id = NULL", "audit_chains.study_id of chain 2 names no study; its rows are of study")]
#[case("chain = 7", "audit_logs has rows of chain 2, audit_chains has no such chain")]
#[tokio::test]
async fn a_head_that_names_another_is_told_and_nothing_is_done_without_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] change: &str,
    #[case] told: &str,
) {
    let world = ten_rows(engine).await;
    assert_eq!(flaws(&world).await, [""; 0]);
    let (off, back) = match engine {
        Engine::Sqlite => ("PRAGMA foreign_keys = off;", ""),
        Engine::Postgres => ("ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_chain_fkey;", ""),
    };
    let tamper = format!("{off} UPDATE audit_chains SET {change} WHERE chain = 2; {back}");
    world.db.tamper(&tamper).await.expect("the tampering works");
    let found = flaws(&world).await;
    assert!(found.iter().any(|flaw| flaw.starts_with(told)), "{found:?}");
    if change.starts_with("study_id") {
        let missing = format!("audit_chains has no chain of study {}", world.study);
        assert!(found.iter().any(|flaw| flaw.starts_with(&missing)), "{found:?}");
        let tx = world.tx().await;
        tx.set_study_status(world.study, StudyStatus::Active).await.expect("written");
        let refused = tx.commit(entry(&world)).await.expect_err("nothing is recorded");
        assert!(matches!(&refused, StoreError::ChainLost { owner } if owner.contains(&world.study.to_string())));
        let study = world.read().await.study(world.study).await.expect("an answer").expect("the study");
        assert_eq!(study.status, StudyStatus::Draft, "nothing is done");
        let listed = world.read().await.audit_rows(Some(world.study), None, 9).await;
        assert!(matches!(listed, Err(StoreError::ChainLost { .. })), "an empty list would be a lie: {listed:?}");
    }
}

#[rstest]
#[tokio::test]
async fn heads_that_changed_places_are_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = ten_rows(engine).await;
    let study = world.uuid(world.study.0);
    let tamper = format!(
        "UPDATE audit_chains SET study_id = NULL WHERE chain = 2; \
         UPDATE audit_chains SET study_id = {study} WHERE chain = 1"
    );
    world.db.tamper(&tamper).await.expect("the tampering works");
    let found = flaws(&world).await;
    for told in ["audit_chains.study_id of chain 1, the system's, names study", "audit_chains has no chain of study"] {
        assert!(found.iter().any(|flaw| flaw.starts_with(told)), "{told}: {found:?}");
    }
}

#[rstest]
#[tokio::test]
async fn what_was_done_between_two_rows_is_told_by_name(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let other = world.add_study("MEM-2").await;
    let (chain, start) = world.read().await.chain_end(world.study).await.expect("a chain");
    let reset = |study| Entry::study(study, Actor::System, Action::ResetBreaker { study, failures: 5 });
    for entry in [reset(world.study), reset(other), reset(world.study)] {
        world.tx().await.commit(entry).await.expect("a commit");
    }
    let retired = Action::RetireWebhookSecret { study: world.study };
    world.tx().await.commit(Entry::study(world.study, Actor::System, retired)).await.expect("a commit");
    let read = world.read().await;
    assert_eq!(read.chain_end(world.study).await, Ok((chain, start + 3)));
    let between = async |after, through| read.actions_between(chain, after, through).await.expect("names");
    assert_eq!(between(start, start + 3).await, ["reset_breaker", "retire_webhook_secret"], "each once");
    assert_eq!(between(start, start + 2).await, ["reset_breaker"]);
    assert_eq!(between(start + 2, start + 3).await, ["retire_webhook_secret"]);
    assert!(between(start + 3, start + 3).await.is_empty());
    let heads = read.study_heads(&[other, world.study]).await.expect("heads");
    let heads: Vec<_> = heads.iter().map(|head| (head.study_id, head.head_sequence)).collect();
    assert_eq!(heads, [(Some(world.study.0), start + 3), (Some(other.0), start + 1)], "of these studies, in order");
    assert_eq!(read.study_heads(&[]).await, Ok(vec![]));
    let nobody = StudyId::at(world.now);
    assert!(matches!(read.chain_end(nobody).await, Err(StoreError::ChainLost { .. })));
}
