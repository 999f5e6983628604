//! Data Entry Triggers: their fields and conditions, their proofs, and what becomes of a failed one.

use axum::http::StatusCode;
use metricis_redcap_sim::{SaveForm, Scope, SimError};
use serde_json::json;

use crate::server::{Receiver, Server, real};

fn save(event: Option<&str>, instrument: &str, values: &[(&str, &str)]) -> SaveForm {
    SaveForm {
        record: "332-1".into(),
        event: event.map(str::to_owned),
        instrument: instrument.into(),
        repeat_instance: None,
        values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        complete: 2,
        user: "ada".into(),
        dag: None,
    }
}

#[tokio::test]
async fn a_longitudinal_save_posts_every_field_that_applies_and_no_answer() {
    let server = Server::start().await;
    let receiver = Receiver::start(StatusCode::OK).await;
    let project = server.sponsor_study();
    server.sim.set_det_url(project.id(), Some(format!("http://{}/det", receiver.address))).unwrap();
    let baseline = SaveForm {
        dag: Some("site_south".into()),
        ..save(Some("baseline_arm_1"), "enrollment", &[("enroll_date", "2025-03-10"), ("timezone", "Asia/Tokyo")])
    };
    let saved = server.sim.save_form(project.id(), baseline).await.unwrap();
    assert_eq!((saved.record.as_str(), saved.delivery.unwrap().status), ("332-1", Some(200)));
    let event = save(Some("baseline_arm_1"), "adverse_event", &[("ae_term", "Headache")]);
    server.sim.save_form(project.id(), event).await.unwrap();

    let lines: Vec<String> = receiver
        .received()
        .iter()
        .map(|det| {
            let pairs = det.form.iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join("&").replace(&server.base, "BASE").replace(&project.id().to_string(), "PID")
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    redcap_url=BASE/&project_url=BASE/redcap_v14.9.1/index.php?pid=PID&project_id=PID&username=ada&record=332-1&redcap_event_name=baseline_arm_1&instrument=enrollment&enrollment_complete=2&redcap_data_access_group=site_south
    redcap_url=BASE/&project_url=BASE/redcap_v14.9.1/index.php?pid=PID&project_id=PID&username=ada&record=332-1&redcap_event_name=baseline_arm_1&instrument=adverse_event&adverse_event_complete=2&redcap_data_access_group=site_south&redcap_repeat_instance=1&redcap_repeat_instrument=adverse_event
    ");
}

#[tokio::test]
async fn a_classic_save_names_neither_event_nor_group() {
    let Some(xml) = real("PHPCapBasicDemography.REDCap.xml") else { return };
    let server = Server::start().await;
    let receiver = Receiver::start(StatusCode::OK).await;
    let project = server.add(&xml);
    server.sim.set_det_url(project.id(), Some(format!("http://{}/det", receiver.address))).unwrap();
    server.sim.save_form(project.id(), save(None, "demographics", &[("sex", "1")])).await.unwrap();
    let names: Vec<String> = receiver.received()[0].form.iter().map(|(name, _)| name.clone()).collect();
    let expected =
        ["redcap_url", "project_url", "project_id", "username", "record", "instrument", "demographics_complete"];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn user_info_becomes_basic_authentication_and_a_query_stays() {
    let server = Server::start().await;
    let receiver = Receiver::start(StatusCode::NO_CONTENT).await;
    let project = server.sponsor_study();
    let url = format!("http://study:p%40ss@{}/det?token=s3cret", receiver.address);
    server.sim.set_det_url(project.id(), Some(url)).unwrap();
    let saved = server.sim.save_form(project.id(), save(None, "contact", &[])).await.unwrap();
    let det = receiver.received().remove(0);
    assert_eq!(det.query.as_deref(), Some("token=s3cret"));
    // base64 of study:p@ss
    assert_eq!(det.authorization.as_deref(), Some("Basic c3R1ZHk6cEBzcw=="));
    let shown = format!("{:?} {:?}", saved.delivery, server.get(&format!("/projects/{}", project.id())).await);
    assert!(shown.contains("***@") && !shown.contains("s3cret") && !shown.contains("p%40ss"), "{shown}");
}

#[tokio::test]
async fn an_import_never_fires_one() {
    let server = Server::start().await;
    let receiver = Receiver::start(StatusCode::OK).await;
    let project = server.sponsor_study();
    server.sim.set_det_url(project.id(), Some(format!("http://{}/det", receiver.address))).unwrap();
    project.import(&json!([{"record_id": "1", "arm": "1"}]), &[]).await;
    server.sim.set_dag(project.id(), "1", Some("site_north")).unwrap();
    server.sim.rename_record(project.id(), "1", "2").unwrap();
    server.sim.delete_record(project.id(), "2").unwrap();
    assert!(receiver.received().is_empty());
    assert!(server.sim.deliveries(project.id()).is_empty());
}

#[tokio::test]
async fn a_failed_delivery_is_filed_once_and_the_data_stay() {
    let server = Server::start().await;
    let refusing = Receiver::start(StatusCode::UNAUTHORIZED).await;
    let project = server.sponsor_study();
    server.sim.set_det_url(project.id(), Some(format!("http://{}/det", refusing.address))).unwrap();
    let contact = || save(None, "contact", &[("contact_name", "Ada")]);
    let saved = server.sim.save_form(project.id(), contact()).await.unwrap();
    assert_eq!(saved.delivery.unwrap().status, Some(401));
    // Nobody listens on a port that was just given back.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    server.sim.set_det_url(project.id(), Some(format!("http://{free}/det?token=s3cret"))).unwrap();
    let saved = server.sim.save_form(project.id(), contact()).await.unwrap();
    assert_eq!(saved.delivery.unwrap().error.as_deref(), Some("could not connect"));
    assert_eq!(refusing.received().len(), 1, "REDCap does not try again");
    assert_eq!(server.sim.deliveries(project.id()).len(), 2);
    assert_eq!(server.sim.value(project.id(), "332-1", "baseline_arm_1", "contact_name").as_deref(), Some("Ada"));
}

#[tokio::test]
async fn a_save_that_does_not_fit_stores_nothing_and_fires_nothing() {
    let server = Server::start().await;
    let receiver = Receiver::start(StatusCode::OK).await;
    let project = server.sponsor_study();
    server.sim.set_det_url(project.id(), Some(format!("http://{}/det", receiver.address))).unwrap();
    let refuse = async |form| server.sim.save_form(project.id(), form).await.unwrap_err();
    assert_eq!(refuse(save(None, "nothing", &[])).await, SimError::UnknownInstrument("nothing".into()));
    assert_eq!(refuse(save(Some("never"), "contact", &[])).await, SimError::UnknownEvent("never".into()));
    let undesignated = refuse(save(Some("week_8_arm_1"), "enrollment", &[])).await;
    assert!(matches!(undesignated, SimError::NotDesignated { .. }));
    let bad = refuse(save(None, "enrollment", &[("arm", "3"), ("wb_mood", "1")])).await;
    assert!(matches!(bad, SimError::Refused(all) if all.len() == 2));
    let group = SaveForm { dag: Some("site_west".into()), ..save(None, "contact", &[]) };
    assert_eq!(refuse(group).await, SimError::UnknownGroup("site_west".into()));
    assert!(receiver.received().is_empty());
    assert_eq!(project.json(&[("content", "record")]).await, json!([]));
}

#[tokio::test]
async fn a_det_is_lost_or_doubled_on_command_and_the_data_stay() {
    let server = Server::start().await;
    let receiver = Receiver::start(StatusCode::OK).await;
    let project = server.sponsor_study();
    server.sim.set_det_url(project.id(), Some(format!("http://{}/det", receiver.address))).unwrap();
    for order in ["det-lost times 1", "det-twice times 1"] {
        server.sim.give_order(Scope::Project(project.id()), order.parse().unwrap()).unwrap();
    }
    let saved =
        async || server.sim.save_form(project.id(), save(None, "contact", &[])).await.unwrap().delivery.unwrap();
    assert_eq!(saved().await.error.as_deref(), Some("it never left REDCap (det-lost)"));
    assert_eq!(receiver.received().len(), 0);
    assert_eq!(saved().await.status, Some(200));
    assert_eq!(receiver.received().len(), 2);
    assert_eq!(saved().await.status, Some(200));
    assert_eq!((receiver.received().len(), server.sim.deliveries(project.id()).len()), (3, 4));
}

#[tokio::test]
async fn the_test_button_calls_the_url_once_and_is_no_delivery() {
    let server = Server::start().await;
    let receiver = Receiver::start(StatusCode::UNAUTHORIZED).await;
    let project = server.sponsor_study();
    assert_eq!(server.sim.test_det(project.id()).await, Err(SimError::NoDetUrl(project.id())));
    server.sim.set_det_url(project.id(), Some(format!("http://{}/det?token=s3cret", receiver.address))).unwrap();
    let test = server.sim.test_det(project.id()).await.unwrap();
    assert_eq!((test.status, test.error), (Some(401), None));
    assert!(test.url.ends_with("/det?token=***"), "{}", test.url);
    assert_eq!(receiver.received()[0].form, []);
    assert!(server.sim.deliveries(project.id()).is_empty());
}
