//! The go/no-go board: what it proves, what makes a row red, and that it leaves nothing behind.

use chrono::Duration;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::environment::Environment;
use metricis_core::ids::ProcessId;
use metricis_core::suites::{GROUPS, SuiteEvidence};
use metricis_server::ServerSettings;
use metricis_server::board::{Board, RowState, check};
use metricis_store::testing::Engine;
use metricis_store::{NewProcess, Operational, migration};
use rstest::rstest;

use crate::ask::{Ask, Persona};
use crate::limits::redis_url;
use crate::served::Served;
use crate::world::{KEY, World};

const TABLES: [&str; 9] = [
    "participants",
    "sessions",
    "webhook_events",
    "det_keys",
    "record_rereads",
    "audit_logs",
    "jobs",
    "schedule_versions",
    "participant_links",
];

/// A production server that serves on a socket, with Redis, beside a worker.
pub async fn production(engine: Engine) -> (World, Served) {
    let world = World::with(engine, in_production).await;
    let served = Served::start(&world.app).await;
    add_process(&world, "worker", "production").await;
    attach_suites(&world, |_| {}).await;
    (world, served)
}

/// Records a report of the suites: whole, green, of this version and of now, but for `change`.
pub async fn attach_suites(world: &World, change: impl FnOnce(&mut SuiteEvidence)) {
    let tx = world.tx().await;
    let mut suites = SuiteEvidence {
        version: "0.1.0".to_owned(),
        run_at: tx.now(),
        cases: 1289,
        groups: GROUPS.iter().map(|group| (group.name.to_owned(), group.least)).collect(),
        sha256: "ab".repeat(32),
    };
    change(&mut suites);
    let operator = Actor::Operator("eve".to_owned());
    tx.commit(Entry::system(operator, Action::AttachSuites(suites))).await.expect("a commit");
}

pub fn in_production(settings: &mut ServerSettings) {
    settings.environment = Environment::new("production");
    settings.redis_url = Some(redis_url().into());
    settings.det_rate_limit_per_minute = 1;
    settings.rate_limit_per_minute = 1;
}

pub async fn add_process(world: &World, role: &str, environment: &str) {
    add_process_of(world, role, environment, "0.1.0").await;
}

async fn add_process_of(world: &World, role: &str, environment: &str, version: &str) {
    let tx = world.tx().await;
    let process = NewProcess {
        id: ProcessId::at(tx.now()),
        role: role.to_owned(),
        environment: environment.to_owned(),
        dev_mode: false,
        version: version.to_owned(),
        migration_head: migration::required_head(),
        key_fingerprint: "aaaaaaaaaaaaaaaa".to_owned(),
        address: None,
        address_mark: None,
    };
    tx.register_process(&process).await.expect("a process");
    tx.commit_operational(Operational::ProcessRegistry).await.expect("a commit");
}

async fn counts(world: &World) -> Vec<i64> {
    let mut counts = vec![];
    for table in TABLES {
        counts.push(world.count(&format!("SELECT count(*) FROM {table}")).await);
    }
    counts
}

pub fn red(board: &Board) -> Vec<u8> {
    board.red().map(|row| row.number).collect()
}

pub async fn board(world: &World) -> Board {
    check(&world.app, world.study).await
}

#[rstest]
#[tokio::test]
async fn in_production_every_row_is_proven_and_nothing_is_left(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, _served) = production(engine).await;
    let before = counts(&world).await;
    for _ in 0..3 {
        let board = board(&world).await;
        assert!(board.is_green(), "{board:#?}");
        assert_eq!(board.rows.iter().map(|row| row.number).collect::<Vec<_>>(), (1..=15).collect::<Vec<u8>>());
        assert!(board.rows.iter().all(|row| !row.evidence.is_empty()));
    }
    assert_eq!(counts(&world).await, before, "{TABLES:?}");
    world.app.shutdown().await;
    assert_eq!(counts(&world).await, before, "no refusal was counted");
}

#[rstest]
#[tokio::test]
async fn elsewhere_rows_1_and_7_are_red(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let _served = Served::start(&world.app).await;
    add_process(&world, "worker", "development").await;
    let answer = world.send_as(Persona::Ben, Ask::get(world.at("/cutover"))).await.ok();
    let rows = answer["rows"].as_array().expect("rows");
    let red: Vec<_> = rows.iter().filter(|row| row["state"] == "red").map(|row| &row["number"]).collect();
    assert_eq!(red, [1, 7, 15]);
    assert!(rows[6]["evidence"].as_str().is_some_and(|text| text.contains("/api/dev/settings answers 200")));
}

