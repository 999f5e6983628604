//! Roles: only an owner makes or unmakes owners and admins, a study keeps one, a global admin grants nothing.

use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona, Reply};
use crate::world::World;

async fn grant(world: &World, persona: Persona, name: &str, role: &str) -> Reply {
    let body = json!({ "email": format!("{name}@example.org"), "role": role });
    world.send_as(persona, Ask::post(world.at("/members")).json(body)).await
}

#[rstest]
#[tokio::test]
async fn an_owner_grants_and_it_is_audited(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    grant(&world, Persona::Ada, "ben", "admin").await.ok();
    let members = world.send_as(Persona::Ben, Ask::get(world.at("/members"))).await.ok();
    let roles: Vec<_> = members["members"].as_array().expect("a list").iter().map(|member| &member["role"]).collect();
    assert_eq!(roles, ["owner", "admin"]);
    let rows = world.read().await.audit_rows(Some(world.study), None, 1).await.expect("rows");
    let detail: Value = serde_json::from_str(&rows[0].detail).expect("JSON");
    assert_eq!((&detail["before"], &detail["role"]), (&"coordinator".into(), &"admin".into()));
}

#[rstest]
#[tokio::test]
async fn an_admin_makes_and_unmakes_neither_owners_nor_admins(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    grant(&world, Persona::Ada, "ben", "admin").await.ok();
    grant(&world, Persona::Ben, "cleo", "monitor").await.ok();
    for (name, role) in [("cleo", "admin"), ("ben", "owner"), ("ada", "monitor")] {
        grant(&world, Persona::Ben, name, role).await.problem(403, "forbidden");
    }
}

#[rstest]
#[tokio::test]
async fn a_global_admin_cannot_appoint_itself(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    grant(&world, Persona::Gus, "gus", "owner").await.problem(404, "not-found");
    grant(&world, Persona::Ada, "gus", "coordinator").await.ok();
    grant(&world, Persona::Gus, "gus", "owner").await.problem(403, "forbidden");
    world.app.shutdown().await;
    let rows = world.read().await.audit_rows(None, None, 1).await.expect("rows");
    assert_eq!(rows[0].detail, format!(r#"{{"kind":"access","principal":"user:{}","count":2}}"#, world.user("gus")));
}

#[rstest]
#[tokio::test]
async fn the_last_owner_stays(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    grant(&world, Persona::Ada, "ada", "monitor").await.problem(409, "conflict");
    grant(&world, Persona::Ada, "ben", "owner").await.ok();
    grant(&world, Persona::Ada, "ada", "monitor").await.ok();
    grant(&world, Persona::Ada, "cleo", "monitor").await.problem(403, "forbidden");
}
