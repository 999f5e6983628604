//! Participants and visits as CSV: the list's filters, every page, and no formula.

use axum::body::BodyDataStream;
use futures::StreamExt;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use crate::ask::{Ask, Persona, Reply};
use crate::world::World;

async fn get(world: &World, path: &str) -> Reply {
    world.send_as(Persona::Ben, Ask::get(world.at(path))).await
}

#[rstest]
#[tokio::test]
async fn a_table_has_a_header_every_row_and_no_formula(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.add_participant(world.other, "77").await;
    world.clock.advance(chrono::Duration::milliseconds(2));
    let evil = world.add_screened(world.study, "=1+1").await;
    let code = "UPDATE participants SET participant_code = '-2,\"x\"' WHERE external_id = '=1+1'";
    world.db.as_server(code).await.expect("a code");
    let reply = get(&world, "/participants.csv").await;
    assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(reply.headers["content-disposition"], "attachment; filename=\"NBK-participants.csv\"");
    let header = "participant_code,external_id,status,site_code,redcap_dag,enrollment_date,arm_num,time_zone,review";
    let rows = [
        "P-332-1,332-1,enrolled,,,2026-03-02,1,Europe/Zurich,",
        "\"'-2,\"\"x\"\"\",'=1+1,screened,,,2026-03-02,1,Europe/Zurich,",
    ];
    assert_eq!(reply.text, format!("{header}\n{}\n{}\n", rows[0], rows[1]), "{evil}");
    let narrowed = get(&world, "/participants.csv?status=enrolled&search=332").await;
    assert_eq!(narrowed.text, format!("{header}\n{}\n", rows[0]));
    let visits = get(&world, "/visits.csv").await.text;
    let lines: Vec<_> = visits.lines().collect();
    assert_eq!(lines.len(), 3, "{visits}");
    assert_eq!(lines[1], "P-332-1,332-1,,1,true,Visit 1,visit_1_arm_1,pending,2026-03-02,2026-02-28,2026-03-05,,,");
    get(&world, "/visits.csv?site=NORTH").await.problem(400, "malformed-request");
}

#[rstest]
#[tokio::test]
async fn a_table_goes_on_past_its_first_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    for record in 0..400 {
        world.add_screened(world.study, &format!("r{record}")).await;
    }
    let people = get(&world, "/participants.csv").await.text;
    let codes: std::collections::BTreeSet<_> = people.lines().skip(1).collect();
    assert_eq!((people.lines().count(), codes.len()), (402, 401), "each once, under one header");
    assert_eq!(get(&world, "/visits.csv").await.text.lines().count(), 3);
}

/// A world with two pages of participants, and the download after its first.
async fn begun(engine: Engine, path: &str) -> (World, BodyDataStream) {
    let world = World::new(engine).await;
    for record in 0..400 {
        world.add_screened(world.study, &format!("r{record}")).await;
    }
    let token = world.token_of(Persona::Ben).expect("a token");
    let mut pieces = Ask::get(world.at(path)).token(&token).download(world.router.clone()).await;
    pieces.next().await.expect("a piece").expect("the first page");
    (world, pieces)
}

/// The download ends as a broken one, with nothing more in it.
async fn broken(pieces: &mut BodyDataStream) {
    assert!(pieces.next().await.expect("not the end").is_err(), "it breaks off");
    assert!(pieces.next().await.is_none());
}

#[rstest]
#[case::role_taken("DELETE FROM {schema}user_studies WHERE role = 'coordinator'")]
#[case::disabled("UPDATE {schema}users SET disabled_at = created_at")]
#[case::tokens_revoked("UPDATE {schema}users SET token_generation = token_generation + 1")]
#[tokio::test]
async fn a_download_breaks_off_when_its_caller_may_no_longer_have_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("/participants.csv", "/visits.csv")] path: &str,
    #[case] change: &str,
) {
    let (world, mut pieces) = begun(engine, path).await;
    let schema = if engine == Engine::Postgres { "app." } else { "" };
    world.db.tamper(&change.replace("{schema}", schema)).await.expect("changed");
    broken(&mut pieces).await;
}

#[rstest]
#[tokio::test]
async fn a_download_ends_with_its_session_and_after_ten_minutes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, mut late) = begun(engine, "/participants.csv").await;
    world.give_password("ben", "a long enough password").await;
    let credentials = json!({ "email": "ben@example.org", "password": "a long enough password" });
    let signed_in = world.send(Ask::post("/api/auth/session").json(credentials)).await;
    let cookie =
        signed_in.headers["set-cookie"].to_str().expect("a cookie").split(';').next().expect("a pair").to_owned();
    let csrf = signed_in.ok()["csrf_token"].as_str().expect("a token").to_owned();
    let ask = Ask::get(world.at("/participants.csv")).header("cookie", &cookie);
    let mut pieces = ask.download(world.router.clone()).await;
    pieces.next().await.expect("a piece").expect("the first page");
    let out = Ask::new("DELETE", "/api/auth/session").header("cookie", &cookie).header("x-metricis-csrf", &csrf);
    assert_eq!(world.send(out).await.status, 204);
    broken(&mut pieces).await;
    world.clock.advance(chrono::Duration::minutes(10));
    broken(&mut late).await;
}
