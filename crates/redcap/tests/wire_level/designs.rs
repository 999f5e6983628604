//! Changes of a project: what is sent, and which answers are believed.

use std::sync::{Arc, Mutex};

use axum::{Form, Router, routing::post};
use metricis_redcap::wire::{Arm, Field, FormEventMapping, NewEvent, ProjectSettings, RepeatingFormEvent};
use metricis_redcap::{CallError, Client, FailureClass};

use crate::stand_in::{TOKEN, answering, client, serve};

type Sent = Arc<Mutex<Vec<(String, String)>>>;

/// A server that answers every call with this text and keeps the last form.
async fn keeping(answer: &'static str) -> (Client, Sent) {
    let sent = Sent::default();
    let keep = Arc::clone(&sent);
    let take = move |Form(form): Form<Vec<(String, String)>>| {
        *keep.lock().expect("one writer") = form;
        async move { answer }
    };
    (client(&serve(Router::new().route("/api/", post(take))).await), sent)
}

fn rest_of(sent: &Sent) -> Vec<String> {
    let sent = sent.lock().expect("one reader");
    let common = ["token", "format", "returnFormat"];
    sent.iter()
        .filter(|(name, _)| !common.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

fn fields() -> Vec<Field> {
    let field = |name: &str| Field {
        field_name: name.into(),
        form_name: "f".into(),
        field_type: "text".into(),
        ..Field::default()
    };
    vec![field("record_id"), field("mood")]
}

#[tokio::test]
async fn a_dictionary_is_sent_whole_and_counted() {
    let (server, sent) = keeping("2").await;
    assert_eq!(server.import_metadata(&fields()).await, Ok(2));
    let form = rest_of(&sent);
    assert_eq!(form[..2], ["content=metadata", "action=import"]);
    let data = form[2].strip_prefix("data=").expect("data");
    let rows: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(data).expect("JSON");
    assert_eq!(rows.iter().map(serde_json::Map::len).collect::<Vec<_>>(), [18, 18]);
    assert_eq!(serde_json::from_str::<Vec<Field>>(data).expect("fields"), fields());
}

#[tokio::test]
async fn arms_and_events_replace_the_former_ones() {
    let (server, sent) = keeping("\"1\"").await;
    assert_eq!(server.import_arms(&[Arm { arm_num: 1, name: "Drug A".into() }]).await, Ok(1));
    assert_eq!(
        rest_of(&sent),
        ["content=arm", "action=import", "override=1", r#"data=[{"arm_num":1,"name":"Drug A"}]"#]
    );
    let event = NewEvent {
        event_name: "Visit 1".into(),
        arm_num: 1,
        day_offset: Some(7),
        offset_min: Some(1),
        offset_max: None,
    };
    assert_eq!(server.import_events(&[event]).await, Ok(1));
    let data = r#"data=[{"event_name":"Visit 1","arm_num":1,"day_offset":7,"offset_min":1}]"#;
    assert_eq!(rest_of(&sent), ["content=event", "action=import", "override=1", data]);
}

#[tokio::test]
async fn designations_repeats_and_settings_are_sent_as_redcap_documents_them() {
    let (server, sent) = keeping("1").await;
    let row = FormEventMapping { arm_num: 1, unique_event_name: "visit_1_arm_1".into(), form: "f".into() };
    assert_eq!(server.import_form_event_mapping(&[row]).await, Ok(1));
    let data = r#"data=[{"arm_num":1,"unique_event_name":"visit_1_arm_1","form":"f"}]"#;
    assert_eq!(rest_of(&sent), ["content=formEventMapping", "action=import", data]);
    let row = RepeatingFormEvent { event_name: None, form_name: "f".into(), custom_form_label: String::new() };
    assert_eq!(server.import_repeating_forms_events(&[row]).await, Ok(1));
    let data = r#"data=[{"form_name":"f","custom_form_label":""}]"#;
    assert_eq!(rest_of(&sent), ["content=repeatingFormsEvents", "action=import", data]);
    let settings = ProjectSettings { is_longitudinal: Some(1), ..ProjectSettings::default() };
    assert_eq!(server.import_project_settings(&settings).await, Ok(1));
    assert_eq!(rest_of(&sent), ["content=project_settings", "action=import", r#"data={"is_longitudinal":1}"#]);
}

#[tokio::test]
async fn a_success_that_counts_otherwise_is_a_failure() {
    for body in ["0", "1", "3"] {
        let failure = answering(200, body).await.import_metadata(&fields()).await.expect_err("miscounted");
        let answered = body.parse().expect("a number");
        assert_eq!(failure, CallError::Miscounted { what: "fields", sent: 2, answered });
        assert_eq!(failure.class(), FailureClass::ApiError);
        assert_eq!(failure.to_string(), format!("REDCap says that it stored {body} of 2 fields"));
    }
    for body in ["", "[]", r#"{"count":2}"#, "-2", "<html><body>tabs</body></html>"] {
        let failure = answering(200, body).await.import_metadata(&fields()).await.expect_err(body);
        assert_eq!(failure.class(), FailureClass::ApiError, "{body}");
    }
}

#[tokio::test]
async fn a_refusal_of_a_design_is_told_in_redcaps_words() {
    let body = r#"{"error":"The field_name 'Mood' may hold only lower-case letters."}"#;
    for status in [400, 406, 200] {
        let failure = answering(status, body).await.import_metadata(&fields()).await.expect_err("a refusal");
        assert_eq!(failure.class(), FailureClass::Validation);
        let told = format!(
            "REDCap refused the import (status {status}): The field_name 'Mood' may hold only lower-case letters."
        );
        assert_eq!(failure.to_string(), told);
        assert!(!format!("{failure:?}").contains(TOKEN));
    }
    let failure = answering(403, r#"{"error":"You do not have API Import/Update privileges"}"#).await;
    let failure = failure.import_arms(&[]).await.expect_err("no right");
    assert_eq!(failure.class(), FailureClass::ApiError);
}
