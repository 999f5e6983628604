//! Bodies of live servers, as public clients recorded them, and what each must become.

use serde_json::{Value, json};

use super::*;
use crate::{FailureClass, wire::Row};

const HTML: &str = "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>404 Not Found</title>\n</head><body>The requested URL was not found on this server.</body></html>";
const MEMORY: &str = "REDCap ran out of server memory. The request cannot be processed. Please try importing/exporting a smaller amount of data.";
const NO_DATABASE: &str = "The hostname (db.example.org) / username (redcap) / password (XXXXXX) combination could not connect to the MySQL server.";
const TABS: &str = "An unknown error has occurred. It might be caused by having multiple browser tabs of the same REDCap page. If that is not the case, then please contact a REDCap administrator.";

fn answer(purpose: Purpose, status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer { purpose, status, content_type: None, body: body.into() }
}

fn rows(status: u16, body: impl Into<Vec<u8>>) -> Result<Vec<Row>, CallError> {
    answer(Purpose::Read, status, body).json()
}

fn import(status: u16, body: impl Into<Vec<u8>>) -> CallError {
    match answer(Purpose::Import, status, body).json::<Value>() {
        Ok(value) => panic!("taken for a success: {value}"),
        Err(failure) => failure,
    }
}

fn error(message: &str) -> String {
    json!({ "error": message }).to_string()
}

#[test]
fn refusals_of_live_servers_keep_status_and_message() {
    for (status, message) in [
        (403, "You do not have Delete Record privileges"),
        (
            400,
            "Insufficient user privileges: You must have 'API Export' privileges and 'Data Access Groups' privileges in the project.",
        ),
        (400, "The value of the parameter \"content\" is not valid"),
        (400, "You cannot export events for classic projects"),
        (400, "The following values in the parameter \"fields\" are not valid: 'x'"),
        (400, "The record \"-1\" does not exist"),
        (501, "The requested method is not implemented."),
        (200, "You cannot export arms for classic projects"),
    ] {
        let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\" ?><hash><error>{message}</error></hash>");
        for body in [error(message), format!("ERROR: {message}"), xml, format!("\u{feff}\n{}", error(message))] {
            let refused = rows(status, body).expect_err("a refusal");
            let expected = CallError::Refused { status, message: ServerText::about_read(message) };
            assert_eq!(refused, expected);
            assert_eq!(refused.class(), FailureClass::ApiError);
            assert_eq!(refused.to_string(), format!("REDCap refused the call (status {status}): {message}"));
        }
    }
}

#[test]
fn only_redcaps_words_for_it_are_a_missing_right() {
    let groups =
        "Insufficient user privileges: You must have 'API Export' privileges and 'Logging' privileges in the project.";
    for (status, message, lacks) in [
        (403, "You do not have API Export privileges", true),
        (400, groups, true),
        (500, groups, false),
        (400, "The request cannot be processed.", false),
        (404, "The request cannot be processed.", false),
        (403, "You do not have permissions to use the API", false),
    ] {
        let refused = rows(status, error(message)).expect_err("a refusal");
        assert_eq!(refused.lacks_right(), lacks, "{status} {message}");
    }
}

#[test]
fn a_refused_token_is_named_whatever_the_call() {
    let body = error("You do not have permissions to use the API");
    for status in [200, 401, 403] {
        assert_eq!(rows(status, body.clone()), Err(CallError::BadToken { status }));
        assert_eq!(import(status, body.clone()), CallError::BadToken { status });
    }
    assert_eq!(rows(401, ""), Err(CallError::BadToken { status: 401 }));
}

#[test]
fn an_import_refused_for_its_data_is_validation_and_for_its_rights_is_not() {
    let fields = "The following fields were not found in the project as real data fields: mood";
    for status in [200, 400, 406] {
        let refused = import(status, error(fields));
        assert_eq!(refused.class(), FailureClass::Validation);
        assert_eq!(refused.to_string(), format!("REDCap refused the import (status {status}): {fields}"));
    }
    let rights = import(403, error("You do not have API Import/Update privileges"));
    assert!(matches!(rights, CallError::Refused { status: 403, .. }), "{rights:?}");
    assert_eq!(rights.class(), FailureClass::ApiError);
}

#[test]
fn refused_values_are_listed_one_by_one_and_never_shown() {
    let lines = "\"97\",\"gender\",\"secret-1\",\"The value is not a valid category for gender\"\n\"332-1\",\"age\",\"secret-2\",\"The value you provided could not be validated because it does not follow the expected format. Please try again.\"\n\"4\",\"mood\",\"secret-3\",\"secret-3 is odd\"";
    let failure = import(400, error(lines));
    let CallError::Validation(refusals) = &failure else { panic!("{failure:?}") };
    let values: Vec<_> = refusals.iter().map(|refusal| refusal.value()).collect();
    assert_eq!(values, ["secret-1", "secret-2", "secret-3"]);
    assert_eq!(failure.class(), FailureClass::Validation);
    let shown = format!("{failure} {failure:?}");
    assert!(!shown.contains("secret"), "{shown}");
    assert!(shown.starts_with("REDCap refused 3 values: record 97, field gender: The value is not"), "{shown}");
}

