//! Moving an anchor date (checklist §9.4): the plan shown is the plan applied, and of two at once one wins.

use metricis_core::words::StudyRole;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona, Reply};
use crate::world::World;

fn order(world: &World, body: Value) -> Ask {
    Ask::post(world.at(&format!("/participants/{}/anchor", world.pia))).json(body)
}

async fn move_to(world: &World, date: &str, dry_run: bool) -> Reply {
    let body = json!({ "date": date, "reason": "the first visit was moved", "dry_run": dry_run });
    world.send_as(Persona::Ben, order(world, body)).await
}

#[rstest]
#[tokio::test]
async fn history_is_kept_and_the_audit_row_counts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let consent =
        Ask::post(world.at(&format!("/participants/{}/consent", world.pia))).json(json!({ "mode": "manual" }));
    world.send_as(Persona::Ben, consent).await.ok();
    let submission = Ask::post("/api/portal/sessions").json(world.submission("k").await);
    world.send_as(Persona::Pia, submission).await.ok();
    let planned = move_to(&world, "2026-03-09", true).await.ok();
    assert_eq!(planned["applied"], false);
    assert_eq!(planned["plan"]["reconcile"][0]["original_target_date"], "2026-03-02");
    assert_eq!(planned["plan"]["counts"], json!({ "reconciled": 1, "cancelled": 1, "flagged": 0, "created": 1 }));
    assert_eq!(world.actions(1).await, ["submit_session"], "a dry run leaves nothing");
    let moved = move_to(&world, "2026-03-09", false).await.ok();
    assert_eq!(moved["plan"], planned["plan"]);
    let detail = world.send_as(Persona::Ben, Ask::get(world.at(&format!("/participants/{}", world.pia)))).await.ok();
    let versions: Vec<_> = detail["versions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|version| (&version["status"], &version["is_current"]))
        .collect();
    assert_eq!(versions, [(&"superseded".into(), &false.into()), (&"active".into(), &true.into())]);
    let held = &detail["visits"][0];
    assert_eq!((&held["scheduled_date"], &held["original_target_date"]), (&"2026-03-02".into(), &"2026-03-02".into()));
    assert_eq!((&held["anchor_reconciled"], &held["actual_visit_date"]), (&true.into(), &"2026-03-02".into()));
    assert_eq!(detail["visits"][1]["status"], "cancelled");
    let rows = world.read().await.audit_rows(Some(world.study), None, 2).await.expect("rows");
    assert_eq!((rows[0].action.as_str(), rows[1].action.as_str()), ("create_schedule_version", "move_anchor"));
    let counted: Value = serde_json::from_str(&rows[1].detail).expect("JSON");
    assert_eq!(
        (&counted["old_anchor_date"], &counted["new_anchor_date"]),
        (&"2026-03-02".into(), &"2026-03-09".into())
    );
    assert_eq!((&counted["reconciled"], &counted["cancelled"]), (&1.into(), &1.into()));
}

#[rstest]
#[tokio::test]
async fn a_plan_made_on_an_older_version_is_a_conflict(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    move_to(&world, "2026-03-09", false).await.ok();
    let late = json!({ "date": "2026-03-16", "reason": "moved", "expected_version": 1 });
    let problem = world.send_as(Persona::Ada, order(&world, late)).await.problem(409, "conflict");
    assert_eq!(problem["detail"], "schedule moved by somebody else");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_saw_version_1_one_moves_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let token = world.token_of(Persona::Ada).expect("a token");
    let send = |number: u32| {
        let date = format!("2026-03-{:02}", 10 + number);
        let body = json!({ "date": date, "reason": "moved", "expected_version": 1 });
        order(&world, body).token(&token).send(world.router.clone())
    };
    let tasks: Vec<_> = (0..6).map(|number| tokio::spawn(send(number))).collect();
    let mut statuses = vec![];
    for task in tasks {
        statuses.push(task.await.expect("no panic").status.as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409]);
    assert_eq!(world.count("SELECT count(*) FROM schedule_versions WHERE is_current").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM schedule_versions").await, 2);
}

#[rstest]
#[case("2026-03-02", "already")]
#[case("2062-03-02", "check the year")]
#[tokio::test]
async fn a_move_that_makes_no_sense_is_refused(#[case] date: &str, #[case] said: &str) {
    let world = World::new(Engine::Sqlite).await;
    let problem = move_to(&world, date, false).await.problem(422, "invalid");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(said)), "{problem}");
}

