//! Survey links are fetched ahead of time, each for its own participant, and what keeps one from coming is said (guarantee 20).

use chrono::Duration;
use metricis_core::breaker::BreakerSettings;
use metricis_core::words::{JobState, ParticipantStatus, VisitStatus};
use metricis_store::testing::Engine;
use metricis_store::{JobKind, SurveyLink};
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::log::Log;
use crate::world::{BASELINE, World, done};

const FETCH: JobKind = JobKind::FetchSurveyLinks { asked_before: None };

fn addresses(links: &[SurveyLink]) -> Vec<String> {
    links.iter().filter_map(|link| link.answer.as_ref().ok()).map(|link| link.expose_secret().to_owned()).collect()
}

fn problems(links: &[SurveyLink]) -> Vec<&str> {
    links.iter().filter_map(|link| link.answer.as_ref().err()).map(String::as_str).collect()
}

#[rstest]
#[tokio::test]
async fn who_is_enrolled_has_the_links_of_this_week_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let log = Log::capture();
    world.enrolled("7").await;
    let links = world.survey_links("7").await;
    // The baseline's wellbeing, and both surveys of week 1, which opens in three days.
    assert_eq!((links.len(), problems(&links).len()), (3, 0));
    let addresses = addresses(&links);
    assert!(addresses.iter().all(|link| link.contains("/surveys/?s=")), "{addresses:?}");
    let account = world.account().await;
    assert_eq!(account.iter().filter(|action| *action == "fetch_survey_links").count(), 1);
    let rows = world.read().await.audit_rows(Some(world.study), None, 1_000).await.expect("rows");
    let told = format!("{rows:?} {}", log.text());
    let shown = "SELECT count(*) FROM jobs WHERE CAST(result AS text) LIKE '%surveys/%'";
    assert_eq!(world.db.count(shown).await, 0);
    assert!(addresses.iter().all(|link| !told.contains(&link[link.len() - 16..])), "a link is its participant's own");
    let calls = world.calls();
    world.clock.advance(Duration::minutes(2));
    world.worker.run_until_idle().await;
    assert_eq!(world.calls(), calls, "what is there is not asked for again");
}

#[rstest]
#[tokio::test]
async fn links_come_with_the_days(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let left = world.enrolled("8").await;
    let tx = world.tx().await;
    tx.set_participant_status(left.id, ParticipantStatus::Withdrawn).await.expect("withdrawn");
    done(tx).await;
    world.clock.advance(Duration::days(21));
    world.worker.run_until_idle().await;
    assert_eq!(world.survey_links("7").await.len(), 5, "and the two of week 4");
    assert_eq!(world.survey_links("8").await.len(), 3, "no more for who has left");
}

#[rstest]
#[tokio::test]
async fn a_survey_that_redcap_refuses_is_told_and_keeps_no_other_waiting(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let named = |config: &mut metricis_core::study::StudyConfig| {
        config.redcap.extra.insert("survey_instruments".to_owned(), json!(["wellbeing", "contact"]));
    };
    let careful = |settings: &mut metricis_worker::WorkerSettings| {
        settings.breaker = BreakerSettings { failure_threshold: 1, ..BreakerSettings::default() };
    };
    let world = World::with(engine, named, careful).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let links = world.survey_links("7").await;
    assert_eq!(addresses(&links).len(), 2);
    let told = problems(&links);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("\"contact\" has not been enabled as a survey"), "{told:?}");
    let job = world.job(JobKind::FetchSurveyLinks { asked_before: Some(world.now() + Duration::seconds(1)) }).await;
    assert_eq!(job.result, Some(json!({ "success": true, "fetched": 2, "refused": 1, "more": false })));
    let breaker = world.read().await.breaker(world.study).await.expect("an answer");
    assert_eq!(breaker.columns().consecutive_failures, 0, "a refusal of one survey is an answer");
    let calls = world.calls();
    world.clock.advance(Duration::hours(23));
    world.worker.run_until_idle().await;
    assert_eq!(world.calls(), calls, "not by the hour");
    world.clock.advance(Duration::hours(2));
    world.worker.run_until_idle().await;
    assert_eq!(world.calls(), calls + 1, "by the day");
}

#[rstest]
#[tokio::test]
async fn a_redcap_that_fails_ends_the_fetch_and_what_it_gave_is_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.order("empty500 on surveyLink after 1");
    world.enrolled("7").await;
    let failed = "SELECT count(*) FROM jobs WHERE kind = 'fetch_survey_links' AND error LIKE 'api_error: %'";
    assert_eq!(world.db.count(failed).await, 1);
    let links = world.survey_links("7").await;
    assert_eq!((addresses(&links).len(), problems(&links).len()), (1, 0), "a fault says nothing about a survey");
    world.break_redcap(None);
    let calls = world.calls();
    world.clock.advance(Duration::minutes(2));
    world.worker.run_until_idle().await;
    assert_eq!(world.calls(), calls, "nothing retries in a row");
    world.clock.advance(Duration::hours(1));
    world.worker.run_until_idle().await;
    assert_eq!(world.survey_links("7").await.len(), 3, "the hour's fetch gets the rest");
}

