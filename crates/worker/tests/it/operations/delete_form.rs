//! An instrument less in REDCap.

use metricis_core::operation::Order;
use metricis_redcap_sim::ApiUser;
use metricis_store::testing::Engine;
use metricis_store::{JobKind, SecretField};
use rstest::rstest;
use serde_json::json;

use super::{address, client, dictionary, done, error_of, order, preview};
use crate::fixtures::sealer;
use crate::world::{BASELINE, World};

fn delete(form: &str, order: Order) -> JobKind {
    JobKind::DeleteForm { form: form.to_owned(), order }
}

#[rstest]
#[tokio::test]
async fn a_form_is_deleted_with_its_designations(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.save("7", BASELINE, "contact", &[("contact_notes", "by day")]).await;
    world.save("8", BASELINE, "enrollment", &[("enroll_date", "2026-03-02")]).await;
    let before = dictionary(&world).await;
    let shown = preview(&world, delete("contact", Order::Preview)).await;
    assert_eq!((&shown["success"], &shown["records"]), (&json!(true), &json!(1)));
    assert_eq!(shown["fields"].as_array().map(Vec::len), Some(6));
    assert!(shown["events"].as_array().expect("events").contains(&json!(BASELINE)), "{shown}");
    assert_eq!(dictionary(&world).await, before);
    done(&world, delete("contact", order(&shown))).await;
    let mut without = before;
    without.retain(|row| row.instrument() != "contact");
    assert_eq!(dictionary(&world).await, without);
    let mapping = client(&world, &address(&world).await).form_event_mapping().await.expect("a mapping");
    assert!(!mapping.is_empty() && mapping.iter().all(|row| row.form != "contact"));
    assert_eq!(world.account().await, ["delete_form"]);
    assert_eq!(world.value("8", BASELINE, "enroll_date").as_deref(), Some("2026-03-02"), "the rest stays");
}

#[rstest]
#[case("enrollment", "holds the field that names the records")]
#[case("reaction_time", "config.redcap.redcap_field_mapping.reaction_time.instrument")]
#[case("wellbeing", "config.redcap.survey_instruments")]
#[case("nothing", "has no instrument \"nothing\"")]
#[tokio::test]
async fn a_form_that_is_needed_stays(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] form: &str,
    #[case] reason: &str,
) {
    let world = World::new(engine).await;
    let before = dictionary(&world).await;
    let shown = preview(&world, delete(form, Order::Preview)).await;
    assert!(shown["refusals"].to_string().replace("\\\"", "\"").contains(reason), "{shown}");
    let error = error_of(world.job(delete(form, order(&shown))).await);
    assert!(error.starts_with("validation: ") && error.contains(reason), "{error}");
    assert_eq!(dictionary(&world).await, before);
}

#[rstest]
#[tokio::test]
async fn an_answer_since_the_preview_keeps_the_form(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let before = dictionary(&world).await;
    let shown = preview(&world, delete("contact", Order::Preview)).await;
    world.save("7", BASELINE, "contact", &[("contact_notes", "by day")]).await;
    let error = error_of(world.job(delete("contact", order(&shown))).await);
    assert!(error.contains("look at the preview again"), "{error}");
    assert_eq!(dictionary(&world).await, before);
}

/// Of what a token does not see it cannot say that it is not there.
#[rstest]
#[case::group_without_records(false)]
#[case::records_of_others(true)]
#[tokio::test]
async fn a_token_that_does_not_see_every_record_destroys_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] has_participant: bool,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    if has_participant {
        world.enrolled("7").await;
    }
    world.save("8", BASELINE, "contact", &[("contact_notes", "by day")]).await;
    let before = dictionary(&world).await;
    let full = world.read().await.study(world.study).await.expect("an answer").expect("the study").config;
    let blind = ApiUser { dag: Some("site_south".to_owned()), ..ApiUser::with_all_rights("cleo") };
    let token = world.sim.add_user(world.project.project_id, blind).expect("a user");
    let sealed = sealer().seal(world.study, SecretField::ApiToken, &token.into());
    world.change_study(|config| config.redcap.api_token = Some(sealed)).await;
    let init = JobKind::InitProject { design: None, order: Order::Preview };
    let csv = "field_name,form_name,field_type\nrecord_id,enrollment,text\n".to_owned();
    let push = JobKind::PushDictionary { dictionary: csv, order: Order::Preview };
    for kind in [delete("contact", Order::Preview), init, push] {
        let error = error_of(world.job(kind.clone()).await);
        let said =
            if !has_participant { "inside a data access group" } else { "does not list 1 records of participants" };
        assert!(error.starts_with("validation: ") && error.contains(said), "{} {error}", kind.name());
    }
    world.change_study(|config| config.redcap.api_token = full.redcap.api_token).await;
    assert_eq!(dictionary(&world).await, before);
}
