//! The project's own client against the simulator: both were written from the same facts, each on its own.

use std::time::Duration;

use metricis_redcap::wire::Row;
use metricis_redcap::{ApiUrl, CallError, Client, FailureClass, RecordQuery, http_client};
use secrecy::SecretString;

use crate::server::{Project, Server, real};

fn client(project: &Project<'_>) -> Client {
    let url = ApiUrl::parse(&project.server.base).unwrap();
    let token = SecretString::from(project.handle.token.clone());
    Client::new(http_client("test").unwrap(), url, token, Duration::from_secs(20))
}

fn row(cells: &[(&str, &str)]) -> Row {
    cells.iter().copied().collect()
}

#[tokio::test]
async fn the_client_understands_everything_the_simulator_exports() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let client = client(&project);
    assert_eq!(client.version().await.unwrap(), "14.9.1");
    let info = client.project_info().await.unwrap();
    assert!(info.is_longitudinal && info.surveys_enabled && info.has_repeating_instruments_or_events);
    assert_eq!(info.project_id, i64::from(project.id()));
    assert_eq!(client.metadata().await.unwrap().len(), 36);
    assert_eq!(client.arms().await.unwrap().len(), 2);
    assert_eq!(client.events().await.unwrap().len(), 12);
    assert_eq!(client.form_event_mapping().await.unwrap().len(), 36);
    assert_eq!(client.instruments().await.unwrap().len(), 6);
    assert_eq!(client.dags().await.unwrap().len(), 2);
    assert_eq!(client.repeating_forms_events().await.unwrap().len(), 2);
    assert_eq!(client.next_record_name().await.unwrap(), "1");
}

#[tokio::test]
async fn a_result_goes_in_and_is_read_back() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let client = client(&project);
    let rows = [
        row(&[
            ("record_id", "Ä-07"),
            ("redcap_event_name", "baseline_arm_1"),
            ("redcap_data_access_group", "site_north"),
            ("enroll_date", "2025-03-10"),
        ]),
        row(&[
            ("record_id", "Ä-07"),
            ("redcap_event_name", "week_1_arm_1"),
            ("rt_mean_ms", "251.5"),
            ("reaction_time_complete", "2"),
        ]),
    ];
    assert_eq!(client.import_records("record_id", &rows).await.unwrap(), ["Ä-07"]);
    let read = client.export_record("Ä-07").await.unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].get("redcap_data_access_group"), Some("site_north"));
    assert_eq!(read[1].get("rt_mean_ms"), Some("251.5"));
    let link = client.survey_link("Ä-07", "wellbeing", Some("week_1_arm_1"), None).await.unwrap();
    assert!(link.starts_with(&format!("{}/surveys/?s=", server.base)));
    let bad = [row(&[("record_id", "Ä-07"), ("redcap_event_name", "week_1_arm_1"), ("rt_misses", "1.0")])];
    let CallError::Validation(refusals) = client.import_records("record_id", &bad).await.unwrap_err() else {
        panic!("a refused value is a validation failure");
    };
    assert_eq!((refusals[0].field.as_str(), refusals[0].value()), ("rt_misses", "1.0"));
}

#[tokio::test]
async fn a_classic_project_simply_has_no_events() {
    let Some(xml) = real("PHPCapBasicDemography.REDCap.xml") else { return };
    let server = Server::start().await;
    let project = server.add(&xml);
    let client = client(&project);
    assert!(client.events().await.unwrap().is_empty() && client.arms().await.unwrap().is_empty());
    assert!(client.repeating_forms_events().await.unwrap().is_empty());
    assert_eq!(client.export_records(&RecordQuery { raw: true, ..RecordQuery::default() }).await.unwrap().len(), 100);
}

#[tokio::test]
async fn no_fault_is_taken_for_success() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let client = client(&project);
    let rows = [row(&[("record_id", "1"), ("redcap_event_name", "week_1_arm_1"), ("rt_mean_ms", "251.5")])];
    let faults = [
        ("down", FailureClass::ApiError),
        ("status:500", FailureClass::ApiError),
        ("gateway:502", FailureClass::ApiError),
        ("html200", FailureClass::ApiError),
        ("memory200", FailureClass::ApiError),
        ("token", FailureClass::ApiError),
        ("validation:rt_mean_ms", FailureClass::Validation),
        ("empty500", FailureClass::ApiError),
        ("lost-rows", FailureClass::ApiError),
        ("cut", FailureClass::ApiError),
    ];
    for (fault, class) in faults {
        server.sim.set_fault(project.id(), Some(fault.parse().unwrap())).unwrap();
        let error = client.import_records("record_id", &rows).await.unwrap_err();
        assert_eq!(error.class(), class, "{fault}: {error}");
        assert!(!error.to_string().contains("251.5") && !format!("{error:?}").contains("251.5"));
    }
    assert_eq!(server.sim.api_calls(project.id()), 10);
    server.sim.set_fault(project.id(), None).unwrap();
    assert_eq!(client.import_records("record_id", &rows).await.unwrap(), ["1"]);
}
