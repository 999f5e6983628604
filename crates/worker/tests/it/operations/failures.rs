//! What REDCap and dying workers do to an operation: the right error type, nothing believed that was not read, one account.

use metricis_core::breaker::BreakerSettings;
use metricis_core::ids::ProcessId;
use metricis_core::operation::Order;
use metricis_core::words::JobState;
use metricis_redcap_sim::Fault;
use metricis_store::JobKind;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::json;

use super::{dictionary, done, error_of, misbehave, order, preview, push, text_field};
use crate::world::{World, done as commit};

#[rstest]
#[case::down("down", false)]
#[case::slow("slow:60000", true)]
#[case::server_error("status:500", false)]
#[case::gateway("gateway:504", false)]
#[case::firewall("gateway:403", false)]
#[case::html("html200", false)]
#[case::memory("memory200", false)]
#[case::memory_500("memory500", false)]
#[case::database("database200", false)]
#[case::sign_in("sso", false)]
#[case::offline("offline", false)]
#[case::token("token", false)]
#[case::empty("empty500", false)]
#[case::cut("cut", true)]
#[case::length("length", true)]
#[tokio::test]
async fn a_write_that_fails_is_told_and_not_believed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] fault: &str,
    #[case] may_have_arrived: bool,
) {
    let world = World::new(engine).await;
    let before = dictionary(&world).await;
    let mut next = before.clone();
    next.push(text_field("sleep_hours", "sleep"));
    let shown = preview(&world, push(&next, Order::Preview)).await;
    misbehave(&world, Some(&format!("{fault} on metadata/import")));
    let calls = world.calls();
    let error = error_of(world.job(push(&next, order(&shown))).await);
    assert!(error.starts_with("api_error: "), "{error}");
    assert!(error.contains("not known whether REDCap has stored it: look at the preview again"), "{error}");
    assert!(!error.contains(&world.project.token), "{error}");
    assert_eq!(
        world.calls() - calls,
        7,
        "project, dictionary twice, what the token sees (3), and one write that is not sent again"
    );
    assert_eq!(world.account().await, ["fail_operation"]);
    assert_eq!(world.read().await.breaker(world.study).await.expect("a breaker").failures(), 1);
    misbehave(&world, None);
    let now = dictionary(&world).await;
    assert!(now == before || (may_have_arrived && now == next), "all of it or nothing");
    let shown = preview(&world, push(&next, Order::Preview)).await;
    done(&world, push(&next, order(&shown))).await;
    assert_eq!(dictionary(&world).await, next);
}

#[rstest]
#[tokio::test]
async fn a_fault_while_reading_writes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("empty500 on metadata/export", "html200 on project/export", "lost-rows")] fault: &str,
) {
    let world = World::new(engine).await;
    world.save("7", crate::world::BASELINE, "contact", &[("contact_notes", "by day")]).await;
    let before = dictionary(&world).await;
    let mut next = before.clone();
    next.retain(|row| row.name() != "contact_notes");
    let shown = preview(&world, push(&next, Order::Preview)).await;
    misbehave(&world, Some(fault));
    let job = world.job(push(&next, order(&shown))).await;
    assert_eq!(job.state, JobState::Failed, "{:?}", job.result);
    misbehave(&world, None);
    assert_eq!(dictionary(&world).await, before);
}

#[rstest]
#[tokio::test]
async fn an_open_breaker_keeps_every_operation_from_redcap(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let strict = BreakerSettings { failure_threshold: 1, ..BreakerSettings::default() };
    let world = World::with(engine, |_| {}, |settings| settings.breaker = strict).await;
    let rows = dictionary(&world).await;
    world.break_redcap(Fault::Down);
    assert_eq!(world.job(JobKind::TestConnection).await.state, JobState::Failed);
    let calls = world.calls();
    let order = || Order::Apply("0".repeat(64));
    for kind in [
        push(&rows, order()),
        JobKind::InitProject { design: None, order: order() },
        JobKind::DeleteForm { form: "contact".to_owned(), order: order() },
        JobKind::ImportParticipants { records: None, order: Order::Preview },
    ] {
        let error = error_of(world.job(kind).await);
        assert!(error.starts_with("circuit_open: REDCap was not contacted"), "{error}");
    }
    assert_eq!(world.calls(), calls);
    let account = world.account().await;
    assert_eq!(account.iter().filter(|action| *action == "fail_operation").count(), 3, "a preview has no account");
}

#[rstest]
#[tokio::test]
async fn an_operation_of_a_dead_worker_has_an_unknown_outcome(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(true, false)] ordered: bool,
) {
    let world = World::new(engine).await;
    let order = if ordered { Order::Apply("0".repeat(64)) } else { Order::Preview };
    let id = world.enqueue(JobKind::DeleteForm { form: "contact".to_owned(), order }).await;
    let tx = world.tx().await;
    let dead = ProcessId::at(world.now() - chrono::Duration::days(1));
    tx.claim_job(dead, usize::MAX).await.expect("an answer").expect("the job");
    commit(tx).await;
    assert_eq!(world.worker.run_until_idle().await, 0, "nothing is tried again");
    let job = world.read().await.job(id).await.expect("an answer").expect("the job");
    let error = error_of(job);
    assert!(error.starts_with("exception: outcome unknown; look at the preview again"), "{error}");
    let expected: &[&str] = if ordered { &["fail_operation"] } else { &[] };
    assert_eq!(world.account().await, expected);
    assert_eq!(world.calls(), 0);
}

/// What one operation looks at, another of the same study must not be changing.
#[rstest]
#[tokio::test]
async fn a_studys_operations_go_one_after_the_other(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    for form in ["contact", "adverse_event"] {
        world.enqueue(JobKind::DeleteForm { form: form.to_owned(), order: Order::Preview }).await;
    }
    let tx = world.tx().await;
    let claim = async || tx.claim_job(ProcessId::at(world.now()), usize::MAX).await.expect("an answer");
    let first = claim().await.expect("the first");
    assert!(claim().await.is_none(), "the second waits");
    tx.finish_job(first.id, json!({})).await.expect("running");
    assert!(claim().await.is_some());
    tx.roll_back().await.expect("given back");
}