#[rstest]
#[tokio::test]
async fn an_open_breaker_is_asked_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let careful = |settings: &mut metricis_worker::WorkerSettings| {
        settings.breaker = BreakerSettings { failure_threshold: 1, ..BreakerSettings::default() };
        settings.retry.attempts = 1;
    };
    let world = World::with(engine, |_| {}, careful).await;
    world.sync_events().await;
    world.order("down on surveyLink");
    world.enrolled("7").await;
    let calls = world.calls();
    let job = world.job(FETCH).await;
    assert!(job.error.expect("a reason").starts_with("circuit_open: "));
    assert_eq!(world.calls(), calls);
}

#[rstest]
#[tokio::test]
async fn more_links_than_one_job_asks_for_are_the_next_ones(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    for number in 0..40 {
        world.add_participant(&format!("r{number}")).await;
        world.save(&format!("r{number}"), BASELINE, "enrollment", &[("enroll_date", "2026-03-02")]).await;
    }
    assert_eq!(world.sync_events().await["visits_added"], json!(240));
    let fetched = "SELECT count(*) FROM survey_links WHERE link IS NOT NULL";
    assert_eq!(world.db.count(fetched).await, 120);
    let jobs = "SELECT count(*) FROM jobs WHERE kind = 'fetch_survey_links' AND state = 'done'";
    assert_eq!(world.db.count(jobs).await, 2);
}

#[rstest]
#[tokio::test]
async fn a_person_has_all_links_asked_for_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let before = addresses(&world.survey_links("7").await);
    world.clock.advance(Duration::minutes(5));
    world.order("down on surveyLink");
    let refresh = || JobKind::FetchSurveyLinks { asked_before: Some(world.now()) };
    assert_eq!(world.job(refresh()).await.state, JobState::Failed);
    assert_eq!(addresses(&world.survey_links("7").await), before, "a link stays until there is another");
    world.break_redcap(None);
    let job = world.job(refresh()).await;
    assert_eq!(job.result, Some(json!({ "success": true, "fetched": 3, "refused": 0, "more": false })));
}

#[rstest]
#[tokio::test]
async fn a_renamed_event_keeps_its_links_and_one_made_anew_gets_others(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    let calls = "SELECT count(*) FROM survey_links WHERE asked_at > (SELECT min(created_at) FROM participants)";
    world.clock.advance(Duration::minutes(5));
    let renamed = json!([{ "event_name": "First week", "arm_num": 1, "unique_event_name": "week_1_arm_1" }]);
    world.design("event", renamed).await;
    world.sync_events().await;
    assert_eq!((world.survey_links("7").await.len(), world.db.count(calls).await), (3, 0));
    world.delete_event("first_week_arm_1").await;
    world.design("event", json!([{ "event_name": "First week", "arm_num": 1, "day_offset": 7 }])).await;
    world.sync_events().await;
    assert_eq!(world.survey_links("7").await.len(), 1, "the new event has no forms yet, and the old links are dead");
}

#[rstest]
#[tokio::test]
async fn the_last_survey_holds_the_visit_as_the_last_result_does(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let participant = world.enrolled("7").await;
    let answered = async || {
        world.save("7", BASELINE, "wellbeing", &[("wb_mood", "3")]).await;
        world.det("7", BASELINE, "wellbeing", 2).await;
        world.worker.run_until_idle().await;
        world.visit_of("7", BASELINE).await
    };
    let visit = answered().await;
    assert_eq!((visit.status, visit.survey_state["wellbeing"].complete), (VisitStatus::Pending, 2), "the task is left");
    world.submit(&participant, Some(visit.id), json!({"misses": 1})).await;
    world.save("7", BASELINE, "wellbeing", &[("wb_mood", "2")]).await;
    // The portal holds a visit whose last task is a result; here the survey is opened again and completed last.
    let tx = world.tx().await;
    let open = [("wellbeing".to_owned(), metricis_store::SurveyState { complete: 0 })].into();
    tx.set_survey_state(visit.id, &open).await.expect("a visit");
    done(tx).await;
    world.clock.advance(Duration::hours(25));
    let held = answered().await;
    assert_eq!((held.status, held.actual_visit_date), (VisitStatus::Completed, Some(crate::world::day("2026-03-03"))));
    assert_eq!(world.visit_of("7", "week_1_arm_1").await.status, VisitStatus::Pending);
}
