//! What keeps a record from being enrolled: each failed event says what to do, and nothing of it is half applied.

use metricis_core::study::StudyConfig;
use metricis_core::words::{EventEffect, EventStatus, ParticipantStatus, StudyStatus};
use metricis_store::testing::Engine;
use metricis_store::{SecretField, StoredEvent};
use rstest::rstest;

use crate::fixtures::sealer;
use crate::world::{BASELINE, World, done};

const DATE: [(&str, &str); 1] = [("enroll_date", "2026-03-02")];

async fn assert_failed(world: &World, event: &StoredEvent, reason: &str) {
    assert_eq!((event.status, event.processed_at), (EventStatus::Failed, None));
    let message = event.error_message.as_deref().unwrap_or_default();
    assert!(message.contains(reason), "{message}");
    for table in ["participants", "schedule_versions", "visits"] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
    let account = world.account().await;
    assert_eq!(account.last().map(String::as_str), Some("fail_event"));
    assert!(!account.contains(&"enrol_participant".to_owned()));
    assert_eq!(world.worker.run_until_idle().await, 0, "a worker never retries");
}

fn forget(config: &mut StudyConfig, setting: &str) {
    let redcap = &mut config.redcap;
    match setting {
        "anchor_date_field" => redcap.anchor_date_field = None,
        "enrollment_instrument" => redcap.enrollment_instrument = None,
        "api_token" => redcap.api_token = None,
        "api_url" => redcap.api_url = None,
        other => panic!("{other}"),
    }
}

#[rstest]
#[tokio::test]
async fn a_missing_setting_is_named(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("anchor_date_field", "enrollment_instrument", "api_token", "api_url")] setting: &str,
) {
    let world = World::with(engine, |config| forget(config, setting), |_| {}).await;
    let event = world.enrol("7", &DATE).await;
    assert_failed(&world, &event, &format!("config.redcap.{setting} is not set")).await;
}

#[rstest]
#[tokio::test]
async fn a_token_sealed_for_another_place_is_not_sent(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world
        .change_study(|config| {
            let elsewhere = metricis_core::ids::StudyId::at(metricis_core::Timestamp::default());
            let sealed = sealer().seal(elsewhere, SecretField::ApiToken, &world.project.token.clone().into());
            config.redcap.api_token = Some(sealed);
        })
        .await;
    let event = world.enrol("7", &DATE).await;
    assert_failed(&world, &event, "exception: the stored secret was sealed for another study or field").await;
    assert_eq!(world.calls(), 0);
}

#[rstest]
#[tokio::test]
async fn a_paused_study_enrols_nobody_until_it_resumes(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let calls = world.calls();
    world.set_status(StudyStatus::Active).await;
    world.set_status(StudyStatus::Paused).await;
    let event = world.enrol("7", &DATE).await;
    assert_eq!(event.error_message.as_deref(), Some("study paused: enrolment halted"), "the contract's words");
    assert_failed(&world, &event, "study paused").await;
    assert_eq!(world.calls(), calls, "nothing is read for a record that cannot be enrolled");
    world.set_status(StudyStatus::Active).await;
    let tx = world.tx().await;
    tx.replay_event(event.id).await.expect("a failed event").expect("the event");
    done(tx).await;
    world.worker.run_until_idle().await;
    let event = world.event(event.id).await;
    assert_eq!((event.status, event.retry_count, event.error_message), (EventStatus::Processed, 1, None));
    assert_eq!(world.visits("7").await.len(), 6);
}

#[rstest]
#[tokio::test]
async fn a_group_without_a_site_is_named(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world
        .db
        .tamper(if engine == Engine::Sqlite { "DELETE FROM sites" } else { "DELETE FROM app.sites" })
        .await
        .expect("no sites");
    world.save_in("7", BASELINE, "enrollment", &DATE, Some("site_north")).await;
    let event = world.enrol("7", &DATE).await;
    assert_failed(&world, &event, r#"the data access group "site_north" belongs to no site"#).await;
}

#[rstest]
#[case::blank(&[], "the REDCap field enroll_date (enrolment date) is blank or missing")]
#[case::far_away(&[("enroll_date", "1026-03-02")], "has a year that cannot be meant")]
#[tokio::test]
async fn an_anchor_date_is_not_guessed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] values: &[(&str, &str)],
    #[case] reason: &str,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let synced = world.account().await.len();
    let event = world.enrol("7", values).await;
    assert_failed(&world, &event, reason).await;
    assert_eq!(world.account().await.len(), synced + 1);
    assert!(!event.error_message.unwrap_or_default().contains("1026"), "no answer in an error");
}

