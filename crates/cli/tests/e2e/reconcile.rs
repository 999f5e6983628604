//! What no DET has told, as an operator finds it: two servers, a worker that is killed in the middle, and the command line.

use metricis_redcap_sim::Fault;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::program::Program;
use crate::site::{CODE, Site, serve, wait_for_count};

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("JSON: {text}"))
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn lost_dets_deletions_and_renames_are_found_and_decided_on(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let program = Program::new(engine).await;
    let server = serve(&program, &[]).await;
    let site = Site::new(&program, &server).await;
    let refused = program.run(&["reconcile", CODE], "");
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("no worker lives"), "{said}");
    let mut worker = program.start(&["worker"]);
    wait_for_count(&program, "SELECT count(*) FROM processes WHERE role = 'worker'", 1).await;
    assert_eq!(site.post(&server, "redcap/sync-events", &json!({})).await["success"], true);
    for record in ["332-1", "332-2", "332-3"] {
        site.enrol_in_redcap(record).await;
    }
    let planned = read(&program.ok(&["--json", "reconcile", CODE, "--dry-run"], ""));
    assert_eq!((&planned["counts"]["missing"], &planned["dry_run"]), (&json!(3), &json!(true)));
    // Killed while it reads: nothing half-done, and the next run does all of it.
    let project = site.project.project_id;
    site.sim.set_fault(project, Some(Fault::Slow { ms: 25_000 })).expect("a fault");
    let waiting = program.run(&["reconcile", CODE, "--wait-s", "1"], "");
    assert_eq!(waiting.status.code(), Some(1), "it goes on without us");
    worker.kill();
    let past = (chrono::DateTime::from_timestamp(1_772_442_000, 0).expect("a moment")).to_rfc3339();
    program.db.tamper(&format!("UPDATE processes SET seen_at = '{past}'")).await.expect("time passes");
    site.sim.set_fault(project, None).expect("repaired");
    let other = serve(&program, &["--with-worker"]).await;
    wait_for_count(&program, "SELECT count(*) FROM jobs WHERE kind = 'reconcile' AND state = 'failed'", 1).await;
    let run = read(&program.ok(&["--json", "reconcile", CODE], ""));
    assert_eq!((&run["success"], &run["counts"]["missing"]), (&json!(true), &json!(3)), "{run}");
    wait_for_count(&program, "SELECT count(*) FROM participants", 3).await;
    site.sim.rename_record(project, "332-1", "332-9").expect("renamed");
    site.sim.delete_record(project, "332-2").expect("deleted");
    let run = program.ok(&["reconcile", CODE, "--full"], "");
    assert!(run.contains("flag: record 332-1 renamed to 332-9") && run.contains("flag: record 332-2 deleted"), "{run}");
    let flags = read(&program.ok(&["--json", "flags", "list", CODE], ""));
    let of = |kind: &str| {
        let flags = flags.as_array().expect("a list");
        let flag = flags.iter().find(|flag| flag["kind"] == kind);
        flag.and_then(|flag| flag["id"].as_str()).expect("a flag").to_owned()
    };
    program.ok(&["flags", "resolve", &of("renamed"), "--follow", "--reason", "renumbered"], "");
    let refused = program.run(&["flags", "resolve", &of("deleted"), "--dismiss", "--reason", "x"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("followed or detached"));
    program.ok(&["flags", "resolve", &of("deleted"), "--detach", "--reason", "left before the first visit"], "");
    assert_eq!(program.db.count("SELECT count(*) FROM participants WHERE external_id = '332-9'").await, 1);
    assert_eq!(program.db.count("SELECT count(*) FROM participants").await, 3, "nobody is deleted");
    assert_eq!(site.get(&other, "dashboard").await["open_flags"], 0);
    assert!(program.ok(&["audit", "verify"], "").contains("chain valid"));
}
