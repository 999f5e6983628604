//! What a healthy REDCap refuses for its own reasons – rights, tokens, groups, values – and a REDCap that is not there: the same
//! effects as for the failures in `faults`.

use std::collections::BTreeMap;

use metricis_core::ids::StudyId;
use metricis_core::study::StudyConfig;
use metricis_core::sync::SessionSync;
use metricis_core::words::{EventStatus, SyncErrorType};
use metricis_redcap_sim::ApiUser;
use metricis_store::SecretField;
use metricis_store::testing::{Engine, monday};
use rstest::rstest;

use crate::effects::{Counted, assert_critical, fail_once, replay, submitted};
use crate::fixtures::sealer;
use crate::log::Log;
use crate::world::{BASELINE, World};

/// What is wrong between the study and its REDCap.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    NoExportRight,
    NoImportRight,
    TokenGone,
    /// The token's user is confined to a group that the record is not in.
    OtherGroup,
    /// The token was sealed for another study.
    OtherSeal,
    /// Nobody listens at the address.
    Nobody,
    /// The result's median is mapped to this field.
    Field(&'static str),
}

impl Wrong {
    async fn make(self, world: &World) {
        let (sim, project) = (&world.sim, world.project.project_id);
        let user = ApiUser::with_all_rights("mia");
        let limited = match self {
            Self::NoExportRight => Some(ApiUser { may_export: false, ..user }),
            Self::NoImportRight => Some(ApiUser { may_import: false, ..user }),
            Self::OtherGroup => Some(ApiUser { dag: Some("site_south".to_owned()), ..user }),
            _ => None,
        };
        let token = match (self, limited) {
            (Self::TokenGone, _) => Some("0123456789ABCDEF0123456789ABCDEF".to_owned()),
            (_, limited) => limited.map(|user| sim.add_user(project, user).expect("a user")),
        };
        world
            .change_study(|config| match (self, token) {
                (Self::OtherSeal, _) => seal(config, StudyId::at(monday()), &world.project.token),
                (Self::Nobody, _) => config.redcap.api_url = Some("http://127.0.0.1:1/api/".to_owned()),
                (Self::Field(name), _) => map_median_to(config, name),
                (_, Some(token)) => seal(config, world.study, &token),
                _ => {}
            })
            .await;
    }
}

fn seal(config: &mut StudyConfig, study: StudyId, token: &str) {
    config.redcap.api_token = Some(sealer().seal(study, SecretField::ApiToken, &token.to_owned().into()));
}

fn map_median_to(config: &mut StudyConfig, field: &str) {
    let fields: &mut BTreeMap<_, _> =
        &mut config.redcap.redcap_field_mapping.get_mut("reaction_time").expect("the task").fields;
    fields.insert("median_ms".to_owned(), field.to_owned());
}

#[rstest]
#[case::right(Wrong::NoExportRight, 2, "api_error: REDCap refused the call (status 403): You do not have API Export")]
#[case::token(Wrong::TokenGone, 2, "api_error: REDCap refused the API token (status 403)")]
#[case::group(Wrong::OtherGroup, 0, "REDCap has no record \"7\"")]
#[case::seal(Wrong::OtherSeal, 1, "exception: the stored secret was sealed for another study or field")]
#[case::nobody(Wrong::Nobody, 2, "api_error: REDCap cannot be reached")]
#[tokio::test]
async fn a_refusal_during_enrolment_enrols_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] wrong: Wrong,
    #[case] failures: u32,
    #[case] reason: &str,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    fail_once(&world).await;
    let (right, calls) = (world.read().await.study(world.study).await.expect("an answer").expect("it"), world.calls());
    wrong.make(&world).await;
    let event = world.enrol("7", &[("enroll_date", "2026-03-02")]).await;
    let message = event.error_message.unwrap_or_default();
    assert_eq!(event.status, EventStatus::Failed);
    assert!(message.starts_with(reason) && !message.contains(&world.project.token), "{message}");
    assert_eq!(world.read().await.breaker(world.study).await.expect("a breaker").failures(), failures);
    match wrong {
        Wrong::OtherSeal | Wrong::Nobody | Wrong::TokenGone => {
            assert_eq!(world.calls(), calls, "the project saw nothing")
        }
        _ => Counted::default().assert(&world, failures, "calls").await,
    }
    for table in ["participants", "schedule_versions", "visits"] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
    assert_eq!(world.account().await.last().map(String::as_str), Some("fail_event"));
    assert_eq!(world.worker.run_until_idle().await, 0, "only a person tries again");
    world.change_study(|config| *config = right.config).await;
    replay(&world, event.id).await;
    assert_eq!((world.event(event.id).await.status, world.count("participants").await), (EventStatus::Processed, 1));
}

#[rstest]
#[case::right(Wrong::NoImportRight, 2, SyncErrorType::ApiError)]
#[case::token(Wrong::TokenGone, 2, SyncErrorType::ApiError)]
#[case::group(Wrong::OtherGroup, 0, SyncErrorType::Validation)]
#[case::seal(Wrong::OtherSeal, 1, SyncErrorType::Exception)]
#[case::nobody(Wrong::Nobody, 2, SyncErrorType::ApiError)]
#[case::no_such_field(Wrong::Field("rt_mediam_ms"), 0, SyncErrorType::Validation)]
#[case::no_number(Wrong::Field("rt_anticipations"), 0, SyncErrorType::Validation)]
#[case::no_choice(Wrong::Field("arm"), 0, SyncErrorType::Validation)]
#[case::other_event(Wrong::Field("se_description"), 0, SyncErrorType::Validation)]
#[case::repeating(Wrong::Field("ae_term"), 0, SyncErrorType::Validation)]
#[tokio::test]
async fn a_refusal_during_a_sync_is_a_failure_of_its_type(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] wrong: Wrong,
    #[case] failures: u32,
    #[case] expected: SyncErrorType,
) {
    let world = World::new(engine).await;
    world.sync_events().await;
    world.enrolled("7").await;
    fail_once(&world).await;
    let right = world.read().await.study(world.study).await.expect("an answer").expect("it");
    let before = world.sim.values(world.project.project_id, "7");
    wrong.make(&world).await;
    let log = Log::capture();
    let session = world.sync_one("7").await;
    let SessionSync::Failed { error_type, message } = &session.sync else { panic!("{session:?}") };
    assert_eq!(*error_type, expected, "{message}");
    assert!(!message.contains("412.5"), "no answer in an error: {message}");
    assert_eq!(world.read().await.breaker(world.study).await.expect("a breaker").failures(), failures);
    assert_critical(&log, &session, expected, &message.clone());
    assert_eq!(world.sim.values(world.project.project_id, "7"), before, "REDCap refused all of it");
    assert_eq!(world.worker.run_until_idle().await, 0, "only a person tries again");
    world.change_study(|config| *config = right.config).await;
    assert_eq!(world.resync(session.id).await.sync, SessionSync::Synced);
    assert_eq!(world.sim.values(world.project.project_id, "7"), submitted(&before));
    assert!(world.value("7", BASELINE, "rt_median_ms").is_some());
}
