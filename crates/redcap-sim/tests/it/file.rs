//! The state in one file: what is there again after a restart or a crash, and what is refused.

use std::io::Write;
use std::path::Path;

use metricis_redcap_sim::{ProjectOptions, SaveForm, Scope, Sim, SimOptions, StateError};
use serde_json::json;

use crate::server::{SPONSOR_STUDY, Server};

fn open(path: &Path) -> Result<Sim, StateError> {
    Sim::open(path, SimOptions::default())
}

fn contact(record: &str, name: &str) -> SaveForm {
    SaveForm {
        record: record.into(),
        event: None,
        instrument: "contact".into(),
        repeat_instance: None,
        values: [("contact_name".to_owned(), name.to_owned())].into(),
        complete: 2,
        user: "ada".into(),
        dag: Some("site_north".into()),
    }
}

fn name(sim: &Sim, project: u32, record: &str) -> Option<String> {
    sim.value(project, record, "baseline_arm_1", "contact_name")
}

#[tokio::test]
async fn everything_is_there_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redcap.state");
    let sim = open(&path).unwrap();
    let det_url = Some("http://u:pw@127.0.0.1:9/det".to_owned());
    let options = ProjectOptions { project_id: Some(77), det_url: det_url.clone(), ..ProjectOptions::default() };
    let token = sim.add_project_xml(SPONSOR_STUDY, options).unwrap().token;
    let other = sim.add_project_xml(SPONSOR_STUDY, ProjectOptions::default()).unwrap();
    sim.save_form(77, contact("Ä-07", "Ada \"A\"\n")).await.unwrap();
    sim.save_form(77, contact("2", "Ben")).await.unwrap();
    let event = SaveForm { instrument: "adverse_event".into(), values: [].into(), ..contact("2", "") };
    sim.save_form(77, event).await.unwrap();
    sim.give_order(Scope::Project(77), "cut on log times 3".parse().unwrap()).unwrap();
    sim.give_order(Scope::Server, "ban:600".parse().unwrap()).unwrap();
    sim.set_clock("2031-05-04T12:00:00Z".parse().unwrap());
    sim.keep().await.unwrap();
    sim.rename_record(77, "2", "3").unwrap();
    sim.remove_project(other.project_id).unwrap();
    let before = sim.deliveries(77);
    sim.keep().await.unwrap();
    drop(sim);

    let sim = open(&path).unwrap();
    let projects: Vec<(u32, String)> = sim.projects().into_iter().map(|p| (p.project_id, p.token)).collect();
    assert_eq!(projects, [(77, token)]);
    assert_eq!(sim.det_url(77), det_url);
    assert_eq!(name(&sim, 77, "Ä-07").as_deref(), Some("Ada \"A\"\n"));
    assert_eq!((name(&sim, 77, "2"), name(&sim, 77, "3").as_deref()), (None, Some("Ben")));
    assert_eq!(sim.deliveries(77), before);
    assert_eq!(sim.orders_in_force(Scope::Project(77)).unwrap(), ["cut on log times 3"]);
    assert_eq!(sim.orders_in_force(Scope::Server).unwrap(), ["ban:600"]);
    assert!(sim.now() >= "2031-05-04T12:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    let saved =
        sim.save_form(77, SaveForm { instrument: "adverse_event".into(), values: [].into(), ..contact("3", "") });
    assert_eq!(saved.await.unwrap().repeat_instance, Some(2), "the repeating instance is there too");
}

#[tokio::test]
async fn what_the_api_exports_is_the_same_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redcap.state");
    let mut exports = Vec::new();
    for start in 0..2 {
        let server = Server::of(open(&path).unwrap()).await;
        let token = "0123456789ABCDEF0123456789ABCDEF".to_owned();
        if start == 0 {
            let options = ProjectOptions { token: Some(token.clone()), ..ProjectOptions::default() };
            server.sim.add_project_xml(SPONSOR_STUDY, options).unwrap();
        }
        let project = server.known(server.sim.projects().remove(0));
        if start == 0 {
            let rows = json!([{"record_id": "1", "redcap_event_name": "week_1_arm_1", "rt_mean_ms": "250.5",
                               "redcap_data_access_group": "site_south", "se_symptoms___1": "1"}]);
            assert_eq!(project.import(&rows, &[]).await.0, 200);
        }
        let mut all = Vec::new();
        for content in ["metadata", "event", "formEventMapping", "repeatingFormsEvents", "dag", "project"] {
            all.push(project.call(&[("content", content), ("format", "json")]).await);
        }
        let all_fields = [("content", "record"), ("format", "csv"), ("exportDataAccessGroups", "true")];
        all.push(project.call(&all_fields).await);
        exports.push(all);
        server.sim.keep().await.unwrap();
        server.stop().await;
    }
    assert_eq!(exports[0], exports[1]);
}

#[tokio::test]
async fn a_line_that_a_crash_cut_off_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redcap.state");
    let sim = open(&path).unwrap();
    let id = sim.add_project_xml(SPONSOR_STUDY, ProjectOptions::default()).unwrap().project_id;
    sim.save_form(id, contact("1", "Ada")).await.unwrap();
    sim.keep().await.unwrap();
    drop(sim);
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    write!(file, "{{\"record\":{{\"project\":{id},\"name\":\"1\",\"rec").unwrap();
    drop(file);
    let sim = open(&path).unwrap();
    assert_eq!(name(&sim, id, "1").as_deref(), Some("Ada"));
    sim.save_form(id, contact("1", "Cleo")).await.unwrap();
    sim.keep().await.unwrap();
    drop(sim);
    assert_eq!(name(&open(&path).unwrap(), id, "1").as_deref(), Some("Cleo"));
}

#[tokio::test]
async fn only_what_has_changed_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redcap.state");
    let server = Server::of(open(&path).unwrap()).await;
    let project = server.sponsor_study();
    // A file that hears of a project and its records at once writes the records a second time.
    server.sim.keep().await.unwrap();
    let rows: Vec<_> = (1..=200).map(|n| json!({"record_id": n.to_string(), "contact_name": "Somebody"})).collect();
    project.import(&json!(rows), &[]).await;
    server.sim.keep().await.unwrap();
    let before = std::fs::read(&path).unwrap().len();
    project.import(&json!([{"record_id": "7", "contact_name": "Somebody else"}]), &[]).await;
    server.sim.keep().await.unwrap();
    let all = std::fs::read_to_string(&path).unwrap();
    let kinds: Vec<&str> = all[before..].lines().map(|line| line.split('"').nth(1).unwrap()).collect();
    assert_eq!(kinds, ["calls", "record", "log"]);
    server.sim.keep().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap().len(), all.len());
}

#[tokio::test]
async fn a_file_that_is_no_state_or_in_use_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redcap.state");
    for (text, reason) in [
        ("hello\n", "line 1: this is no state"),
        ("{\"format\":4}\n", "line 1: its format is 4, not 3"),
        ("{\"removed\":1}\n", "line 1: the file does not begin with its format"),
        ("{\"format\":3}\n{\"calls\":{\"project\":9,\"calls\":1}}\n", "line 2: it is about project 9"),
    ] {
        std::fs::write(&path, text).unwrap();
        let refused = open(&path).err().unwrap().to_string();
        assert!(refused.contains(reason) && refused.ends_with("begin with an empty server"), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    std::fs::remove_file(&path).unwrap();
    let _first = open(&path).unwrap();
    assert!(matches!(open(&path), Err(StateError::InUse(_))));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "it holds tokens and answers");
    }
}
