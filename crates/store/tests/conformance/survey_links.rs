//! Survey links: who needs which, in what order, and that none is kept for somebody who has left or for another event.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use metricis_core::schedule::{EventSyncPlan, WindowDraft};
use metricis_core::words::{JobState, ParticipantStatus};
use metricis_store::testing::Engine;
use metricis_store::{JobKind, LinkQuery, SurveyState, WantedLink};
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};

use crate::world::{World, day, done, draft};

const LINK: &str = "https://redcap.example.edu/surveys/?s=SECRET";

/// Asked on 2026-03-02 with a horizon of a week.
fn query<'a>(world: &World, mapped: &'a BTreeSet<&'a str>) -> LinkQuery<'a> {
    LinkQuery {
        today: day("2026-03-02"),
        until: day("2026-03-09"),
        refused_before: world.now - Duration::hours(24),
        asked_before: None,
        mapped,
        limit: 10,
    }
}

async fn name_surveys(world: &World, surveys: &[&str]) {
    let tx = world.tx().await;
    let surveys = surveys.iter().map(|name| (*name).to_owned()).collect();
    tx.set_survey_instruments(world.study, &surveys).await.expect("surveys");
    done(tx).await;
}

async fn wanted(world: &World, query: LinkQuery<'_>) -> Vec<WantedLink> {
    world.read().await.wanted_survey_links(world.study, &query).await.expect("links")
}

fn told(links: &[WantedLink]) -> Vec<(&str, &str, &str)> {
    links
        .iter()
        .map(|link| (link.record.as_str(), link.place.event_name.as_deref().unwrap_or(""), link.instrument.as_str()))
        .collect()
}

async fn put(world: &World, link: &WantedLink, answer: Result<&str, &str>) -> bool {
    let tx = world.tx().await;
    let answer = answer.map(SecretString::from).map_err(str::to_owned);
    let put = tx.put_survey_link(link, &answer).await.expect("written");
    done(tx).await;
    put
}

#[rstest]
#[tokio::test]
async fn links_are_wanted_for_what_is_open_or_opens_soon_and_is_not_complete(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    // Windows are open from a day before to two days after: until 27 Feb, from 1, 9 and 10 March.
    world.add_windows(&[-3, 0, 8, 9]).await;
    let (_, _, visits) = world.add_schedule("1").await;
    let (left, ..) = world.add_schedule("2").await;
    let (over, ..) = world.add_schedule("3").await;
    let nothing = BTreeSet::new();
    assert_eq!(wanted(&world, query(&world, &nothing)).await, [], "no surveys are named");
    name_surveys(&world, &["phq9", "vitals"]).await;
    let tx = world.tx().await;
    tx.set_participant_status(left, ParticipantStatus::Withdrawn).await.expect("withdrawn");
    tx.set_participant_status(over, ParticipantStatus::Completed).await.expect("completed");
    let state = BTreeMap::from([
        ("phq9".to_owned(), SurveyState { complete: 2 }),
        ("vitals".to_owned(), SurveyState { complete: 1 }),
    ]);
    tx.set_survey_state(visits[1], &state).await.expect("a visit");
    tx.complete_visit(visits[1], day("2026-03-02")).await.expect("held");
    done(tx).await;
    let links = wanted(&world, query(&world, &nothing)).await;
    assert_eq!(
        told(&links),
        [("1", "visit_2_arm_1", "vitals"), ("1", "visit_3_arm_1", "phq9"), ("1", "visit_3_arm_1", "vitals"),]
    );
    let mapped = BTreeSet::from(["vitals", "other"]);
    assert_eq!(told(&wanted(&world, query(&world, &mapped)).await), [("1", "visit_3_arm_1", "phq9")]);
    let one = LinkQuery { limit: 1, ..query(&world, &nothing) };
    assert_eq!(told(&wanted(&world, one).await), [("1", "visit_2_arm_1", "vitals")], "what opens first");
}

#[rstest]
#[tokio::test]
async fn a_link_is_kept_as_a_secret_and_a_refusal_asked_for_again_a_day_later(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    world.add_windows(&[0, 3]).await;
    let (participant, ..) = world.add_schedule("1").await;
    name_surveys(&world, &["phq9"]).await;
    let nothing = BTreeSet::new();
    let links = wanted(&world, query(&world, &nothing)).await;
    assert!(put(&world, &links[0], Err("REDCap gives no link: not a survey")).await);
    assert_eq!(told(&wanted(&world, query(&world, &nothing)).await), [("1", "visit_2_arm_1", "phq9")]);
    assert!(put(&world, &links[1], Ok(LINK)).await);
    assert_eq!(wanted(&world, query(&world, &nothing)).await, []);
    let kept = world.read().await.survey_links_of(participant).await.expect("links");
    let of = |window| kept.iter().find(|link| link.window == window).expect("a link");
    assert_eq!(of(links[1].window).answer.as_ref().map(|link| link.expose_secret()), Ok(LINK));
    let refused = of(links[0].window).answer.as_ref().map(|_| ());
    assert_eq!(refused, Err(&"REDCap gives no link: not a survey".to_owned()));
    assert!(!format!("{kept:?}").contains("SECRET"));
    world.advance(Duration::hours(25));
    assert_eq!(told(&wanted(&world, query(&world, &nothing)).await), [("1", "visit_1_arm_1", "phq9")]);
    let refresh = LinkQuery { asked_before: Some(world.now), ..query(&world, &nothing) };
    assert_eq!(wanted(&world, refresh.clone()).await.len(), 2, "a person says that links were reset");
    assert!(put(&world, &links[1], Ok(LINK)).await);
    assert_eq!(told(&wanted(&world, refresh).await), [("1", "visit_1_arm_1", "phq9")], "asked for once");
}

