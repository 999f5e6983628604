//! Records that REDCap has already become participants.

use metricis_core::operation::Order;
use metricis_core::words::{EventSource, EventStatus, JobState, StudyStatus};
use metricis_redcap_sim::ApiUser;
use metricis_store::testing::Engine;
use metricis_store::{EventFilter, JobKind, SecretField};
use rstest::rstest;
use serde_json::{Value, json};

use super::{done, error_of, misbehave, order, preview};
use crate::fixtures::sealer;
use crate::world::{BASELINE, World};

fn import(records: Option<&[&str]>, order: Order) -> JobKind {
    JobKind::ImportParticipants {
        records: records.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        order,
    }
}

async fn save(world: &World, record: &str, values: &[(&str, &str)], dag: Option<&str>) {
    world.save_in(record, BASELINE, "enrollment", values, dag).await;
}

/// Outcome of a record, and why.
fn outcome(answer: &Value, record: &str) -> (String, String) {
    let records = answer["records"].as_array().expect("records");
    let one = records.iter().find(|one| one["record"] == record).unwrap_or_else(|| panic!("no {record}: {answer}"));
    (one["outcome"].as_str().expect("a word").to_owned(), one["reason"].as_str().unwrap_or_default().to_owned())
}

/// One record of each kind.
async fn mixed(engine: Engine) -> World {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("known").await;
    let owed = world.enrol("owed", &[]).await;
    assert_eq!(owed.status, EventStatus::Failed);
    save(&world, "owed", &[("enroll_date", "2026-03-02")], None).await;
    save(&world, "ready", &[("enroll_date", "2026-03-02"), ("participant_code", "P-1")], Some("site_south")).await;
    save(&world, "same-code", &[("enroll_date", "2026-03-02"), ("participant_code", "P-1")], None).await;
    save(&world, "plain", &[("enroll_date", "2026-03-03")], None).await;
    save(&world, "undated", &[], None).await;
    world.save("begun", BASELINE, "contact", &[("contact_notes", "x")]).await;
    world
}

/// Without the survey links that whoever was enrolled gets meanwhile.
fn of_operations(account: &[String]) -> Vec<String> {
    account.iter().filter(|action| *action != "fetch_survey_links").cloned().collect()
}

#[rstest]
#[tokio::test]
async fn each_record_is_judged_and_one_refused_keeps_no_other_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = mixed(engine).await;
    let before = world.account().await.len();
    let shown = preview(&world, import(None, Order::Preview)).await;
    assert_eq!(shown["counts"], json!({"enrol": 2, "known": 1, "left_to_event": 1, "not_complete": 1, "refused": 2}));
    assert!(outcome(&shown, "undated").1.contains("the REDCap field enroll_date (enrolment date) is blank or missing"));
    assert!(outcome(&shown, "same-code").1.contains("participant code belongs to another record already"));
    assert!(outcome(&shown, "owed").1.contains("replay that event"));
    assert_eq!(outcome(&shown, "begun"), ("not_complete".to_owned(), "enrollment is not marked complete".to_owned()));
    assert_eq!(
        (world.count("participants").await, world.account().await.len()),
        (1, before),
        "a preview writes nothing"
    );
    let answer = done(&world, import(None, order(&shown))).await;
    assert_eq!((&answer["enrolled"], &answer["counts"]), (&json!(2), &shown["counts"]));
    let ready = world.participant("ready").await.expect("a participant");
    assert_eq!((ready.dag.as_deref(), ready.code.as_str()), (Some("site_south"), "P-1"));
    assert_eq!(world.visits("ready").await.len(), 6);
    assert!(world.participant("owed").await.is_none() && world.participant("same-code").await.is_none());
    let filter = EventFilter { record_id: Some("ready".to_owned()), ..EventFilter::default() };
    let events = world.read().await.events(world.study, &filter, None, 10).await.expect("events");
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].source, events[0].status), (EventSource::Reconcile, EventStatus::Processed));
    let account = world.account().await.split_off(before);
    assert_eq!(account.iter().filter(|action| *action == "enrol_participant").count(), 2);
    assert_eq!(of_operations(&account).last().map(String::as_str), Some("import_participants"));
    let again = preview(&world, import(None, Order::Preview)).await;
    assert_eq!(again["counts"]["known"], json!(3));
    assert_eq!(done(&world, import(None, order(&again))).await["enrolled"], json!(0), "twice is once");
}

/// What a DET enrols and what an import enrols are the same to a re-read: nothing has changed.
#[rstest]
#[tokio::test]
async fn an_imported_participant_is_as_a_det_would_have_made_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    save(&world, "7", &[("enroll_date", "2026-03-02")], Some("site_north")).await;
    world.save("7", BASELINE, "wellbeing", &[("wb_mood", "1")]).await;
    let shown = preview(&world, import(None, Order::Preview)).await;
    done(&world, import(None, order(&shown))).await;
    let before = world.account().await.len();
    let tx = world.tx().await;
    tx.ask_reread(world.study, "7").await.expect("asked");
    crate::world::done(tx).await;
    world.worker.run_until_idle().await;
    assert_eq!(world.account().await.len(), before, "a re-read finds no difference");
    let state = world.visit_of("7", BASELINE).await.survey_state;
    assert_eq!(state.get("wellbeing").map(|survey| survey.complete), Some(2));
}

