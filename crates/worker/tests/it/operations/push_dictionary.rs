//! Another data dictionary for REDCap.

use metricis_core::operation::Order;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use super::{dictionary, done, error_of, order, preview, push, text_field, with};
use crate::world::{BASELINE, World};

#[rstest]
#[tokio::test]
async fn a_push_is_shown_then_done_and_read_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.save("7", BASELINE, "contact", &[("contact_notes", "by day"), ("contact_channel", "email")]).await;
    world.save("8", BASELINE, "contact", &[("contact_notes", "never")]).await;
    let before = dictionary(&world).await;
    let mut next = before.clone();
    next.retain(|row| row.name() != "contact_notes");
    let channel = next.iter_mut().find(|row| row.name() == "contact_channel").expect("the field");
    assert_eq!(channel.choices()[0].code, "email");
    let kept: Vec<String> =
        channel.choices().into_iter().skip(1).map(|choice| format!("{}, {}", choice.code, choice.label)).collect();
    *channel = with(channel, &[("select_choices_or_calculations", &kept.join(" | "))]);
    next.push(text_field("sleep_hours", "sleep"));
    let shown = preview(&world, push(&next, Order::Preview)).await;
    assert_eq!((&shown["success"], &shown["refusals"]), (&json!(true), &json!([])));
    assert_eq!(shown["diff"]["instruments_added"], json!(["sleep"]));
    assert_eq!(shown["diff"]["fields_removed"][0]["field"], json!("contact_notes"));
    let losses = shown["losses"].as_array().expect("losses");
    let count = |field: &str| losses.iter().find(|loss| loss["field"] == field).expect("a loss")["records"].clone();
    assert_eq!((count("contact_notes"), count("contact_channel")), (json!(2), json!(1)));
    assert_eq!(dictionary(&world).await, before, "a preview writes nothing");
    assert!(world.account().await.is_empty(), "and leaves no account");
    let answer = done(&world, push(&next, order(&shown))).await;
    assert_eq!(answer["written"], json!(next.len()));
    assert_eq!(answer["after_digest"], shown["after_digest"]);
    assert_eq!(dictionary(&world).await, next);
    assert_eq!(world.account().await, ["push_dictionary"]);
    let again = world.job(push(&next, order(&shown))).await;
    assert!(error_of(again).contains("look at the preview again"), "the order was for what was there before");
    let shown = preview(&world, push(&next, Order::Preview)).await;
    assert_eq!(shown["diff"]["fields_changed"], json!([]));
    assert_eq!(done(&world, push(&next, order(&shown))).await["written"], json!(null), "nothing is left to write");
}

#[rstest]
#[tokio::test]
async fn another_state_than_the_previewed_one_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(true, false)] by_a_record: bool,
) {
    let world = World::new(engine).await;
    let before = dictionary(&world).await;
    let mut next = before.clone();
    next.retain(|row| row.name() != "contact_notes");
    let shown = preview(&world, push(&next, Order::Preview)).await;
    let now = if by_a_record {
        world.save("7", BASELINE, "contact", &[("contact_notes", "by day")]).await;
        before
    } else {
        let mut other = before;
        other.push(text_field("sleep_hours", "sleep"));
        let fresh = preview(&world, push(&other, Order::Preview)).await;
        done(&world, push(&other, order(&fresh))).await;
        other
    };
    let error = error_of(world.job(push(&next, order(&shown))).await);
    assert!(
        error.starts_with("validation: ") && error.contains("nothing was changed; look at the preview again"),
        "{error}"
    );
    assert_eq!(dictionary(&world).await, now);
    assert_eq!(world.account().await.last().map(String::as_str), Some("fail_operation"));
}

#[rstest]
#[tokio::test]
async fn what_the_settings_name_is_not_taken_away(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let before = dictionary(&world).await;
    let mut next = before.clone();
    next.retain(|row| !matches!(row.name(), "enroll_date" | "rt_misses") && row.instrument() != "wellbeing");
    let shown = preview(&world, push(&next, Order::Preview)).await;
    assert_eq!(shown["success"], json!(false));
    let refusals = shown["refusals"].to_string();
    for named in ["anchor_date_field", "redcap_field_mapping.reaction_time.fields", "survey_instruments"] {
        assert!(refusals.contains(named), "{named}: {refusals}");
    }
    let error = error_of(world.job(push(&next, order(&shown))).await);
    assert!(error.starts_with("validation: config.redcap.anchor_date_field"), "{error}");
    assert_eq!(dictionary(&world).await, before);
}

#[rstest]
#[tokio::test]
async fn a_project_in_production_keeps_its_dictionary(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let mut next = dictionary(&world).await;
    next.push(text_field("sleep_hours", "sleep"));
    world.sim.set_production(world.project.project_id, true).expect("the project");
    let shown = preview(&world, push(&next, Order::Preview)).await;
    assert!(shown["refusals"][0].as_str().expect("a reason").contains("is in production"), "{shown}");
    let error = error_of(world.job(push(&next, order(&shown))).await);
    assert!(error.contains("draft mode"), "{error}");
}