#[rstest]
#[tokio::test]
async fn the_studys_policy_says_who_may(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let may = async |persona| world.send_as(persona, Ask::get(world.at(""))).await.ok()["may_move_anchor"].clone();
    assert_eq!(may(Persona::Ben).await, true);
    let tx = world.tx().await;
    let mut config = tx.study(world.study).await.expect("an answer").expect("the study").config;
    config.enrollment_date_policy.permissions.can_override = vec![StudyRole::Owner];
    tx.set_study_config(world.study, &config).await.expect("written");
    world.done(tx).await;
    assert_eq!((may(Persona::Ben).await, may(Persona::Ada).await), (false.into(), true.into()));
    move_to(&world, "2026-03-09", true).await.problem(403, "forbidden");
    let body = json!({ "date": "2026-03-09", "reason": "moved", "dry_run": true });
    world.send_as(Persona::Ada, order(&world, body)).await.ok();
    let blank = json!({ "date": "2026-03-09", "reason": " " });
    world.send_as(Persona::Ada, order(&world, blank)).await.problem(422, "invalid");
}

/// A consent and an anchor move at the same instant: whoever comes second sees what the first did, and no schedule is left empty.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_meets_a_consent_leaves_a_full_schedule(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let token = world.token_of(Persona::Ben).expect("a token");
    for number in 0..8 {
        let screened = world.add_screened(world.study, &format!("S-{number}")).await;
        let base = world.at(&format!("/participants/{screened}"));
        let consent = Ask::post(format!("{base}/consent")).json(json!({ "mode": "manual" })).token(&token);
        let body = json!({ "date": "2026-03-09", "reason": "the first visit was moved" });
        let moved = Ask::post(format!("{base}/anchor")).json(body).token(&token);
        let (consent, moved) =
            (tokio::spawn(consent.send(world.router.clone())), tokio::spawn(moved.send(world.router.clone())));
        assert_eq!(consent.await.expect("no panic").status, 200);
        let moved = moved.await.expect("no panic");
        assert!([200, 409].contains(&moved.status.as_u16()), "{}", moved.json);
        let pending = "SELECT count(*) FROM visits v JOIN schedule_versions s ON s.id = v.schedule_version_id \
                       WHERE v.status = 'pending' AND NOT s.is_current";
        assert_eq!(world.count(pending).await, 0, "no visit is stranded");
        let visits = world.read().await.visits(screened).await.expect("visits");
        assert_eq!(visits.iter().filter(|visit| visit.status.as_str() == "pending").count(), 2);
    }
}

#[rstest]
#[tokio::test]
async fn the_mark_for_review_goes_when_the_anchor_is_the_date_that_redcap_has(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let marked = "UPDATE participants SET extra_data = '{\"review\": \"anchor_differs\", \"redcap_anchor_date\": \"2026-03-16\"}'";
    world.db.as_server(marked).await.expect("a mark");
    let review = async || {
        let list = world.send_as(Persona::Ben, Ask::get(world.at("/participants"))).await.ok();
        let mut all = list["participants"].as_array().expect("a list").iter();
        all.find(|shown| shown["id"] == world.pia.to_string()).expect("pia")["review"].clone()
    };
    let dashboard = world.send_as(Persona::Ben, Ask::get(world.at("/dashboard"))).await.ok();
    assert_eq!(dashboard["participants_to_review"], 1, "{dashboard}");
    let last_move = async || {
        let rows = world.read().await.audit_rows(Some(world.study), None, 2).await.expect("rows");
        serde_json::from_str::<Value>(&rows[1].detail).expect("JSON")["review_cleared"].clone()
    };
    move_to(&world, "2026-03-09", false).await.ok();
    assert_eq!((review().await, last_move().await), ("anchor_differs".into(), false.into()), "it still differs");
    move_to(&world, "2026-03-16", false).await.ok();
    assert_eq!((review().await, last_move().await), (Value::Null, true.into()));
    let dashboard = world.send_as(Persona::Ben, Ask::get(world.at("/dashboard"))).await.ok();
    assert_eq!(dashboard["participants_to_review"], 0, "{dashboard}");
}
