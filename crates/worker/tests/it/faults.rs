//! Every way in which the simulator can misbehave, during enrolment and during a sync: the right error type, nothing half
//! applied, and not one value that the participant did not submit.
//!
//! Each row of the table has a study of its own whose breaker has counted one failure already, so that a reset is seen, too.

use metricis_core::sync::{SessionSync, data_status};
use metricis_core::words::{EventStatus, SyncErrorType};
use metricis_redcap_sim::{BanReply, Fault, Length, Noise, Scope, fault_kinds};
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::effects::{BANNER, Counted, assert_critical, fail_once, replay, submitted};
use crate::log::Log;
use crate::world::{BASELINE, World, day};

/// One class of failure: how the event's error begins (none: a read succeeds in spite of it), and what a sync ends with.
struct Class(Fault, Option<&'static str>, SyncErrorType);

/// A module of tests for each family of failures, so that a report shows which of them held.
macro_rules! families {
    ($($family:ident { $($fault:expr => $reason:expr, $error_type:ident;)* })*) => {
        fn classes() -> Vec<Class> {
            [$($family::classes()),*].into_iter().flatten().collect()
        }

        $(mod $family {
            use super::*;

            pub(super) fn classes() -> Vec<Class> {
                vec![$(Class($fault, $reason, SyncErrorType::$error_type)),*]
            }

            #[rstest]
            #[tokio::test]
            async fn during_enrolment(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
                enrols_nobody(engine, classes()).await;
            }

            #[rstest]
            #[tokio::test]
            async fn during_a_sync(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
                fails_a_sync(engine, classes()).await;
            }
        })*
    };
}

const PAGE: Option<&str> = Some("api_error: a web page came instead of an API answer (status ");
const UNAVAILABLE: Option<&str> = Some("api_error: REDCap is unavailable");
const REFUSED: Option<&str> = Some("api_error: REDCap refused the call (status ");
const TOKEN: Option<&str> = Some("api_error: REDCap refused the API token");
const LATE: Option<&str> = Some("api_error: REDCap gave no complete answer within 1s");
const BROKEN: Option<&str> = Some("api_error: the connection to REDCap broke");
const MEMORY: Option<&str> = Some("api_error: REDCap ran out of memory");

families! {
    silent {
        Fault::Down => BROKEN, ApiError;
        Fault::Slow { ms: 60_000 } => LATE, ApiError;
        Fault::Drip { ms: 60_000 } => LATE, ApiError;
        Fault::CutConnection => BROKEN, ApiError;
    }
    failing {
        Fault::Status5xx(500) => Some("api_error: REDCap failed (status 500)"), ApiError;
        Fault::Status5xx(507) => Some("api_error: REDCap failed (status 507)"), ApiError;
        Fault::EmptyBody500 => Some("api_error: REDCap failed (status 500)"), ApiError;
        Fault::MemoryTextWith500 => MEMORY, ApiError;
    }
    gateway {
        Fault::GatewayHtml(403) => PAGE, ApiError;
        Fault::GatewayHtml(404) => PAGE, ApiError;
        Fault::GatewayHtml(411) => PAGE, ApiError;
        Fault::GatewayHtml(413) => PAGE, ApiError;
        Fault::GatewayHtml(502) => UNAVAILABLE, ApiError;
        Fault::GatewayHtml(503) => UNAVAILABLE, ApiError;
        Fault::GatewayHtml(504) => UNAVAILABLE, ApiError;
    }
    no_answer_with_200 {
        Fault::HtmlWith200 => PAGE, ApiError;
        Fault::MemoryTextWith200 => MEMORY, ApiError;
        Fault::DatabaseTextWith200 => Some("api_error: REDCap cannot reach its database"), ApiError;
        Fault::EmptyBody200 => Some("api_error: REDCap answered with nothing"), ApiError;
        Fault::WrongLength(Length::Short) => Some("api_error: REDCap's answer cannot be read"), ApiError;
        Fault::WrongLength(Length::Long) => BROKEN, ApiError;
    }
    closed {
        Fault::SignInPage(200) => PAGE, ApiError;
        Fault::SignInPage(301) => Some("api_error: REDCap redirects (status 301)"), ApiError;
        Fault::SignInPage(302) => Some("api_error: REDCap redirects (status 302)"), ApiError;
        Fault::Offline(503) => UNAVAILABLE, ApiError;
        Fault::Offline(200) => PAGE, ApiError;
        Fault::Ban { per_minute: 0, reply: BanReply::Page } => PAGE, ApiError;
        Fault::Ban { per_minute: 0, reply: BanReply::Closed } => BROKEN, ApiError;
    }
    refused {
        Fault::WrongToken => TOKEN, ApiError;
        Fault::Refusal(200) => REFUSED, Validation;
        Fault::Refusal(400) => REFUSED, Validation;
        Fault::Refusal(401) => TOKEN, ApiError;
        Fault::Refusal(403) => TOKEN, ApiError;
        Fault::Refusal(404) => REFUSED, ApiError;
        Fault::Refusal(406) => REFUSED, Validation;
        Fault::Refusal(500) => REFUSED, ApiError;
        Fault::Refusal(501) => REFUSED, ApiError;
    }
    rows {
        Fault::RefuseValidation { field: "rt_misses".to_owned() } => None, Validation;
        Fault::LostRows => Some("REDCap has no record \"7\""), ApiError;
    }
}

/// Kinds that are no failure of a call that enrols or syncs, and where they are tested.
const ELSEWHERE: [&str; 5] = ["noise", "stale-range", "dst-log", "det-lost", "det-twice"];

#[test]
fn the_table_holds_every_kind_of_fault() {
    let word = |form: &str| form.split([':', '[']).next().unwrap_or_default().to_owned();
    let held: Vec<String> = classes().iter().map(|Class(fault, ..)| word(&fault.to_string())).collect();
    for kind in fault_kinds().map(|(form, _)| word(form)) {
        assert!(held.contains(&kind) || ELSEWHERE.contains(&kind.as_str()), "{kind} is in no row");
    }
}

async fn enrols_nobody(engine: Engine, classes: Vec<Class>) {
    let mut world = World::new(engine).await;
    let (mut counted, mut enrolled) = (Counted::default(), 0);
    for Class(fault, reason, _) in classes {
        let row = fault.to_string();
        counted.next_study(&mut world).await;
        fail_once(&world).await;
        world.save("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-02")]).await;
        let stored = world.sim.values(world.project.project_id, "7");
        world.break_redcap(fault);
        let (id, _) = world.det("7", BASELINE, "enrollment", 2).await;
        world.worker.run_until_idle().await;
        let event = world.event(id).await;
        if let Some(reason) = reason {
            let message = event.error_message.unwrap_or_default();
            assert_eq!(event.status, EventStatus::Failed, "{row}");
            assert!(message.starts_with(reason), "{row}: {message}");
            assert!(!message.contains(&world.project.token) && !message.contains("2026-03-02"), "{row}: {message}");
            counted.assert(&world, if reason.starts_with("api_error") { 2 } else { 0 }, &row).await;
            assert_eq!(world.account().await.last().map(String::as_str), Some("fail_event"), "{row}");
            for table in ["participants", "schedule_versions"] {
                assert_eq!(world.count(table).await, enrolled, "{row}: {table}");
            }
            assert_eq!(world.count("visits").await, 6 * enrolled, "{row}");
            let dashboard = world.read().await.dashboard(world.study, day("2026-03-02")).await.expect("a dashboard");
            assert_eq!(dashboard.failed_events, 2, "{row}");
            assert_eq!(world.worker.run_until_idle().await, 0, "{row}: only a person tries again");
            world.break_redcap(None);
            replay(&world, id).await;
        }
        enrolled += 1;
        assert_eq!(world.event(id).await.status, EventStatus::Processed, "{row}");
        assert_eq!(world.count("participants").await, enrolled, "{row}");
        assert_eq!(world.sim.values(world.project.project_id, "7"), stored, "{row}: enrolment only reads");
    }
}

