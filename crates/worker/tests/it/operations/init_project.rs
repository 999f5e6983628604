//! An empty REDCap project set up.

use metricis_core::operation::{
    DesignArm, DesignEvent, DesignMapping, DesignRepeat, GivenDesign, Order, dictionary_to_csv,
};
use metricis_core::study::StudyConfig;
use metricis_redcap_sim::ProjectOptions;
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use super::{address, client, dictionary, done, error_of, misbehave, order, preview, text_field, with};
use crate::fixtures::{add_study, study_config};
use crate::world::{BASELINE, World};

fn init(design: Option<GivenDesign>, order: Order) -> JobKind {
    JobKind::InitProject { design, order }
}

/// The world's study with an empty project of its own.
async fn empty(engine: Engine, longitudinal: bool, change: impl FnOnce(&mut StudyConfig)) -> World {
    let mut world = World::new(engine).await;
    let base = address(&world).await;
    let base = base.trim_end_matches("/api/").to_owned();
    world.project = world.sim.add_empty_project(longitudinal, ProjectOptions::default()).expect("a project");
    world.study = metricis_core::ids::StudyId::at(world.now());
    let mut config = study_config(world.study, &world.project, &base);
    change(&mut config);
    add_study(&world.db.store, world.study, "NEW", config).await;
    world
}

fn design() -> GivenDesign {
    let date = with(
        &text_field("enroll_date", "enrollment"),
        &[("text_validation_type_or_show_slider_number", "date_ymd"), ("required_field", "y")],
    );
    let rows = [
        text_field("study_no", "enrollment"),
        date,
        text_field("rt_median_ms", "reaction_time"),
        text_field("wb_mood", "wellbeing"),
    ];
    let event = |label: &str, arm_num, day| DesignEvent {
        event_name: label.to_owned(),
        arm_num,
        day_offset: Some(day),
        offset_min: Some(1),
        offset_max: None,
    };
    let collected =
        |event: &str, form: &str| DesignMapping { unique_event_name: event.to_owned(), form: form.to_owned() };
    GivenDesign {
        dictionary: dictionary_to_csv(&rows),
        arms: vec![
            DesignArm { arm_num: 1, name: "Active".to_owned() },
            DesignArm { arm_num: 2, name: "Control".to_owned() },
        ],
        events: vec![event("Baseline", 1, 0), event("Week 1", 1, 7), event("Baseline", 2, 0)],
        form_event_mapping: vec![
            collected("baseline_arm_1", "enrollment"),
            collected("week_1_arm_1", "reaction_time"),
            collected("week_1_arm_1", "wellbeing"),
            collected("baseline_arm_2", "enrollment"),
        ],
        repeating: vec![DesignRepeat {
            event_name: Some("week_1_arm_1".to_owned()),
            form_name: "wellbeing".to_owned(),
            custom_form_label: String::new(),
        }],
    }
}

#[rstest]
#[tokio::test]
async fn an_empty_classic_project_becomes_what_the_design_says(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = empty(engine, false, |_| {}).await;
    let before = dictionary(&world).await;
    let shown = preview(&world, init(Some(design()), Order::Preview)).await;
    assert_eq!((&shown["success"], &shown["refusals"]), (&json!(true), &json!([])));
    let steps = json!(["settings", "dictionary", "arms", "events", "form_event_mapping", "repeating"]);
    assert_eq!((&shown["steps"], &shown["becomes_longitudinal"]), (&steps, &json!(true)));
    assert_eq!(shown["events"][2]["after"], json!("Week 1: day 7, -1/+0"));
    assert_eq!(dictionary(&world).await, before, "a preview writes nothing");
    done(&world, init(Some(design()), order(&shown))).await;
    let redcap = client(&world, &address(&world).await);
    let events = redcap.events().await.expect("events");
    let named: Vec<_> = events.iter().map(|event| (event.unique_event_name.as_str(), event.day_offset)).collect();
    assert_eq!(named, [("baseline_arm_1", Some(0)), ("week_1_arm_1", Some(7)), ("baseline_arm_2", Some(0))]);
    assert_eq!(redcap.form_event_mapping().await.expect("a mapping").len(), 4);
    assert_eq!(redcap.repeating_forms_events().await.expect("repeats").len(), 1);
    assert_eq!(world.account().await, ["init_project"]);
    let again = preview(&world, init(Some(design()), Order::Preview)).await;
    assert_eq!((&again["steps"], &again["dictionary"]["fields_changed"]), (&json!([]), &json!([])), "it is as wanted");
}

