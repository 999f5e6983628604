//! The registry: who was seen since, and who has not stopped.

use chrono::Duration;
use metricis_store::testing::Engine;
use metricis_store::{LIVE_WITHIN_S, NewProcess};
use rstest::rstest;

use crate::world::{World, done};

#[rstest]
#[tokio::test]
async fn the_live_ones_were_seen_and_have_not_stopped(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let server_started = world.now;
    let server = world.add_process("server").await;
    world.advance(Duration::seconds(1));
    let stopped = world.add_process("worker").await;
    let silent = world.add_process("worker").await;
    let live = async |world: &World| {
        let live = world.read().await.live_processes().await.expect("processes");
        live.iter().map(|process| process.id).collect::<Vec<_>>()
    };
    world.advance(Duration::seconds(LIVE_WITHIN_S));
    let tx = world.tx().await;
    tx.see_process(server).await.expect("seen");
    tx.stop_process(stopped).await.expect("stopped");
    done(tx).await;
    let seen_at = world.now;
    assert_eq!(live(&world).await, [server, silent]);
    world.advance(Duration::microseconds(1));
    assert_eq!(live(&world).await, [server]);
    let process = world.read().await.live_processes().await.expect("processes").remove(0);
    assert_eq!((process.started_at, process.seen_at), (server_started, seen_at));
    assert_eq!((process.role.as_str(), process.dev_mode, process.version.as_str()), ("server", false, "0.1.0"));
}

#[rstest]
#[tokio::test]
async fn a_server_says_where_it_is_reached(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let silent = world.add_process("worker").await;
    let said = (Some("http://127.0.0.1:8080".to_owned()), Some("mark".to_owned()));
    let server = NewProcess { address: said.0.clone(), address_mark: said.1.clone(), ..world.new_process("server") };
    let tx = world.tx().await;
    tx.register_process(&server).await.expect("a process");
    done(tx).await;
    let live = world.read().await.live_processes().await.expect("processes");
    let of =
        |id| live.iter().find(|process| process.id == id).map(|one| (one.address.clone(), one.address_mark.clone()));
    assert_eq!((of(server.id), of(silent)), (Some(said), Some((None, None))));
}
