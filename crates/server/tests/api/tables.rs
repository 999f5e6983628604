//! Participants and visits as CSV: the list's filters, every page, and no formula.

use metricis_store::testing::Engine;
use rstest::rstest;

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
