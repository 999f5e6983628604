//! `action=randomize`: allocations by stratum and group, each used once. No client has the call, so it is made by hand.

use metricis_redcap_sim::{ApiUser, Sim, SimOptions};
use serde_json::{Value, json};

use crate::server::{Project, Server};

/// The sponsor study's arm, by the contact channel; two allocations for e-mail, one for SMS.
async fn set_up(project: &Project<'_>, more: Value) -> (u16, Value) {
    let mut table = json!({
        "target_field": "ae_outcome", "strata": [],
        "allocations": [{ "target": "1", "alt": "R-001" }, { "target": "2", "alt": "R-002" }],
    });
    table.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let url = format!("{}/sim/projects/{}/randomizations", project.server.base, project.id());
    let answer = project.server.http.post(url).json(&table).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn id_of(project: &Project<'_>, more: Value) -> String {
    let (status, made) = set_up(project, more).await;
    assert_eq!(status, 201, "{made}");
    made["randomization_id"].to_string()
}

fn by_channel() -> Value {
    let line = |target: &str, alt: &str, channel: &str| json!({ "target": target, "alt": alt, "strata": { "contact_channel": channel } });
    json!({
        "target_field": "arm", "strata": ["contact_channel"],
        "allocations": [line("1", "R-001", "email"), line("2", "R-002", "sms"), line("2", "R-003", "email")],
    })
}

async fn randomize(project: &Project<'_>, id: &str, record: &str, more: &[(&str, &str)]) -> (u16, String) {
    let mut all = vec![("content", "record"), ("action", "randomize"), ("format", "json"), ("returnFormat", "json")];
    all.extend_from_slice(&[("randomization_id", id), ("record", record)]);
    all.extend_from_slice(more);
    project.call(&all).await
}

async fn records(project: &Project<'_>) {
    let row = |record: &str, channel: &str| json!({ "record_id": record, "redcap_event_name": "baseline_arm_1", "contact_channel": channel });
    let rows = json!([row("1", "email"), row("2", "email"), row("3", "sms"), row("4", "email"), row("5", "")]);
    assert_eq!(project.import(&rows, &[]).await.0, 200);
}

fn refused(answer: (u16, String)) -> String {
    assert_eq!(answer.0, 400, "{}", answer.1);
    let body: Value = serde_json::from_str(&answer.1).unwrap();
    body["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn records_get_the_allocations_of_their_stratum_in_order() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    records(&project).await;
    let id = id_of(&project, by_channel()).await;
    let expected = |record: &str, target: &str, alt: &str| {
        let text = format!(
            r#"{{"randomization_id":{id},"record":"{record}","target_field":"{target}","target_field_alt":"{alt}"}}"#
        );
        (200, text)
    };
    assert_eq!(randomize(&project, &id, "3", &[]).await, expected("3", "2", "*"));
    assert_eq!(randomize(&project, &id, "1", &[]).await, expected("1", "1", "*"));
    assert_eq!(randomize(&project, &id, "2", &[("returnAlt", "true")]).await, expected("2", "2", "R-003"));
    let stored = |record: &str| server.sim.value(project.id(), record, "baseline_arm_1", "arm");
    assert_eq!((stored("1").as_deref(), stored("2").as_deref(), stored("4")), (Some("1"), Some("2"), None));
    let log = project.json(&[("content", "log"), ("record", "1")]).await;
    assert_eq!(
        (&log[0]["action"], &log[1]["action"]),
        (&"Randomize record (API) 1".into(), &"Update record (API) 1".into())
    );
    assert_eq!(log[1]["details"], "arm = '1'");
    assert_eq!(project.json(&[("content", "project")]).await["randomization_enabled"], 1);
}

#[tokio::test]
async fn what_cannot_be_randomized_is_refused_and_uses_up_nothing() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    records(&project).await;
    let id = id_of(&project, by_channel()).await;
    let refuse = async |id: &str, record: &str| refused(randomize(&project, id, record, &[]).await);
    assert_eq!(refuse("99", "1").await, r#"The randomization_id "99" does not exist in the project"#);
    assert_eq!(refuse("", "1").await, r#"The randomization_id "" does not exist in the project"#);
    assert_eq!(refuse(&id, "-1").await, r#"The record "-1" does not exist"#);
    assert_eq!(refuse(&id, "5").await, r#"The record "5" has no value in the stratification field "contact_channel""#);
    assert_eq!(randomize(&project, &id, "1", &[]).await.0, 200);
    assert_eq!(refuse(&id, "1").await, r#"The record "1" has already been randomized"#);
    assert_eq!(randomize(&project, &id, "2", &[]).await.0, 200);
    assert_eq!(refuse(&id, "4").await, r#"No allocation is left for the record "4" in its stratum"#);
    // A record keeps its allocation under another name; one that is deleted gives it back.
    server.sim.rename_record(project.id(), "1", "9").unwrap();
    assert_eq!(refuse(&id, "9").await, r#"The record "9" has already been randomized"#);
    server.sim.delete_record(project.id(), "9").unwrap();
    assert_eq!(randomize(&project, &id, "4", &[]).await.0, 200);
}

#[tokio::test]
async fn who_may_not_randomize_or_look_does_not() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    records(&project).await;
    let id = id_of(&project, by_channel()).await;
    let mia = server.sim.add_user(project.id(), ApiUser::with_all_rights("mia")).unwrap();
    let set = async |rights: &str| {
        let data = format!(r#"[{{"username":"mia",{rights}}}]"#);
        let parameters = [("content", "user"), ("action", "import"), ("format", "json"), ("data", data.as_str())];
        assert_eq!(project.call(&parameters).await, (200, "1".to_owned()));
    };
    let ask = async |record: &str| {
        let mut own = Project { server: &server, handle: project.handle.clone() };
        own.handle.token.clone_from(&mia);
        randomize(&own, &id, record, &[("returnAlt", "1")]).await
    };
    set(r#""random_setup":0"#).await;
    let (status, body) = ask("1").await;
    assert!(status == 200 && body.contains(r#""target_field_alt":"*""#), "{body}");
    set(r#""random_perform":0"#).await;
    let words = "Insufficient user privileges: You must have 'API Import/Update' privileges and 'Randomize' privileges in the project.";
    assert_eq!(refused(ask("2").await), words);
    set(r#""random_perform":1,"api_import":0"#).await;
    assert_eq!(refused(ask("2").await), words);
    set(r#""api_import":1,"data_access_group":"site_north""#).await;
    assert_eq!(refused(ask("2").await), r#"The record "2" does not exist"#, "it is in no group");
}

#[tokio::test]
async fn groups_have_allocations_of_their_own_and_a_table_that_does_not_fit_is_refused() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    records(&project).await;
    let groups = json!({
        "target_field": "arm", "by_group": true,
        "allocations": [{ "target": "2", "group": "site_south" }, { "target": "1", "group": "site_north" }],
    });
    let id = id_of(&project, groups).await;
    server.sim.set_dag(project.id(), "1", Some("site_north")).unwrap();
    assert!(randomize(&project, &id, "1", &[]).await.1.contains(r#""target_field":"1""#));
    assert!(refused(randomize(&project, &id, "2", &[]).await).starts_with("No allocation is left"));
    for (more, error) in [
        (
            json!({ "target_field": "nonsense" }),
            "the randomization does not fit the project: there is no field 'nonsense'",
        ),
        (json!({ "target_event": "never_arm_1" }), "there is no event 'never_arm_1'"),
        (
            json!({ "strata": ["contact_channel"] }),
            "the randomization does not fit the project: line 1 of the allocations has no value of 'contact_channel'",
        ),
        (json!({ "allocations": [{ "target": "1", "group": "nowhere" }] }), "there is no data access group 'nowhere'"),
    ] {
        let (status, told) = set_up(&project, more).await;
        assert_eq!((status, &told["error"]), (400, &error.into()));
    }
}

#[tokio::test]
async fn a_randomization_outlives_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    let server = Server::of(Sim::open(&file, SimOptions::default()).unwrap()).await;
    let project = server.sponsor_study();
    records(&project).await;
    let id = id_of(&project, by_channel()).await;
    assert_eq!(randomize(&project, &id, "1", &[]).await.0, 200);
    let handle = project.handle.clone();
    server.stop().await;
    let server = Server::of(Sim::open(&file, SimOptions::default()).unwrap()).await;
    let project = server.known(handle);
    assert!(refused(randomize(&project, &id, "1", &[]).await).ends_with("already been randomized"));
    assert!(randomize(&project, &id, "2", &[]).await.1.contains(r#""target_field":"2""#), "the next of its stratum");
}
