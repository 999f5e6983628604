//! The numbers for Prometheus: who may read them, and that they are those of the system and name nobody.

use metricis_core::words::StudyStatus;
use metricis_store::testing::Engine;
use metricis_store::{CallCounts, CallEnd, JobKind};
use rstest::rstest;

use crate::ask::{Ask, Persona};
use crate::world::World;

const TOKEN: &str = "metrics-token-metrics-token-metrics-token";

fn local() -> Ask {
    Ask::get("/metrics").from([127, 0, 0, 1])
}

#[tokio::test]
async fn without_a_token_only_this_machine_reads_them() {
    let world = World::new(Engine::Sqlite).await;
    let reply = world.send(local()).await;
    assert_eq!(
        (reply.status.as_u16(), reply.headers["content-type"].to_str().expect("text")),
        (200, "text/plain; version=0.0.4; charset=utf-8")
    );
    world.send(Ask::get("/metrics")).await.problem(401, "unauthenticated");
    for header in ["x-forwarded-for", "x-real-ip", "x-forwarded-host", "forwarded"] {
        // A proxy on this machine passes on what somebody else asks.
        world.send(local().header(header, "127.0.0.1")).await.problem(401, "unauthenticated");
    }
    let ada = world.token_of(Persona::Ada).expect("a token");
    world.send(Ask::get("/metrics").token(&ada)).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn with_a_token_only_its_holder_reads_them() {
    let world = World::with(Engine::Sqlite, |settings| settings.metrics_token = Some(TOKEN.into())).await;
    assert_eq!(world.send(Ask::get("/metrics").token(TOKEN)).await.status.as_u16(), 200);
    let ada = world.token_of(Persona::Ada).expect("a token");
    for token in ["", "metrics-token", &TOKEN.to_uppercase(), &ada] {
        world.send(local().token(token)).await.problem(401, "unauthenticated");
    }
    world.send(local()).await.problem(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn they_are_the_systems_and_name_no_study_and_no_person(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    world.fail_a_sync("k").await;
    let tx = world.tx().await;
    tx.enqueue_job(world.study, &JobKind::TestConnection).await.expect("a job");
    let mut counts = CallCounts::default();
    for _ in 0..3 {
        counts.leave("redcap.example.edu", world.now(), chrono::Duration::milliseconds(250));
        counts.end("redcap.example.edu", CallEnd::ApiError);
    }
    tx.add_outbound_calls(&counts).await.expect("written");
    tx.set_study_status(world.study, StudyStatus::Active).await.expect("a status");
    tx.finish_reconcile(world.study, chrono::NaiveDateTime::default(), true, world.now()).await.expect("an answer");
    world.done(tx).await;
    world.clock.advance(chrono::Duration::seconds(40));
    let text = world.send(local()).await.text;
    for line in [
        "metricis_sessions{sync_status=\"failed\"} 1",
        "metricis_queue_waiting{kind=\"job\"} 1",
        "metricis_queue_oldest_seconds{kind=\"job\"} 40",
        "metricis_breakers_open 0",
        "metricis_record_flags_open 0",
        "metricis_reconcile_oldest_seconds 40",
        "metricis_redcap_budget_calls 300",
        "metricis_redcap_calls_last_minute{host=\"redcap.example.edu\"} 3",
        "metricis_redcap_longest_wait_seconds{host=\"redcap.example.edu\"} 0.250",
        "metricis_redcap_calls_total{host=\"redcap.example.edu\",end=\"api_error\"} 3",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    for name in ["NBK", "OTH", "332-1", "ada@", &world.study.to_string(), &world.pia.to_string()] {
        assert!(!text.contains(name), "{name}\n{text}");
    }
}

#[tokio::test]
async fn while_redis_is_gone_the_budget_is_the_half_that_the_database_gives_out() {
    let gone = Some("redis://127.0.0.1:1/0".to_owned());
    let world = World::with(Engine::Sqlite, |settings| settings.redis_url = gone.map(Into::into)).await;
    let text = world.send(local()).await.text;
    assert!(text.lines().any(|line| line == "metricis_redcap_budget_calls 150"), "{text}");
}
