//! Two servers and a worker on one PostgreSQL and Redis.

use metricis_store::testing::Engine;

use crate::program::Program;
use crate::site::{Site, serve, wait_for_count};

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_identical_dets_at_once_enrol_once() {
    let program = Program::new(Engine::Postgres).await;
    let (one, two) = (serve(&program, &[]).await, serve(&program, &[]).await);
    let site = Site::new(&program, &one).await;
    let _worker = program.start(&["worker"]);
    let synced = site.post(&two, "redcap/sync-events", &serde_json::json!({})).await;
    assert_eq!(synced["success"], true, "{synced}");
    let form = site.enrol_in_redcap("Ä-07").await;
    let mut answers = vec![];
    let deliveries = (0..100).map(|n| site.deliver(if n % 2 == 0 { &one } else { &two }, &form));
    for (status, body) in futures::future::join_all(deliveries).await {
        assert_eq!(status, 200, "{body}");
        answers.push(body["status"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(answers.iter().filter(|status| *status == "received").count(), 1);
    assert_eq!(answers.iter().filter(|status| *status == "duplicate").count(), 99);
    wait_for_count(&program, "SELECT count(*) FROM webhook_events WHERE status = 'processed'", 1).await;
    wait_for_count(&program, "SELECT count(*) FROM record_rereads WHERE wanted = done AND claimed_by IS NULL", 1).await;
    let count = async |query: &str| program.db.count(query).await;
    assert_eq!(count("SELECT count(*) FROM participants").await, 1);
    assert_eq!(count("SELECT count(*) FROM schedule_versions").await, 1);
    assert_eq!(count("SELECT count(*) FROM webhook_events WHERE status = 'duplicate'").await, 99);
    assert_eq!(count("SELECT count(*) FROM webhook_events").await, 100, "nothing changed, so no reconcile event");
    program.ok(&["audit", "verify"], "");
}
