//! Whom a DET enrols, under which code and with which site.

use metricis_core::study::{RecordIdField, StudyConfig};
use metricis_core::words::{EventEffect, EventStatus};
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{BASELINE, World};

const DATE: [(&str, &str); 1] = [("enroll_date", "2026-03-02")];

#[rstest]
#[tokio::test]
async fn record_ids_are_text(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("332-1", "Ä-07")] record: &str,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled(record).await;
    assert_eq!((participant.external_id.as_str(), participant.code.as_str()), (record, "SPN-0001"));
    world.sync_one(record).await;
    assert_eq!(world.value(record, BASELINE, "rt_misses").as_deref(), Some("2"));
}

#[rstest]
#[tokio::test]
async fn a_code_is_the_record_id_when_the_study_says_so(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let by_record = |config: &mut StudyConfig| config.redcap.record_id_field = RecordIdField::ParticipantCode;
    let world = World::with(engine, by_record, |_| {}).await;
    world.sync_events().await;
    assert_eq!(world.enrolled("332-1").await.code, "332-1");
}

#[rstest]
#[tokio::test]
async fn generated_codes_pass_over_those_that_people_gave(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrol("1", &[DATE[0], ("participant_code", "SPN-0002")]).await;
    assert_eq!(world.enrolled("2").await.code, "SPN-0003");
    assert_eq!(world.enrolled("3").await.code, "SPN-0004");
}

#[rstest]
#[tokio::test]
async fn a_group_is_a_site_and_kept_as_provenance(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.save_in("7", BASELINE, "enrollment", &DATE, Some("site_south")).await;
    world.det("7", BASELINE, "enrollment", 2).await;
    world.worker.run_until_idle().await;
    let participant = world.participant("7").await.expect("a participant");
    let sites = world.read().await.sites(world.study).await.expect("sites");
    let south = sites.iter().find(|site| site.code == "S").expect("south").id;
    assert_eq!((participant.site, participant.extra_data["redcap_dag"].as_str()), (Some(south), Some("site_south")));
    assert_eq!(world.enrolled("8").await.site, None, "a record without a group has no site");
}

#[rstest]
#[case::another_instrument("contact", 2, "unknown record: only the instrument enrollment enrols, this is contact")]
#[case::incomplete("enrollment", 1, "unknown record: enrollment is not marked complete (1, not 2)")]
#[tokio::test]
async fn what_does_not_enrol_ends_with_a_note_and_without_a_call(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] instrument: &str,
    #[case] complete: u8,
    #[case] note: &str,
) {
    let world = World::new(engine).await;
    world.save("7", BASELINE, "enrollment", &DATE).await;
    let (id, _) = world.det("7", BASELINE, instrument, complete).await;
    assert_eq!(world.worker.run_until_idle().await, 1);
    let event = world.event(id).await;
    assert_eq!((event.status, event.effect), (EventStatus::Processed, Some(EventEffect::TooEarly)));
    assert_eq!(event.note.as_deref(), Some(note));
    assert_eq!((world.calls(), world.count("participants").await), (0, 0));
    assert_eq!(world.account().await, ["process_event"]);
}

#[rstest]
#[tokio::test]
async fn a_study_without_windows_enrols_and_says_that_nobody_is_scheduled(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let event = world.enrol("7", &DATE).await;
    assert_eq!(event.note.as_deref(), Some("enrolled without visits: the study has no visit windows"));
    assert_eq!(event.effect, Some(EventEffect::Applied), "which is no reason to replay it");
    assert_eq!((world.count("schedule_versions").await, world.count("visits").await), (1, 0));
}