#[rstest]
#[tokio::test]
async fn one_process_elsewhere_makes_row_1_red(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, _served) = production(engine).await;
    add_process(&world, "worker", "staging").await;
    let board = board(&world).await;
    assert_eq!(red(&board), [1]);
    assert!(board.rows[0].evidence.ends_with("says \"staging\""), "{}", board.rows[0].evidence);
}

#[rstest]
#[tokio::test]
async fn a_report_of_the_suites_stands_for_what_it_says(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, _served) = production(engine).await;
    assert!(board(&world).await.rows[14].evidence.starts_with("1289 tests passed on 0.1.0 at "));
    let row_15 = async |change: fn(&mut SuiteEvidence)| {
        attach_suites(&world, change).await;
        let board = board(&world).await;
        assert_eq!(red(&board), [15], "{board:#?}");
        board.rows[14].evidence.clone()
    };
    assert!(row_15(|suites| suites.version = "0.0.9".to_owned()).await.starts_with("the suites ran on version 0.0.9"));
    assert!(row_15(|suites| suites.run_at -= Duration::days(31)).await.starts_with("the suites ran on "));
    assert!(row_15(|suites| suites.groups.clear()).await.contains("group redcap_lifecycle"));
    attach_suites(&world, |_| {}).await;
    assert!(board(&world).await.is_green(), "the last report counts");
    add_process_of(&world, "worker", "production", "0.0.9").await;
    let mixed = board(&world).await;
    assert_eq!(red(&mixed), [15]);
    assert!(mixed.rows[14].evidence.ends_with("runs version 0.0.9, the suites ran on 0.1.0"));
}

/// Each fault, as SQL that an operator or an intruder could have run, and the rows that it turns red.
#[rstest]
#[case::plaintext_token(
    "UPDATE studies SET config = {set}'{redcap,api_token}', '\"0123456789ABCDEF0123456789ABCDEF\"'{end}", &[3])]
#[case::unreadable_secret(
    "UPDATE studies SET config = {set}'{redcap,webhook_secret}', '\"enc:v2:gAAAAA\"'{end}", &[4, 9])]
#[case::time_simulation("UPDATE studies SET test_mode_config = '{\"time_simulation_offset_days\": 3}'", &[6])]
#[case::nothing_runs("UPDATE processes SET stopped_at = seen_at", &[1, 2, 7, 9])]
#[case::another_mode("UPDATE studies SET integration_mode = 'metricis', redcap_enabled = false", &[5, 9])]
#[case::an_offset_that_nobody_can_read(
    "UPDATE studies SET test_mode_config = '{\"time_simulation_offset_days\": \"soon\"}'", &[6])]
#[case::no_inbox("ALTER TABLE {schema}webhook_events RENAME TO gone", &[8, 12])]
#[case::no_keys_of_dets("ALTER TABLE {schema}det_keys RENAME TO gone", &[8])]
#[case::no_sessions("ALTER TABLE {schema}sessions RENAME TO gone", &[10, 12, 13, 14])]
#[case::no_team("DELETE FROM {schema}user_studies", &[11])]
#[case::no_admin("UPDATE user_studies SET role = 'monitor'", &[11])]
#[case::completed("UPDATE studies SET status = 'completed'", &[9])]
#[tokio::test]
async fn a_fault_makes_its_rows_red(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] fault: &str,
    #[case] rows: &[u8],
) {
    let (world, _served) = production(engine).await;
    let fault = match engine {
        // SQLite writes the path as $.a.b and takes a plain string.
        Engine::Sqlite => fault
            .replace("{schema}", "")
            .replace("{set}", "json_set(config, ")
            .replace("'{redcap,api_token}'", "'$.redcap.api_token'")
            .replace("'{redcap,webhook_secret}'", "'$.redcap.webhook_secret'")
            .replace("'\"", "'")
            .replace("\"'{end}", "')"),
        Engine::Postgres => {
            fault.replace("{schema}", "app.").replace("{set}", "jsonb_set(config, ").replace("{end}", ")")
        }
    };
    world.db.tamper(&with_schema(engine, &fault)).await.expect("planted");
    let board = board(&world).await;
    assert_eq!(red(&board), rows, "{board:#?}");
    assert!(board.rows.iter().all(|row| !row.evidence.contains("0123456789ABCDEF") && !row.evidence.is_empty()));
}