#[rstest]
#[tokio::test]
async fn no_link_is_kept_for_who_has_left_or_for_another_event(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let windows = world.add_windows(&[0, 3]).await;
    let (participant, ..) = world.add_schedule("1").await;
    name_surveys(&world, &["phq9"]).await;
    let nothing = BTreeSet::new();
    let links = wanted(&world, query(&world, &nothing)).await;
    assert!(put(&world, &links[0], Ok(LINK)).await);
    let made_anew = WindowDraft { event_id: Some(7), ..draft((1, &0)) };
    let plan =
        EventSyncPlan { update: vec![(windows[0], made_anew)], remade: vec![windows[0]], ..EventSyncPlan::default() };
    let tx = world.tx().await;
    tx.apply_event_sync(world.study, &plan).await.expect("a sync");
    done(tx).await;
    let count = async || world.read().await.survey_links_of(participant).await.expect("links").len();
    assert_eq!(count().await, 0, "a link into an event that was deleted is dead");
    assert!(!put(&world, &links[0], Ok(LINK)).await, "asked for before the event was made anew");
    let anew = wanted(&world, query(&world, &nothing)).await;
    assert!(put(&world, &anew[0], Ok(LINK)).await);
    let (other, connect) = (world.add_study("MEM-2").await, async |study, project: &str| {
        let tx = world.tx().await;
        let mut config = tx.study(study).await.expect("an answer").expect("the study").config;
        config.redcap.project_id = Some(project.to_owned());
        tx.set_study_config(study, &config).await.expect("a configuration");
        done(tx).await;
    });
    connect(other, "18").await;
    assert_eq!(count().await, 1, "another study");
    connect(world.study, "19").await;
    assert_eq!(count().await, 0, "a link into another project");
    let tx = world.tx().await;
    tx.set_participant_status(participant, ParticipantStatus::Withdrawn).await.expect("withdrawn");
    done(tx).await;
    assert!(!put(&world, &anew[0], Ok(LINK)).await);
    assert_eq!(count().await, 0);
}

#[rstest]
#[tokio::test]
async fn one_fetch_waits_and_fetches_of_a_study_run_one_after_the_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let process = world.add_process("worker").await;
    let (tx, study) = (world.tx().await, world.study);
    let first = tx.ask_survey_links(study).await.expect("an answer").expect("a job");
    assert_eq!(tx.ask_survey_links(study).await, Ok(None), "one waits already");
    assert_eq!(tx.claim_job(process, 9).await.expect("an answer").map(|job| job.id), Some(first));
    let second = tx.ask_survey_links(study).await.expect("an answer").expect("what came since needs another");
    assert_eq!(tx.claim_job(process, 9).await, Ok(None), "not beside the first");
    tx.finish_job(first, serde_json::json!({})).await.expect("running");
    assert_eq!(tx.claim_job(process, 9).await.expect("an answer").map(|job| job.id), Some(second));
    done(tx).await;
    world.advance(Duration::hours(2));
    let job = world.read().await.job(second).await.expect("an answer").expect("the job");
    assert_eq!((job.state, job.kind), (JobState::Running, JobKind::FetchSurveyLinks { asked_before: None }));
}

#[rstest]
#[tokio::test]
async fn a_study_is_looked_at_when_no_fetch_was_queued_lately(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    world.add_windows(&[0]).await;
    let look = async |world: &World| {
        let since = world.now - Duration::hours(1);
        world.read().await.studies_to_look_for_links(since).await.expect("studies")
    };
    let tx = world.tx().await;
    let mut config = tx.study(world.study).await.expect("an answer").expect("the study").config;
    config.redcap.api_token = Some("enc:v2:x".to_owned());
    tx.set_study_config(world.study, &config).await.expect("a configuration");
    done(tx).await;
    assert_eq!(look(&world).await, [], "no surveys are named");
    name_surveys(&world, &["phq9"]).await;
    assert_eq!(look(&world).await, [world.study]);
    let tx = world.tx().await;
    let job = tx.ask_survey_links(world.study).await.expect("an answer").expect("a job");
    done(tx).await;
    world.advance(Duration::hours(2));
    assert_eq!(look(&world).await, [], "one waits, however long");
    let process = world.add_process("worker").await;
    let tx = world.tx().await;
    tx.claim_job(process, 9).await.expect("an answer").expect("the job");
    tx.fail_job(job, "api_error: down").await.expect("running");
    done(tx).await;
    assert_eq!(look(&world).await, [world.study], "long after a failure");
}
