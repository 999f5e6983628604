//! What reads send and what they return.

use std::sync::{Arc, Mutex};

use axum::{Form, Router, extract::State, http::HeaderMap, routing::post};
use metricis_redcap::{CallError, RecordQuery, wire::Row};

use crate::stand_in::{TOKEN, answering, client, serve};

type Sent = Arc<Mutex<Vec<(String, String)>>>;

async fn keep(State(sent): State<Sent>, headers: HeaderMap, Form(form): Form<Vec<(String, String)>>) -> &'static str {
    assert!(!format!("{headers:?}").contains(TOKEN));
    *sent.lock().expect("one writer") = form;
    "[]"
}

/// A server that answers `[]` and keeps the last form.
async fn keeping() -> (metricis_redcap::Client, Sent) {
    let sent = Sent::default();
    let router = Router::new().route("/api/", post(keep)).with_state(Arc::clone(&sent));
    (client(&serve(router).await), sent)
}

fn pairs(sent: &Sent) -> Vec<String> {
    sent.lock().expect("one reader").iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[tokio::test]
async fn a_query_is_sent_as_redcap_documents_it() {
    let (client, sent) = keeping().await;
    let query = RecordQuery {
        records: vec!["332-1".into(), "Ä-07".into()],
        fields: vec!["record_id".into()],
        forms: vec!["mood".into()],
        events: vec!["visit_1_arm_1".into()],
        export_dags: true,
        ..RecordQuery::default()
    };
    assert_eq!(client.export_records(&query).await, Ok(vec![]));
    let token = format!("token={TOKEN}");
    let expected = [
        token.as_str(),
        "content=record",
        "format=json",
        "returnFormat=json",
        "action=export",
        "type=flat",
        "rawOrLabel=raw",
        "exportDataAccessGroups=true",
        "exportSurveyFields=false",
        "records[0]=332-1",
        "records[1]=Ä-07",
        "fields[0]=record_id",
        "forms[0]=mood",
        "events[0]=visit_1_arm_1",
    ];
    assert_eq!(pairs(&sent), expected);
}

#[tokio::test]
async fn each_call_names_its_content() {
    let (client, sent) = keeping().await;
    let mut contents = Vec::new();
    macro_rules! call {
        ($($call:ident)+) => {$(
            let _ = client.$call().await;
            contents.push(pairs(&sent)[1].clone());
        )+};
    }
    call!(version project_info metadata arms events form_event_mapping instruments dags repeating_forms_events next_record_name);
    let expected = "version project metadata arm event formEventMapping instrument dag repeatingFormsEvents generateNextRecordName";
    let expected: Vec<_> = expected.split(' ').map(|content| format!("content={content}")).collect();
    assert_eq!(contents, expected);
    let _ = client.survey_link("1", "mood", Some("visit_1_arm_1"), Some(2)).await;
    let expected = ["content=surveyLink", "record=1", "instrument=mood", "event=visit_1_arm_1", "repeat_instance=2"];
    let sent = pairs(&sent);
    assert!(expected.iter().all(|pair| sent.iter().any(|one| one == pair)), "{sent:?}");
}

#[tokio::test]
async fn a_project_without_events_has_none_and_other_refusals_remain() {
    let classic = |what: &str| format!(r#"{{"error":"You cannot export {what} for classic projects"}}"#);
    assert_eq!(answering(400, classic("arms")).await.arms().await, Ok(vec![]));
    assert_eq!(answering(400, classic("events")).await.events().await, Ok(vec![]));
    assert_eq!(answering(400, classic("form/event mappings")).await.form_event_mapping().await, Ok(vec![]));
    let no_repeats = r#"{"error":"You cannot export repeating instruments and events because the project does not contain any repeating instruments and events"}"#;
    assert_eq!(answering(400, no_repeats).await.repeating_forms_events().await, Ok(vec![]));
    for (status, body) in [(400, r#"{"error":"You cannot export events"}"#.to_owned()), (403, classic("events"))] {
        let failure = answering(status, body).await.events().await;
        assert!(matches!(failure, Err(CallError::Refused { .. })), "{failure:?}");
    }
}

#[tokio::test]
async fn plain_texts_are_taken_only_in_their_form() {
    assert_eq!(answering(200, "14.9.1\n").await.version().await, Ok("14.9.1".into()));
    assert_eq!(answering(200, "1732-4").await.next_record_name().await, Ok("1732-4".into()));
    let link = "https://redcap.example.org/surveys/?s=AbCdEfGhIjKlMnOp";
    assert_eq!(answering(200, link).await.survey_link("1", "mood", None, None).await, Ok(link.into()));
    for body in ["[]", "Notice: something\n3", "<b>3</b>", "javascript:alert(1)"] {
        let server = answering(200, body).await;
        assert!(matches!(server.version().await, Err(CallError::NotAnAnswer { .. })), "{body}");
        let link = server.survey_link("1", "mood", None, None).await;
        assert!(matches!(link, Err(CallError::NotAnAnswer { .. })), "{body}");
    }
    for body in ["Notice: something\n3", "<b>3</b>", "{}"] {
        let name = answering(200, body).await.next_record_name().await;
        assert!(matches!(name, Err(CallError::NotAnAnswer { .. })), "{body} {name:?}");
    }
}

#[tokio::test]
async fn rows_of_another_record_are_refused() {
    let server = answering(200, r#"[{"record_id":"a-07","mood":"1"},{"record_id":"A-07","mood":"2"}]"#).await;
    let rows = server.export_record("A-07").await.expect("both rows");
    assert_eq!(rows[1], Row::from_iter([("record_id", "A-07"), ("mood", "2")]));
    let failure = server.export_record("A-08").await;
    assert_eq!(failure, Err(CallError::WrongRecord { asked: "A-08".into() }));
    assert_eq!(answering(200, "[]").await.export_record("A-08").await, Ok(vec![]));
}