#[rstest]
#[tokio::test]
async fn a_slip_of_the_year_is_not_enrolled(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("2062-03-02", "2006-03-02")] date: &str,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let event = world.enrol("7", &[("enroll_date", date)]).await;
    assert_failed(&world, &event, "is more than 10 years from today, 2026-03-02; check the year").await;
    assert!(!event.error_message.unwrap_or_default().contains(date), "no answer in an error");
}

#[rstest]
#[tokio::test]
async fn two_arms_of_one_record_are_not_guessed_between(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mapping = [("enroll_date", "enrollment_date"), ("arm", "arm")];
    let mapping = mapping.map(|(field, target)| (field.to_owned(), target.to_owned())).into();
    let mapped = |config: &mut StudyConfig| config.redcap.participant_field_mapping = Some(mapping);
    let world = World::with(engine, mapped, |_| {}).await;
    world.sync_events().await;
    let event = world.enrol("7", &[DATE[0], ("arm", "2")]).await;
    let reason = "the REDCap field arm (arm) and the event baseline_arm_1 name different arms";
    assert_failed(&world, &event, reason).await;
}

#[rstest]
#[tokio::test]
async fn a_record_that_redcap_does_not_have_fails(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let (id, _) = world.det("Ä-07", BASELINE, "enrollment", 2).await;
    world.worker.run_until_idle().await;
    assert_failed(&world, &world.event(id).await, r#"REDCap has no record "Ä-07""#).await;
}

#[rstest]
#[tokio::test]
async fn an_arm_without_windows_fails(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let table = if engine == Engine::Sqlite { "visit_windows" } else { "app.visit_windows" };
    world.db.tamper(&format!("DELETE FROM {table} WHERE arm_num = 1")).await.expect("no arm 1");
    let event = world.enrol("7", &DATE).await;
    assert_failed(&world, &event, "arm 1 has no visit windows").await;
}

#[rstest]
#[tokio::test]
async fn a_code_that_another_record_has_fails_and_is_not_shown(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrol("1", &[DATE[0], ("participant_code", "SN-0042")]).await;
    let event = world.enrol("2", &[DATE[0], ("participant_code", "SN-0042")]).await;
    assert_eq!(event.status, EventStatus::Failed);
    let message = event.error_message.expect("a reason");
    assert!(message.contains("belongs to another record already") && !message.contains("0042"), "{message}");
    assert_eq!(world.count("participants").await, 1);
}

#[rstest]
#[tokio::test]
async fn a_withdrawn_participant_is_not_revived(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let tx = world.tx().await;
    tx.set_participant_status(participant.id, ParticipantStatus::Withdrawn).await.expect("a status");
    done(tx).await;
    let calls = world.calls();
    world.save_in("7", BASELINE, "contact", &[("contact_notes", "wants back")], Some("site_north")).await;
    let (id, _) = world.det("7", BASELINE, "contact", 2).await;
    world.worker.run_until_idle().await;
    let event = world.event(id).await;
    assert_eq!(event.note.as_deref(), Some("the participant is withdrawn: nothing is changed"));
    assert_eq!(event.effect, Some(EventEffect::Nothing), "a replay cannot revive either");
    let after = world.participant("7").await.expect("a participant");
    assert_eq!((after.status, after.site), (ParticipantStatus::Withdrawn, None));
    assert_eq!(world.calls(), calls);
}

#[rstest]
#[tokio::test]
async fn a_name_that_none_can_be_keeps_back_no_other_record(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sim.set_clock(world.now());
    world.sync_events().await;
    let reserved = format!("detached:{}", uuid::Uuid::nil());
    for record in ["7", "8\u{1b}[31m", &reserved] {
        world.save(record, BASELINE, "enrollment", &DATE).await;
    }
    for dry_run in [true, false] {
        let run = world.reconcile(true, dry_run).await;
        assert_eq!((run.success, run.missing.as_slice()), (false, ["7".to_owned()].as_slice()));
        let said = run.message.unwrap_or_default();
        assert!(said.contains(r"8\u{1b}[31m") && said.contains(&reserved), "{said}");
    }
    assert_eq!(world.count("participants").await, 1);
    let event = world.enrol(&reserved, &DATE).await;
    assert_eq!((event.status, world.count("participants").await), (EventStatus::Failed, 1));
}
