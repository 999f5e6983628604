//! Surveys as a participant sees them: a task, its link when there is one, done when REDCap says so – and a link for nobody else.

use metricis_core::words::VisitStatus;
use metricis_store::testing::Engine;
use metricis_store::{JobKind, LinkQuery, SurveyState};
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona};
use crate::world::{World, day};

const LINK: &str = "https://redcap.example.edu/surveys/?s=OWN";

/// Adds the instrument `mood` to the events, and names it as a survey the way a person does.
async fn with_survey(world: &World) {
    let text = r#"UPDATE visit_windows SET instruments = '["nback", "mood"]'"#;
    world.db.as_server(text).await.expect("instruments");
    let named = json!({ "survey_instruments": ["mood"] });
    world.send_as(Persona::Ada, Ask::put(world.at("/redcap/settings")).json(named)).await.ok();
}

/// Answers the first link that pia needs.
async fn answer(world: &World, link: Result<&str, &str>) {
    let tx = world.tx().await;
    let (today, until, nothing) = (day("2026-03-02"), day("2026-03-09"), [].into());
    let query = LinkQuery { today, until, refused_before: tx.now(), asked_before: None, mapped: &nothing, limit: 10 };
    let wanted = tx.wanted_survey_links(world.study, &query).await.expect("links");
    let wanted = wanted.iter().find(|wanted| wanted.participant == world.pia && wanted.instrument == "mood");
    let answer = link.map(Into::into).map_err(str::to_owned);
    assert!(tx.put_survey_link(wanted.expect("a wanted link"), &answer).await.expect("written"));
    world.done(tx).await;
}

async fn complete(world: &World, complete: u8) {
    let visit = world.visits(world.pia).await[0];
    let tx = world.tx().await;
    let state = [("mood".to_owned(), SurveyState { complete })].into();
    tx.set_survey_state(visit, &state).await.expect("written");
    world.done(tx).await;
}

/// Pia's tasks with this name.
async fn surveys(world: &World) -> Vec<Value> {
    let listed = world.send_as(Persona::Pia, Ask::get("/api/portal/tasks")).await.ok();
    let tasks = listed["tasks"].as_array().expect("a list").clone();
    tasks.into_iter().filter(|task| task["task"] == "mood").collect()
}

#[rstest]
#[tokio::test]
async fn a_survey_is_a_task_at_once_and_its_link_comes_when_redcap_has_given_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    with_survey(&world).await;
    let queued = "SELECT count(*) FROM jobs WHERE kind = 'fetch_survey_links' AND state = 'queued'";
    assert_eq!(world.count(queued).await, 1, "naming surveys asks for their links");
    let waiting = surveys(&world).await;
    assert_eq!(
        (&waiting[0]["kind"], &waiting[0]["done"], &waiting[0]["link"]),
        (&json!("survey"), &json!(false), &Value::Null)
    );
    assert_eq!(waiting[0]["link_ready"], false, "said, not invented");
    answer(&world, Ok(LINK)).await;
    let ready = surveys(&world).await;
    assert_eq!((&ready[0]["link"], &ready[0]["link_ready"]), (&json!(LINK), &json!(true)));
    assert_eq!((&ready[1]["open"], &ready[1]["link"]), (&json!(false), &Value::Null), "another visit has its own");
    complete(&world, 2).await;
    let done = surveys(&world).await;
    assert_eq!((&done[0]["done"], &done[0]["link"]), (&json!(true), &Value::Null), "what is done needs no link");
}

#[rstest]
#[tokio::test]
async fn a_link_is_in_no_answer_to_staff_and_a_refusal_is(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    with_survey(&world).await;
    answer(&world, Err("REDCap gives no link: the survey is not enabled")).await;
    let detail = || Ask::get(world.at(&format!("/participants/{}", world.pia)));
    let told = world.send_as(Persona::Ben, detail()).await.ok();
    assert_eq!(
        told["visits"][0]["survey_problems"],
        json!({ "mood": "REDCap gives no link: the survey is not enabled" })
    );
    assert_eq!(surveys(&world).await[0]["link_ready"], false);
    let tx = world.tx().await;
    let waits = LinkQuery {
        today: day("2026-03-02"),
        until: day("2026-03-09"),
        refused_before: tx.now() + chrono::Duration::seconds(1),
        asked_before: None,
        mapped: &[].into(),
        limit: 10,
    };
    let wanted = tx.wanted_survey_links(world.study, &waits).await.expect("links");
    let own = wanted.iter().find(|link| link.participant == world.pia && link.instrument == "mood").expect("a link");
    assert!(tx.put_survey_link(own, &Ok(LINK.into())).await.expect("written"));
    world.done(tx).await;
    let told = world.send_as(Persona::Ada, detail()).await.ok();
    assert_eq!(told["visits"][0]["survey_problems"], json!({}));
    for path in ["", "/audit", "/matrix", "/today", "/sessions", "/redcap"] {
        let answer = world.send_as(Persona::Ada, Ask::get(world.at(path))).await.ok();
        assert!(!answer.to_string().contains("s=OWN"), "{path}");
    }
    assert!(!told.to_string().contains("s=OWN"), "not for staff");
}

#[rstest]
#[tokio::test]
async fn a_visit_is_held_when_its_result_and_its_survey_are_both_there(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] survey_first: bool,
) {
    let world = World::new(engine).await;
    with_survey(&world).await;
    if survey_first {
        complete(&world, 2).await;
    }
    let body = world.submission("k").await;
    world.send_as(Persona::Pia, Ask::post("/api/portal/sessions").json(body)).await.ok();
    let visit = world.read().await.visits(world.pia).await.expect("visits").remove(0);
    let expected = if survey_first { VisitStatus::Completed } else { VisitStatus::Pending };
    assert_eq!(visit.status, expected, "the worker holds it when the survey comes last");
}

#[rstest]
#[tokio::test]
async fn a_refresh_is_an_admins_order_and_another_project_forgets_the_links(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    with_survey(&world).await;
    answer(&world, Ok(LINK)).await;
    let refresh = || Ask::post(world.at("/redcap/refresh-survey-links"));
    world.send_as(Persona::Ben, refresh()).await.problem(403, "forbidden");
    let answer = world.send_as(Persona::Ada, refresh()).await;
    assert_eq!(answer.status, 202, "no worker is here");
    let id = answer.json["job_ids"][0].as_str().expect("an id").parse().expect("an id");
    let job = world.read().await.job(id).await.expect("an answer").expect("the job");
    assert_eq!(job.kind, JobKind::FetchSurveyLinks { asked_before: Some(world.now()) });
    let links = async || world.read().await.survey_links_of(world.pia).await.expect("links").len();
    assert_eq!(links().await, 1, "a link stays until REDCap has given another");
    let connection = |project: &str| json!({ "api_url": "https://redcap.example.edu/api/", "project_id": project });
    for (project, left) in [("18", 1), ("20", 0)] {
        let ask = Ask::put(world.at("/redcap/connection")).json(connection(project));
        world.send_as(Persona::Ada, ask).await.ok();
        assert_eq!(links().await, left, "project {project}");
    }
}
