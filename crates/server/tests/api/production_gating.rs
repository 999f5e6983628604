//! Development and test routes are not there in production (checklist §1 row 7, §6.2).

use std::collections::BTreeSet;

use metricis_core::environment::{DEV_TEST_ROUTES, Environment, is_dev_or_test_path};
use metricis_server::openapi;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::ask::{Ask, Persona};
use crate::world::World;

async fn in_production(dev_mode: bool) -> World {
    World::with(Engine::Sqlite, move |settings| {
        settings.environment = Environment::new("production");
        settings.dev_mode = dev_mode;
    })
    .await
}

#[rstest]
#[tokio::test]
async fn each_route_of_the_table_is_404_in_production_for_everybody(#[values(false, true)] dev_mode: bool) {
    let world = in_production(dev_mode).await;
    for (method, path) in DEV_TEST_ROUTES {
        for persona in Persona::ALL {
            world.send_as(persona, Ask::new(method, *path)).await.problem(404, "not-found");
        }
    }
}

#[rstest]
#[case("/api/dev")]
#[case("/api/dev/anything")]
#[case("/api/testing/")]
#[case("/api/webhooks/redcap/det/test/deeper")]
#[tokio::test]
async fn whole_prefixes_are_closed(
    #[case] path: &str,
    #[values("GET", "POST", "PUT", "DELETE", "OPTIONS")] method: &str,
) {
    let world = in_production(false).await;
    world.send(Ask::new(method, path)).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_wrong_method_is_404_too_so_that_nothing_shows_that_the_route_exists() {
    let world = in_production(false).await;
    for (_, path) in DEV_TEST_ROUTES {
        world.send(Ask::new("DELETE", *path)).await.problem(404, "not-found");
    }
}

#[rstest]
#[case("development")]
#[case("staging")]
#[case("demo")]
#[tokio::test]
async fn each_route_of_the_table_is_mounted_elsewhere(#[case] environment: &str) {
    let name = environment.to_owned();
    let world = World::with(Engine::Sqlite, move |settings| settings.environment = Environment::new(&name)).await;
    for (method, path) in DEV_TEST_ROUTES {
        let reply = world.send(Ask::new(method, *path)).await;
        assert!(![404, 405].contains(&reply.status.as_u16()), "{method} {path} is not mounted: {}", reply.status);
    }
}

#[test]
fn no_route_is_mounted_under_these_prefixes_without_being_listed() {
    let mounted: BTreeSet<(&str, String)> = openapi()
        .paths
        .paths
        .into_iter()
        .filter(|(path, _)| is_dev_or_test_path(path))
        .flat_map(|(path, item)| {
            let methods = [
                ("GET", item.get),
                ("POST", item.post),
                ("PUT", item.put),
                ("DELETE", item.delete),
                ("PATCH", item.patch),
            ];
            methods.into_iter().filter(|(_, found)| found.is_some()).map(move |(method, _)| (method, path.clone()))
        })
        .collect();
    let listed = DEV_TEST_ROUTES.iter().map(|(method, path)| (*method, (*path).to_owned())).collect();
    assert_eq!(mounted, listed);
}

#[tokio::test]
async fn the_real_intake_stays_open_in_production() {
    let world = in_production(false).await;
    let ask = crate::ask::signed_det(crate::ask::det_body(&[]), crate::world::SECRET);
    world.send(ask).await.ok();
}

#[tokio::test]
async fn settings_are_shown_without_secrets() {
    let world = World::new(Engine::Sqlite).await;
    let shown = world.send(Ask::get("/api/dev/settings")).await.ok();
    assert_eq!(shown["environment"], "development");
    assert!(!shown.to_string().contains("a-jwt-secret"));
}

#[tokio::test]
async fn the_det_test_verifies_and_stores_nothing() {
    let world = World::new(Engine::Sqlite).await;
    let body = crate::ask::det_body(&[]);
    let with_token = |secret: &str| {
        Ask::post(format!("/api/webhooks/redcap/det/test?token={secret}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.clone())
    };
    let seen = world.send(with_token(crate::world::SECRET)).await.ok();
    assert_eq!((&seen["record"], &seen["study"]), (&"332-1".into(), &world.study.to_string().into()));
    world.send(with_token("wrong")).await.problem(401, "wrong-det-proof");
    assert_eq!(world.count("SELECT count(*) FROM webhook_events").await, 0);
}