#[rstest]
#[tokio::test]
async fn a_tampered_row_breaks_the_chain(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, _served) = production(engine).await;
    let (off, on) = match engine {
        Engine::Sqlite => ("DROP TRIGGER audit_logs_no_update;", ""),
        Engine::Postgres => {
            ("ALTER TABLE app.audit_logs DISABLE TRIGGER USER;", ";ALTER TABLE app.audit_logs ENABLE TRIGGER USER")
        }
    };
    let update = with_schema(engine, "UPDATE audit_logs SET actor_id = 'somebody else'");
    world.db.tamper(&format!("{off}{update}{on}")).await.expect("planted");
    let board = board(&world).await;
    assert_eq!(red(&board), [14]);
    let verified = world.send_as(Persona::Ben, Ask::get(world.at("/audit/verify"))).await.ok();
    assert_eq!(verified["valid"], false);
    assert!(verified["mismatch"].as_str().is_some_and(|text| text.starts_with("hash mismatch")), "{verified}");
}

/// A cut that takes the heads with it leaves a chain that verifies: of nothing.
#[rstest]
#[tokio::test]
async fn a_chain_without_a_row_proves_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, _served) = production(engine).await;
    let cut = match engine {
        Engine::Sqlite => {
            "DROP TRIGGER audit_logs_no_delete; DELETE FROM audit_logs; \
                           UPDATE audit_chains SET head_sequence = 0, head_hash = printf('%064d', 0)"
        }
        Engine::Postgres => {
            "ALTER TABLE app.audit_logs DISABLE TRIGGER USER; DELETE FROM app.audit_logs; \
                             UPDATE app.audit_chains SET head_sequence = 0, head_hash = repeat('0', 64)"
        }
    };
    world.db.tamper(cut).await.expect("planted");
    let board = board(&world).await;
    assert_eq!(red(&board), [14, 15]);
    assert!(board.rows[13].evidence.starts_with("the study's chain is empty"), "{}", board.rows[13].evidence);
}

#[rstest]
#[tokio::test]
async fn a_session_sent_again_without_a_person_makes_row_10_red(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (world, _served) = production(engine).await;
    let session = world.fail_a_sync("k").await;
    let tx = world.tx().await;
    tx.enqueue_job(world.study, &metricis_store::JobKind::SyncSession { session }).await.expect("a job");
    world.done(tx).await;
    assert_eq!(red(&board(&world).await), [10]);
}

#[rstest]
#[tokio::test]
async fn one_key_for_both_makes_row_2_red(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    use sha2::{Digest, Sha256};
    let world = World::with(engine, |settings| {
        settings.jwt_secret = KEY.into();
        settings.key_fingerprint = hex::encode(Sha256::digest(KEY.as_bytes()))[..16].to_owned();
    })
    .await;
    assert!(red(&board(&world).await).contains(&2));
}

#[rstest]
#[tokio::test]
async fn an_unconnected_study_proves_little(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, _served) = production(engine).await;
    let tx = world.tx().await;
    tx.set_study_config(world.study, &Default::default()).await.expect("written");
    world.done(tx).await;
    assert_eq!(red(&board(&world).await), [3, 4, 8, 9]);
}

#[tokio::test]
async fn without_redis_production_is_not_what_it_must_be() {
    let world = World::with(Engine::Sqlite, |settings| {
        in_production(settings);
        settings.redis_url = Some("redis://127.0.0.1:1/0".into());
    })
    .await;
    let _served = Served::start(&world.app).await;
    add_process(&world, "worker", "production").await;
    let board = board(&world).await;
    assert_eq!(red(&board), [1, 15]);
    assert!(board.rows[0].evidence.contains("has no Redis"), "{}", board.rows[0].evidence);
}

#[tokio::test]
async fn an_unknown_study_is_red_throughout() {
    let world = World::new(Engine::Sqlite).await;
    let unknown = metricis_core::ids::StudyId(uuid::Uuid::nil());
    let board = check(&world.app, unknown).await;
    assert!(board.rows.iter().all(|row| row.state == RowState::Red) && !board.is_green());
}

fn with_schema(engine: Engine, text: &str) -> String {
    match engine {
        Engine::Sqlite => text.to_owned(),
        Engine::Postgres => text.replacen("UPDATE ", "UPDATE app.", 1),
    }
}