#[test]
fn unknown_words_about_an_import_are_withheld() {
    for (status, body) in [(400, error("secret is odd")), (400, "secret is odd".into()), (403, error("secret"))] {
        let failure = import(status, body);
        let shown = format!("{failure} {failure:?}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[test]
fn pages_and_sentences_are_failures_with_any_status() {
    for (status, body, expected) in [
        (200, HTML, CallError::Html { status: 200 }),
        (200, TABS, CallError::Html { status: 200 }),
        (404, HTML, CallError::Html { status: 404 }),
        (403, HTML, CallError::Html { status: 403 }),
        (200, MEMORY, CallError::OutOfMemory { status: 200 }),
        (500, "ERROR: REDCap ran out of memory!", CallError::OutOfMemory { status: 500 }),
        (200, NO_DATABASE, CallError::DatabaseDown { status: 200 }),
        (503, NO_DATABASE, CallError::DatabaseDown { status: 503 }),
        (502, HTML, CallError::Gateway { status: 502 }),
        (503, HTML, CallError::Gateway { status: 503 }),
        (504, "", CallError::Gateway { status: 504 }),
        (500, "", CallError::ServerFailed { status: 500 }),
        (500, HTML, CallError::ServerFailed { status: 500 }),
        (411, "", CallError::Status { status: 411 }),
        (429, "slow down", CallError::Status { status: 429 }),
        (201, "[]", CallError::Status { status: 201 }),
        (200, "", CallError::Empty),
        (200, " \u{feff}\n", CallError::Empty),
    ] {
        assert_eq!(rows(status, body), Err(expected.clone()), "{status} {body}");
        assert_eq!(import(status, body), expected, "{status} {body}");
        assert_eq!(answer(Purpose::Read, status, body).text("a word", |text| text != "[]"), Err(expected));
    }
}

#[test]
fn a_failure_page_before_an_answer_spoils_it_and_noise_does_not() {
    let good = r#"[{"record_id":"1"}]"#;
    for noise in ["\u{feff}", "\r\n\r\n", "SELECT * FROM x WHERE a[1];\n", "<br />\n<b>Warning</b>: x in y\n"] {
        assert_eq!(rows(200, format!("{noise}{good}")), Ok(vec![Row::from_iter([("record_id", "1")])]), "{noise}");
    }
    let memory = format!("<div class=\"red\">{MEMORY}</div>[]");
    assert_eq!(rows(200, memory), Err(CallError::OutOfMemory { status: 200 }));
    assert_eq!(rows(200, format!("{HTML}[]")), Err(CallError::Html { status: 200 }));
}

#[test]
fn the_words_of_a_failure_inside_a_record_are_data() {
    for words in [HTML, MEMORY, NO_DATABASE, TABS, "ERROR: x", "{\"error\":\"x\"}"] {
        let body = json!([{ "record_id": "1", "notes": words }]).to_string();
        let read = rows(200, body);
        assert_eq!(read, Ok(vec![Row::from_iter([("record_id", "1"), ("notes", words)])]));
    }
}

#[test]
fn half_an_answer_is_none() {
    let whole = r#"[{"record_id":"1","mood":"secret"},{"record_id":"2","mood":"secret"}]"#;
    for end in 1..whole.len() {
        let failure = rows(200, &whole[..end]).expect_err("half an answer");
        assert!(matches!(failure, CallError::NotAnAnswer { .. }), "{end} {failure:?}");
        assert!(!failure.to_string().contains("secret"));
    }
}

#[test]
fn an_answer_of_another_form_is_none_and_is_not_quoted() {
    for body in [r#"{"count":0}"#, r#"["secret"]"#, "secret", "secret []", r#"[{"mood":["secret"]}]"#, "14", "null"] {
        let failure = rows(200, body).expect_err("another form");
        assert!(matches!(failure, CallError::NotAnAnswer { .. }), "{failure:?}");
        assert!(!failure.to_string().contains("secret"), "{failure}");
    }
}

#[test]
fn a_content_type_of_html_counts_only_for_tags() {
    let label = |body: &str| Answer {
        content_type: Some("text/html; charset=UTF-8".into()),
        ..answer(Purpose::Read, 200, body)
    };
    assert_eq!(label("[]").json::<Vec<Row>>(), Ok(vec![]));
    assert_eq!(label("14.9.1").text("a version", |_| true), Ok("14.9.1".into()));
    assert_eq!(label("<div>Offline</div>").json::<Vec<Row>>(), Err(CallError::Html { status: 200 }));
}
