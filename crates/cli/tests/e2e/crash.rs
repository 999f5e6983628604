//! `kill -9` at the worst moments: nothing that was answered is lost, nothing is done twice, nothing retries by itself.

use metricis_redcap_sim::Fault;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::program::Program;
use crate::site::{CODE, Site, serve, wait_for_count};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_answer_and_the_processing_nothing_is_lost(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let program = Program::new(engine).await;
    let mut server = serve(&program, &[]).await;
    let site = Site::new(&program, &server).await;
    for record in ["332-1", "332-2", "332-3"] {
        let form = site.enrol_in_redcap(record).await;
        assert_eq!(site.deliver(&server, &form).await.0, 200);
    }
    server.process.kill();
    assert_eq!(program.db.count("SELECT count(*) FROM webhook_events WHERE status = 'received'").await, 3);
    let again = serve(&program, &["--with-worker"]).await;
    let synced = site.post(&again, "redcap/sync-events", &serde_json::json!({})).await;
    assert_eq!(synced["success"], true, "{synced}");
    wait_for_count(&program, "SELECT count(*) FROM webhook_events WHERE status = 'processed'", 3).await;
    assert_eq!(program.db.count("SELECT count(*) FROM participants").await, 3);
    assert_eq!(program.db.count("SELECT count(*) FROM schedule_versions").await, 3);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_processing_the_row_is_shown_as_stuck_and_a_person_replays_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let program = Program::new(engine).await;
    let server = serve(&program, &[]).await;
    let site = Site::new(&program, &server).await;
    let form = site.enrol_in_redcap("332-1").await;
    site.sim.set_fault(site.project.project_id, Some(Fault::Slow { ms: 25_000 })).expect("a fault");
    assert_eq!(site.deliver(&server, &form).await.0, 200);
    let mut worker = program.start(&["worker"]);
    wait_for_count(&program, "SELECT count(*) FROM webhook_events WHERE status = 'processing'", 1).await;
    worker.kill();
    site.sim.set_fault(site.project.project_id, None).expect("repaired");
    let _other = program.start(&["worker"]);
    let past = (chrono::DateTime::from_timestamp(1_772_442_000, 0).expect("a moment")).to_rfc3339();
    program.db.tamper(&format!("UPDATE webhook_events SET claimed_at = '{past}'")).await.expect("time passes");
    let stuck: serde_json::Value =
        serde_json::from_str(&program.ok(&["--json", "webhooks", "list", CODE, "--status", "stuck"], ""))
            .expect("JSON");
    assert_eq!(stuck[0]["status"], "processing", "{stuck}");
    assert_eq!(program.db.count("SELECT count(*) FROM participants").await, 0, "no worker retries by itself");
    program.ok(&["webhooks", "replay", stuck[0]["id"].as_str().expect("an id")], "");
    wait_for_count(&program, "SELECT count(*) FROM webhook_events WHERE status = 'processed' AND retry_count = 1", 1)
        .await;
    assert_eq!(program.db.count("SELECT count(*) FROM participants").await, 1);
    let replayed = program.run(&["webhooks", "replay", stuck[0]["id"].as_str().expect("an id")], "");
    assert_eq!(replayed.status.code(), Some(1), "a processed event is not replayed");
}
