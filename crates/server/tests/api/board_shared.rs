//! Who looks at the board: one check for many, none without an end, and addresses for those who run the servers.

use metricis_server::board::{Board, check};
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::Value;

use crate::ask::{Ask, Persona};
use crate::board::{in_production, red};
use crate::board_live::impostor;
use crate::served::Served;
use crate::world::World;

async fn look(world: &World, persona: Persona) -> Value {
    world.send_as(persona, Ask::get(world.at("/cutover"))).await.ok()
}

/// A world whose server is reached where each question is noted; how many there were.
async fn watched(engine: Engine) -> (World, Served, impl Fn() -> usize) {
    let (address, asked) = impostor(None).await;
    let world = World::with(engine, |settings| {
        in_production(settings);
        settings.rate_limit_per_minute = 1_000;
        settings.server_url = Some(format!("http://{address}"));
    })
    .await;
    let served = Served::start(&world.app).await;
    (world, served, move || asked.lock().expect("the list").len())
}

#[rstest]
#[tokio::test]
async fn who_looks_within_five_seconds_shares_one_check(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, _served, asked) = watched(engine).await;
    let (first, second) = tokio::join!(look(&world, Persona::Ben), look(&world, Persona::Ada));
    assert_eq!((asked(), &first["checked_at"]), (1, &second["checked_at"]));
    world.clock.advance(chrono::Duration::seconds(4));
    look(&world, Persona::Ben).await;
    assert_eq!(asked(), 1);
    world.clock.advance(chrono::Duration::seconds(1));
    look(&world, Persona::Ben).await;
    assert_eq!(asked(), 2, "it is too old");
    world.send_as(Persona::Ben, Ask::post(world.at("/breaker/reset"))).await.problem(403, "forbidden");
    world.send_as(Persona::Ada, Ask::post(world.at("/breaker/reset"))).await.ok();
    look(&world, Persona::Ben).await;
    assert_eq!(asked(), 3, "something has changed");
}

#[rstest]
#[tokio::test]
async fn addresses_are_for_who_runs_the_servers(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let served = Served::start(&world.app).await;
    let address = served.address.to_string();
    let (owner, coordinator) = (look(&world, Persona::Ada).await, look(&world, Persona::Ben).await);
    assert!(owner.to_string().contains(&address), "{owner}");
    assert!(!coordinator.to_string().contains(&address), "{coordinator}");
    let evidence = |board: &Value| board["rows"][6]["evidence"].as_str().expect("a text").to_owned();
    assert_eq!(evidence(&coordinator), evidence(&owner).replace(&format!(" at http://{address}"), ""));
}

#[rstest]
#[tokio::test]
async fn a_check_that_does_not_end_proves_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::with(engine, |settings| settings.board_within_ms = 0).await;
    let board: Board = check(&world.app, world.study).await;
    assert_eq!(red(&board), (1..=15).collect::<Vec<u8>>());
    assert!(board.rows.iter().all(|row| row.evidence.contains("did not end within")), "{board:#?}");
}

/// The registry is a table and can be filled.
#[tokio::test]
async fn a_check_asks_thirty_two_servers_at_most() {
    let world = World::new(Engine::Sqlite).await;
    let mut served = vec![];
    for _ in 0..33 {
        served.push(Served::start(&world.another(|_| {})).await);
    }
    let board = check(&world.app, world.study).await;
    let unasked = board.rows[0].evidence.matches("was not asked: 32 servers are asked at most").count();
    assert_eq!(unasked, 1, "{}", board.rows[0].evidence);
}