#[rstest]
#[tokio::test]
async fn only_those_named_are_imported_and_absent_ones_are_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = mixed(engine).await;
    let named = ["plain", "nobody"];
    let shown = preview(&world, import(Some(&named), Order::Preview)).await;
    assert_eq!(shown["counts"], json!({"absent": 1, "enrol": 1}));
    done(&world, import(Some(&named), order(&shown))).await;
    assert!(world.participant("plain").await.is_some() && world.participant("ready").await.is_none());
}

#[rstest]
#[tokio::test]
async fn a_record_edited_since_the_preview_is_looked_at_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = mixed(engine).await;
    let shown = preview(&world, import(None, Order::Preview)).await;
    save(&world, "plain", &[("enroll_date", "2026-03-04")], None).await;
    let error = error_of(world.job(import(None, order(&shown))).await);
    assert!(error.contains("look at the preview again"), "{error}");
    assert_eq!(world.count("participants").await, 1);
}

#[rstest]
#[tokio::test]
async fn a_participants_record_under_a_new_name_is_refused_wherever_its_renames_stand(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] first_is_flagged: bool,
) {
    let world = World::new(engine).await;
    world.sim.set_clock(world.now());
    world.sync_events().await;
    world.enrolled("7").await;
    world.rename("7", "8");
    if first_is_flagged {
        assert!(world.reconcile(false, false).await.success);
    }
    world.rename("8", "9");
    let (how, why) = outcome(&preview(&world, import(Some(&["9"]), Order::Preview)).await, "9");
    assert_eq!(how, "refused", "{why}");
    assert!(why.contains("is the renamed record"), "{why}");
}

#[rstest]
#[tokio::test]
async fn a_paused_study_enrols_nobody(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = mixed(engine).await;
    let shown = preview(&world, import(None, Order::Preview)).await;
    world.set_status(StudyStatus::Paused).await;
    for order in [Order::Preview, order(&shown)] {
        let error = error_of(world.job(import(None, order)).await);
        assert_eq!(error, "validation: study paused: enrolment halted");
    }
    assert_eq!(world.count("participants").await, 1);
}

#[rstest]
#[tokio::test]
async fn groups_that_the_token_hides_are_not_taken_for_none(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    save(&world, "7", &[("enroll_date", "2026-03-02")], Some("site_north")).await;
    let user = ApiUser { dag: Some("site_north".to_owned()), ..ApiUser::with_all_rights("north") };
    let token = world.sim.add_user(world.project.project_id, user).expect("a token");
    let sealed = sealer().seal(world.study, SecretField::ApiToken, &token.into());
    world.change_study(|config| config.redcap.api_token = Some(sealed)).await;
    let error = error_of(world.job(import(None, Order::Preview)).await);
    assert!(error.contains("the API token's user is inside a group"), "{error}");
}

#[rstest]
#[tokio::test]
async fn many_are_enrolled_in_chunks_and_the_job_tells_how_far(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    for number in 0..60 {
        save(&world, &format!("r{number}"), &[("enroll_date", "2026-03-02")], None).await;
    }
    let shown = preview(&world, import(None, Order::Preview)).await;
    let planted = if engine == Engine::Sqlite {
        "CREATE TRIGGER refuse_last BEFORE INSERT ON participants WHEN NEW.external_id = 'r59' \
         BEGIN SELECT RAISE(ABORT, 'planted'); END"
    } else {
        "CREATE FUNCTION app.refuse_last() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''planted''; END'; \
         CREATE TRIGGER refuse_last BEFORE INSERT ON app.participants FOR EACH ROW \
         WHEN (NEW.external_id = 'r59') EXECUTE FUNCTION app.refuse_last()"
    };
    world.db.tamper(planted).await.expect("a trigger");
    let job = world.job(import(None, order(&shown))).await;
    assert_eq!((job.state, &job.result.as_ref().expect("progress")["enrolled"]), (JobState::Failed, &json!(50)));
    assert_eq!(world.count("participants").await, 50, "whole transactions");
    assert_eq!(of_operations(&world.account().await).last().map(String::as_str), Some("fail_operation"));
    let drop = if engine == Engine::Sqlite {
        "DROP TRIGGER refuse_last"
    } else {
        "DROP TRIGGER refuse_last ON app.participants"
    };
    world.db.tamper(drop).await.expect("dropped");
    let shown = preview(&world, import(None, Order::Preview)).await;
    assert_eq!(done(&world, import(None, order(&shown))).await["enrolled"], json!(10));
}

#[rstest]
#[case("lost-rows", "api_error: REDCap lists record")]
#[case("gateway:502 on record", "api_error: ")]
#[tokio::test]
async fn a_fault_while_reading_enrols_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] fault: &str,
    #[case] reason: &str,
) {
    let world = mixed(engine).await;
    let shown = preview(&world, import(None, Order::Preview)).await;
    misbehave(&world, Some(fault));
    let job = world.job(import(None, order(&shown))).await;
    let stale = job.error.as_deref().is_some_and(|error| error.contains("look at the preview again"));
    assert_eq!(job.state, JobState::Failed);
    assert!(stale || job.error.as_deref().is_some_and(|error| error.starts_with(reason)), "{:?}", job.error);
    assert_eq!(world.count("participants").await, 1);
}
