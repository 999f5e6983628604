//! A stored result that is not the one submitted is named, whichever of its columns was changed; an old one is only counted.

use metricis_core::action::{Action, Actor, Chain, Entry};
use metricis_core::audit::{ResultCheck, ResultFault};
use metricis_core::ids::SessionId;
use metricis_store::testing::Engine;
use metricis_store::{AlteredResult, NewSession, ResultsReport};
use rstest::rstest;
use serde_json::{Map, Value, json};

use crate::world::{World, done};

/// Two sessions, submitted as the portal does: the numbers are those that an engine writes in another way.
async fn two_results(engine: Engine) -> (World, [SessionId; 2]) {
    let world = World::new(engine).await;
    world.add_windows(&[0]).await;
    let (participant, _, visits) = world.add_schedule("1").await;
    let answers = json!({
        "z": 1, "ä": 22.0, "big": 1e16, "small": 1e-7, "minus": -0.0, "text": "ça\n\u{1}\"", "list": [1.50, {"b": null, "a": true}],
    });
    let mut ids = vec![];
    for (key, results) in [("k1", answers), ("k2", json!({"score": 3}))] {
        let results: Map<String, Value> = results.as_object().expect("an object").clone();
        ids.push(
            submit(&world, NewSession { visit: Some(visits[0]), results, ..world.new_session(participant, key) }).await,
        );
    }
    (world, [ids[0], ids[1]])
}

async fn submit(world: &World, new: NewSession) -> SessionId {
    let tx = world.tx().await;
    tx.insert_session(&new).await.expect("a session");
    let (session, participant, visit, task) = (new.id, new.participant, new.visit, new.task.clone());
    let result_digest = new.result_digest();
    let action = Action::SubmitSession { session, participant, visit, task, flag: None, result_digest };
    tx.commit(Entry::study(new.study, Actor::Participant(participant), action)).await.expect("a commit");
    new.id
}

async fn report(world: &World) -> ResultsReport {
    world.read().await.verify_results(world.study).await.expect("an answer")
}

#[rstest]
#[tokio::test]
async fn what_was_submitted_is_intact_on_both_engines(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, ids) = two_results(engine).await;
    assert_eq!(report(&world).await, ResultsReport { intact: 2, ..ResultsReport::default() });
    let read = world.read().await;
    for id in ids {
        let stored = read.session(id).await.expect("an answer").expect("the session");
        assert_eq!(read.check_session_result(&stored).await, Ok(ResultCheck::Intact));
    }
    let tx = world.tx().await;
    tx.mark_session_synced(ids[0]).await.expect("a pending session");
    done(tx).await;
    assert_eq!(report(&world).await.intact, 2, "a sync changes nothing that was submitted");
}

#[rstest]
#[case("results = '{\"score\":4}'", ResultFault::Changed)]
#[case("results = '[3]'", ResultFault::Changed)]
#[case("task = 'stroop'", ResultFault::Changed)]
#[case("visit_id = NULL", ResultFault::Changed)]
#[case("started_at = '2026-03-02T08:55:00.000001+00:00'", ResultFault::Changed)]
#[case("completed_at = '2026-03-02T08:59:00.000001+00:00'", ResultFault::Changed)]
#[case("result_salt = '00'", ResultFault::Changed)]
#[case("result_salt = NULL", ResultFault::NoSalt)]
#[tokio::test]
async fn a_change_to_any_part_names_the_session(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] change: &str,
    #[case] fault: ResultFault,
) {
    let (world, [_, id]) = two_results(engine).await;
    let id_text = world.uuid(id.0);
    world.db.as_server(&format!("UPDATE sessions SET {change} WHERE id = {id_text}")).await.expect("the server may");
    let altered = vec![AlteredResult { session: id, fault }];
    assert_eq!(report(&world).await, ResultsReport { intact: 1, altered, not_covered: 0 });
    let verdicts = world.read().await.verify_audit(Some(Chain::Study(world.study))).await.expect("an answer");
    assert_eq!(verdicts[0].flaws(), [format!("session {id}: {fault}")]);
    assert_eq!(verdicts[0].broken, None, "the chain itself is whole");
}

#[rstest]
#[tokio::test]
async fn a_result_of_nobody_and_one_that_is_gone_are_named(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, [_, gone]) = two_results(engine).await;
    let gone_text = world.uuid(gone.0);
    world.db.tamper(&format!("DELETE FROM sessions WHERE id = {gone_text}")).await.expect("the tampering works");
    let participant = world.add_participant("2").await;
    let invented = world.add_session(participant, "k").await;
    let altered = vec![
        AlteredResult { session: invented, fault: ResultFault::NotSubmitted },
        AlteredResult { session: gone, fault: ResultFault::Gone },
    ];
    assert_eq!(report(&world).await, ResultsReport { intact: 1, altered, not_covered: 0 });
}

#[rstest]
#[tokio::test]
async fn a_second_submission_row_does_not_stand_for_the_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, [_, id]) = two_results(engine).await;
    let id_text = world.uuid(id.0);
    let change = format!("UPDATE sessions SET results = '{{\"score\":9}}' WHERE id = {id_text}");
    world.db.as_server(&change).await.expect("the server may");
    let stored = world.read().await.session(id).await.expect("an answer").expect("the session");
    let result_digest = stored.submitted().digest(stored.result_salt.as_deref().expect("a salt"));
    let (participant, visit, task) = (stored.participant, stored.visit, stored.task.clone());
    let again = Action::SubmitSession { session: id, participant, visit, task, flag: None, result_digest };
    let tx = world.tx().await;
    tx.commit(Entry::study(world.study, Actor::System, again)).await.expect("a forged row");
    assert_eq!(report(&world).await.altered, [AlteredResult { session: id, fault: ResultFault::Changed }]);
}

/// As rows were before results had a digest: no salt, and none in the audit log.
#[rstest]
#[tokio::test]
async fn a_result_older_than_the_digests_is_counted_and_no_error(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, [_, id]) = two_results(engine).await;
    let off = match engine {
        Engine::Sqlite => "DROP TRIGGER audit_logs_no_update;",
        Engine::Postgres => "ALTER TABLE audit_logs DISABLE TRIGGER USER;",
    };
    let strip = format!(
        "{off} UPDATE audit_logs SET detail = '{{\"task\":\"nback\"}}' WHERE object_id = '{id}'; \
         UPDATE sessions SET result_salt = NULL"
    );
    world.db.tamper(&strip).await.expect("the tampering works");
    let found = report(&world).await;
    assert_eq!((found.not_covered, found.intact), (1, 0), "{found:?}");
    let stored = world.read().await.session(id).await.expect("an answer").expect("the session");
    assert_eq!(world.read().await.check_session_result(&stored).await, Ok(ResultCheck::NotCovered));
}
