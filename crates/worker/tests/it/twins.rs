//! A record under another name, or under one that was given again: who is known is not enrolled twice, and who is new is enrolled.

use metricis_core::operation::Order as ImportOrder;
use metricis_core::words::EventStatus;
use metricis_redcap_sim::{Fault, Order, Scope};
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::reconciles::{DATE, study_of};
use crate::world::BASELINE;

#[rstest]
#[tokio::test]
async fn a_det_that_is_quicker_than_the_reconcile_makes_no_twin_either(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = study_of(engine).await;
    world.enrolled("7").await;
    world.rename("7", "8");
    world.rename("8", "9");
    let event = world.enrol("9", &DATE).await;
    assert_eq!(event.status, EventStatus::Failed);
    let said = event.error_message.unwrap_or_default();
    assert!(said.contains("the renamed record \"7\" of a participant; reconcile"), "{said}");
    let run = world.reconcile(false, false).await;
    let told: Vec<_> = run.flags.iter().map(|flag| (flag.record.as_str(), flag.participant.is_some())).collect();
    assert_eq!(told, [("7", true), ("8", true)], "one each, both of the participant's record");
}

#[rstest]
#[case("error:400 on log/export")]
#[case("error:404 on log/export")]
#[case("error:500 on log/export")]
#[tokio::test]
async fn a_log_that_redcap_refuses_is_not_taken_for_an_empty_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] refusal: &str,
) {
    let world = study_of(engine).await;
    world.enrolled("7").await;
    world.enrolled("17").await;
    world.rename("7", "8");
    world.delete("17");
    let before = world.participant("17").await;
    world.save("17", BASELINE, "enrollment", &[("enroll_date", "2026-03-09")]).await;
    let order: Order = refusal.parse().expect("an order");
    world.sim.set_order(Scope::Project(world.project.project_id), Some(order)).expect("set");
    let twin = world.enrol("8", &DATE).await;
    let (successor, _) = world.det("17", BASELINE, "contact", 2).await;
    world.worker.run_until_idle().await;
    for event in [twin, world.event(successor).await] {
        assert_eq!(event.status, EventStatus::Failed);
        assert!(event.error_message.unwrap_or_default().starts_with("api_error: "));
    }
    assert_eq!((world.count("participants").await, world.participant("17").await), (2, before));
    world.break_redcap(None::<Fault>);
    assert!(world.reconcile(false, false).await.success);
    let told: Vec<_> = world.flags().await.iter().map(|flag| flag.participant.is_some()).collect();
    assert_eq!(told, [true, true], "a person decides on both");
}

#[rstest]
#[tokio::test]
async fn a_name_in_another_case_is_the_same_record_and_makes_no_twin(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = study_of(engine).await;
    world.enrolled("ab-7").await;
    let event = world.enrol("AB-7", &DATE).await;
    let said = event.error_message.unwrap_or_default();
    assert!(said.contains("\"ab-7\" is a participant's"), "{said}");
    assert_eq!((event.status, world.count("participants").await), (EventStatus::Failed, 1));
}

#[rstest]
#[case::turned("7\u{202e}8".to_owned())]
#[case::acting("7\u{1b}]0;x\u{7}".to_owned())]
#[case::long("7".repeat(101))]
#[tokio::test]
async fn a_det_enrols_no_name_that_a_reconcile_would_leave_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] name: String,
) {
    let world = study_of(engine).await;
    let (id, _) = world.det(&name, BASELINE, "enrollment", 2).await;
    world.worker.run_until_idle().await;
    let said = world.event(id).await.error_message.unwrap_or_default();
    assert!(said.contains("cannot be the name of a record here"), "{said}");
    assert!(!said.contains(['\u{202e}', '\u{1b}']), "{said:?}");
    assert_eq!(world.count("participants").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_name_that_ended_and_was_given_to_somebody_else_before_it_was_renamed_leads_to_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = study_of(engine).await;
    world.enrolled("7").await;
    world.rename("7", "8");
    world.delete("8");
    world.save("8", BASELINE, "contact", &[("contact_notes", "somebody else")]).await;
    world.rename("8", "9");
    let import = JobKind::ImportParticipants { records: Some(vec!["9".to_owned()]), order: ImportOrder::Preview };
    world.save("9", BASELINE, "enrollment", &DATE).await;
    let shown = world.job(import).await.result.expect("a preview");
    assert_eq!(shown["records"][0]["outcome"], "enrol", "{shown}");
    let (id, _) = world.det("9", BASELINE, "enrollment", 2).await;
    world.worker.run_until_idle().await;
    let event = world.event(id).await;
    assert_eq!((event.status, event.error_message), (EventStatus::Processed, None));
    let run = world.reconcile(false, false).await;
    let told: Vec<_> = run.flags.iter().map(|flag| (flag.record.as_str(), flag.participant.is_some())).collect();
    assert_eq!((run.success, told), (true, vec![("7", true), ("8", true), ("8", false)]));
    assert_eq!(world.count("participants").await, 2);
}

#[rstest]
#[tokio::test]
async fn a_chain_of_which_a_person_has_not_decided_on_the_beginning_makes_no_twin(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = study_of(engine).await;
    world.enrolled("7").await;
    world.rename("7", "8");
    world.reconcile(false, false).await;
    world.rename("8", "9");
    let event = world.enrol("9", &DATE).await;
    assert_eq!((event.status, world.count("participants").await), (EventStatus::Failed, 1));
}
