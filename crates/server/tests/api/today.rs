//! Today and the status matrix, on the study's own date and of this study alone.

use chrono::Duration;
use metricis_core::ids::SiteId;
use metricis_store::NewSite;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Persona};
use crate::world::World;

async fn get(world: &World, rest: &str) -> Value {
    world.send_as(Persona::Ben, Ask::get(world.at(rest))).await.ok()
}

#[rstest]
#[tokio::test]
async fn the_day_is_the_studys_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let visit = world.visits(world.pia).await[0];
    let today = get(&world, "/today").await;
    assert_eq!((&today["study_date"], &today["time_zone"]), (&json!("2026-03-02"), &json!("Europe/Zurich")));
    let expected = json!({ "total": 1, "visits": [{
        "visit_id": visit, "participant_id": world.pia, "participant_code": "P-332-1", "site_code": null,
        "label": "Visit 1", "event_name": "visit_1_arm_1", "status": "pending", "target_date": "2026-03-02",
        "window_start": "2026-02-28", "window_end": "2026-03-05", "days_left": 3,
    }] });
    assert_eq!(today["due"], expected);
    assert_eq!((&today["overdue"]["total"], &today["upcoming"]["total"]), (&json!(0), &json!(0)));
    // 23:30 UTC on the 5th is the 6th in Zurich.
    world.clock.advance(Duration::days(3) + Duration::hours(14) + Duration::minutes(30));
    let today = get(&world, "/today").await;
    assert_eq!(today["study_date"], "2026-03-06");
    assert_eq!((&today["overdue"]["total"], &today["overdue"]["visits"][0]["days_left"]), (&json!(1), &json!(-1)));
}

#[rstest]
#[tokio::test]
async fn the_matrix_has_windows_rows_and_todays_states(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let visits = world.visits(world.pia).await;
    let matrix = get(&world, "/matrix").await;
    assert_eq!(matrix["total"], 1);
    let windows = matrix["windows"].as_array().expect("columns");
    assert_eq!(windows.len(), 2);
    assert_eq!((&windows[0]["label"], &windows[0]["arm"]), (&json!("Visit 1"), &json!(1)));
    let row = json!({
        "participant_id": world.pia, "participant_code": "P-332-1", "status": "enrolled", "site_code": null,
        "cells": [
            { "visit_id": visits[0], "status": "pending", "state": "due", "target_date": "2026-03-02" },
            { "visit_id": visits[1], "status": "pending", "state": "upcoming", "target_date": "2026-04-01" },
        ],
    });
    assert_eq!(matrix["rows"], json!([row]));
    world.clock.advance(Duration::days(4));
    assert_eq!(get(&world, "/matrix").await["rows"][0]["cells"][0]["state"], "overdue");
    let visits = get(&world, &format!("/participants/{}", world.pia)).await["visits"].clone();
    assert_eq!((&visits[0]["state"], &visits[1]["state"]), (&json!("overdue"), &json!("upcoming")));
}

#[rstest]
#[tokio::test]
async fn lists_are_narrowed_and_show_nothing_of_another_study(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.add_participant(world.other, "77").await;
    let foreign = SiteId::at(world.now());
    let tx = world.tx().await;
    let (code, name) = ("THEIRS".to_owned(), "Theirs".to_owned());
    let site = NewSite { id: foreign, study: world.other, code, name, redcap_dag: None };
    tx.insert_site(&site).await.expect("a site");
    world.done(tx).await;
    for (query, total) in [
        ("".to_owned(), 1),
        ("?search=332".to_owned(), 1),
        ("?search=77".to_owned(), 0),
        ("?search=%20".to_owned(), 1),
        ("?status=withdrawn".to_owned(), 0),
        ("?review=true".to_owned(), 0),
        ("?review=false&offset=0&limit=1".to_owned(), 1),
        (format!("?site={foreign}"), 0),
    ] {
        assert_eq!(get(&world, &format!("/matrix{query}")).await["total"], total, "{query}");
        assert_eq!(get(&world, &format!("/participants{query}")).await["total"], total, "{query}");
    }
    for path in ["/matrix?review=perhaps", "/matrix?site=NORTH", "/participants?offset=-1"] {
        world.send_as(Persona::Ben, Ask::get(world.at(path))).await.problem(400, "malformed-request");
    }
}

/// What the dashboard counts is what `/today` lists, on each day of three weeks and in each state of the participant.
#[rstest]
#[tokio::test]
async fn the_dashboards_numbers_are_those_of_the_lists(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.add_participant(world.study, "332-2").await;
    world.add_screened(world.study, "332-3").await;
    let mut seen = std::collections::BTreeSet::new();
    for status in ["enrolled", "withdrawn"] {
        let set = format!("UPDATE participants SET status = '{status}' WHERE external_id = '332-2'");
        world.db.as_server(&set).await.expect("set");
        for _ in 0..21 {
            world.clock.advance(Duration::days(1));
            let (today, board) = (get(&world, "/today").await, get(&world, "/dashboard").await);
            let listed = ["due", "overdue", "upcoming"].map(|list| today[list]["total"].as_u64());
            let counted = ["visits_due_today", "visits_overdue", "visits_next_7_days"].map(|tile| board[tile].as_u64());
            assert_eq!(counted, listed, "{}", today["study_date"]);
            seen.insert(listed);
        }
    }
    assert!(seen.len() > 4, "{seen:?}");
}
