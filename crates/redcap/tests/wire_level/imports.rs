//! An import counts only when REDCap names the records.

use std::sync::{Arc, Mutex};

use axum::{Form, Router, routing::post};
use metricis_redcap::{CallError, FailureClass, wire::Row};

use crate::stand_in::{answering, client, serve};

fn rows() -> Vec<Row> {
    vec![
        Row::from_iter([("study_id", "332-1"), ("redcap_event_name", "visit_1_arm_1"), ("mood", "secret")]),
        Row::from_iter([("study_id", "Ä-07"), ("redcap_event_name", "visit_1_arm_1"), ("mood", "2")]),
        Row::from_iter([("study_id", "332-1"), ("redcap_event_name", "visit_2_arm_1"), ("mood", "3")]),
    ]
}

#[tokio::test]
async fn an_import_is_confirmed_by_the_ids_of_its_records() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&sent);
    let take = move |Form(form): Form<Vec<(String, String)>>| {
        *keep.lock().expect("one writer") = form;
        async { r#"["Ä-07","332-1"]"# }
    };
    let server = client(&serve(Router::new().route("/api/", post(take))).await);
    assert_eq!(server.import_records("study_id", &rows()).await, Ok(vec!["332-1".into(), "Ä-07".into()]));

    let form = sent.lock().expect("one reader");
    let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(value("content"), Some("record"));
    assert_eq!(value("action"), Some("import"));
    assert_eq!(value("overwriteBehavior"), Some("normal"));
    assert_eq!(value("forceAutoNumber"), Some("false"));
    assert_eq!(value("returnContent"), Some("ids"));
    let data: Vec<Row> = serde_json::from_str(value("data").unwrap_or_default()).expect("rows");
    assert_eq!(data, rows());
}

#[tokio::test]
async fn a_success_that_does_not_name_exactly_the_records_is_a_failure() {
    for (body, missing, unexpected) in [
        ("", vec!["332-1", "Ä-07"], vec![]),
        ("[]", vec!["332-1", "Ä-07"], vec![]),
        (r#"{"count":0}"#, vec!["332-1", "Ä-07"], vec![]),
        (r#"{"count":2}"#, vec!["332-1", "Ä-07"], vec![]),
        ("2", vec!["332-1", "Ä-07"], vec![]),
        (r#"["332-1"]"#, vec!["Ä-07"], vec![]),
        (r#"["332-1","Ä-07",3]"#, vec![], vec!["3"]),
        (r#"[["332-1","Ä-07"]]"#, vec!["332-1", "Ä-07"], vec![]),
    ] {
        let failure = answering(200, body).await.import_records("study_id", &rows()).await;
        let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let expected = CallError::Unconfirmed { ids: owned(missing), unexpected: owned(unexpected) };
        assert_eq!(failure, Err(expected), "{body}");
    }
    let one = [Row::from_iter([("study_id", "7")])];
    let failure = answering(200, r#"{"count":0}"#).await.import_records("study_id", &one).await;
    let text = failure.expect_err("unconfirmed").to_string();
    assert_eq!(text, "REDCap did not confirm record 7");
}

#[tokio::test]
async fn a_refused_import_shows_no_answer() {
    let lines = r#"{"error":"\"332-1\",\"mood\",\"secret\",\"The value is not a valid category for mood\""}"#;
    let failure = answering(400, lines).await.import_records("study_id", &rows()).await;
    let failure = failure.expect_err("a refusal");
    assert_eq!(failure.class(), FailureClass::Validation);
    let text = "REDCap refused 1 value: record 332-1, field mood: The value is not a valid category for mood";
    assert_eq!(failure.to_string(), text);
    assert!(!format!("{failure:?}").contains("secret"));
}

#[tokio::test]
async fn rows_without_a_record_are_not_sent() {
    let server = answering(200, "[]").await;
    let blank = [Row::from_iter([("study_id", " "), ("mood", "1")])];
    let nameless = [Row::from_iter([("mood", "1")])];
    for rows in [&[][..], &blank, &nameless] {
        let failure = server.import_records("study_id", rows).await.expect_err("nothing to send");
        assert_eq!(failure.class(), FailureClass::Exception);
    }
}