#[rstest]
#[tokio::test]
async fn a_project_is_made_from_the_settings_alone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = empty(engine, false, |_| {}).await;
    let shown = preview(&world, init(None, Order::Preview)).await;
    assert_eq!((&shown["from_settings"], &shown["steps"]), (&json!(true), &json!(["dictionary"])));
    assert!(shown["warnings"].to_string().contains("the instrument wellbeing is named"), "{shown}");
    done(&world, init(None, order(&shown))).await;
    let made = dictionary(&world).await;
    let fields: Vec<_> = made.iter().map(|row| (row.name(), row.instrument())).collect();
    assert_eq!(
        fields,
        [
            ("record_id", "enrollment"),
            ("enroll_date", "enrollment"),
            ("rt_completed_at", "reaction_time"),
            ("rt_median_ms", "reaction_time"),
            ("rt_misses", "reaction_time"),
        ]
    );
    let test = world.job(JobKind::TestConnection).await.result.expect("a result");
    assert_eq!(test["success"], json!(true), "the settings fit the project: {test}");
}

#[rstest]
#[tokio::test]
async fn windows_become_events_that_sync_as_they_were(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.sync_events().await;
    let shown = preview(&world, init(None, Order::Preview)).await;
    assert_eq!(shown["refusals"], json!([]));
    done(&world, init(None, order(&shown))).await;
    let sync = world.sync_events().await;
    assert_eq!((&sync["created"], &sync["updated"], &sync["retired"]), (&json!(0), &json!(12), &json!(0)));
}

#[rstest]
#[tokio::test]
async fn a_project_with_a_record_or_in_production_is_left_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(true, false)] with_a_record: bool,
) {
    let world = World::new(engine).await;
    let before = dictionary(&world).await;
    let early = preview(&world, init(Some(design()), Order::Preview)).await;
    if with_a_record {
        world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-02")]).await;
    } else {
        world.sim.set_production(world.project.project_id, true).expect("the project");
    }
    let late = error_of(world.job(init(Some(design()), order(&early))).await);
    assert!(late.contains("look at the preview again"), "{late}");
    let shown = preview(&world, init(Some(design()), Order::Preview)).await;
    assert_eq!(shown["success"], json!(false));
    let error = error_of(world.job(init(Some(design()), order(&shown))).await);
    let reason = if with_a_record { "holds 1 record; only an empty one" } else { "is in production" };
    assert!(error.contains(reason), "{error}");
    assert_eq!(dictionary(&world).await, before);
}

#[rstest]
#[case("metadata", "step 2 of 6 (dictionary)")]
#[case("arm", "step 3 of 6 (arms)")]
#[case("event", "step 4 of 6 (events)")]
#[case("formEventMapping", "step 5 of 6 (form_event_mapping)")]
#[case("repeatingFormsEvents", "step 6 of 6 (repeating)")]
#[tokio::test]
async fn a_run_that_stops_midway_names_its_step_and_is_run_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] content: &str,
    #[case] step: &str,
    #[values("empty500", "cut")] fault: &str,
) {
    let world = empty(engine, false, |_| {}).await;
    let shown = preview(&world, init(Some(design()), Order::Preview)).await;
    misbehave(&world, Some(&format!("{fault} on {content}/import")));
    let error = error_of(world.job(init(Some(design()), order(&shown))).await);
    assert!(error.starts_with(&format!("api_error: {step} failed: ")), "{error}");
    assert!(error.contains("running it again is safe"), "{error}");
    assert_eq!(world.account().await, ["fail_operation"]);
    misbehave(&world, None);
    let rest = preview(&world, init(Some(design()), Order::Preview)).await;
    done(&world, init(Some(design()), order(&rest))).await;
    let again = preview(&world, init(Some(design()), Order::Preview)).await;
    assert_eq!(again["steps"], json!([]));
}