async fn fails_a_sync(engine: Engine, classes: Vec<Class>) {
    let mut world = World::new(engine).await;
    let mut counted = Counted::default();
    for Class(fault, _, expected) in classes {
        let row = fault.to_string();
        counted.next_study(&mut world).await;
        let participant = world.enrolled("7").await;
        fail_once(&world).await;
        let (project, before) =
            (Scope::Project(world.project.project_id), world.sim.values(world.project.project_id, "7"));
        // The import is struck where that can be ordered, and not the look that goes before it.
        let on_import = format!("{fault} on record/import").parse();
        world.sim.set_order(project, Some(on_import.unwrap_or_else(|_| fault.into()))).expect("set");
        let log = Log::capture();
        let session = world.sync_one("7").await;
        let SessionSync::Failed { error_type, message } = &session.sync else { panic!("{row}: {session:?}") };
        assert_eq!(*error_type, expected, "{row}: {message}");
        counted.assert(&world, if expected == SyncErrorType::ApiError { 2 } else { 0 }, &row).await;
        assert_critical(&log, &session, expected, &row);
        assert_eq!(world.account().await.last().map(String::as_str), Some("fail_sync"), "{row}");
        let dashboard = world.read().await.dashboard(world.study, day("2026-03-02")).await.expect("a dashboard");
        assert_eq!(dashboard.failed_syncs, 1, "{row}");
        let facts = world.read().await.sync_facts(participant.id).await.expect("facts");
        assert_eq!(data_status(&facts, world.now()).banner, Some(BANNER), "{row}");
        // REDCap may have stored the row before it fell silent; it holds then what was submitted, whole.
        let whole = submitted(&before);
        let stored = world.sim.values(world.project.project_id, "7");
        let refused = expected == SyncErrorType::Validation;
        assert!(stored == before || (stored == whole && !refused), "{row}: {stored:?}");
        assert_eq!(world.worker.run_until_idle().await, 0, "{row}: only a person tries again");
        world.break_redcap(None);
        assert_eq!(world.resync(session.id).await.sync, SessionSync::Synced, "{row}");
        assert_eq!(world.sim.values(world.project.project_id, "7"), whole, "{row}");
    }
}

#[rstest]
#[case::blank(Noise::Blank)]
#[case::sql(Noise::Sql)]
#[tokio::test]
async fn noise_before_an_answer_is_no_failure(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] noise: Noise,
) {
    let world = World::new(engine).await;
    world.break_redcap(Fault::Noise(noise));
    world.sync_events().await;
    world.enrolled("7").await;
    assert_eq!(world.sync_one("7").await.sync, SessionSync::Synced);
    Counted::default().assert(&world, 0, "noise").await;
}
