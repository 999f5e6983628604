//! The wire shapes of exports and errors, as public clients have seen them on live servers.

use metricis_redcap_sim::{ApiUser, SaveForm};
use serde_json::json;

use crate::server::{Project, Server, real};

type Parameters<'a> = &'a [(&'a str, &'a str)];

async fn fill(project: &Project<'_>) {
    let rows = json!([
        {"record_id": "7", "redcap_event_name": "baseline_arm_1", "enroll_date": "2025-03-10", "arm": 1,
         "redcap_data_access_group": "site_north", "enrollment_complete": "2"},
        {"record_id": "7", "redcap_event_name": "baseline_arm_1", "redcap_repeat_instrument": "adverse_event",
         "redcap_repeat_instance": 2, "ae_term": "Head, \"ache\"", "ae_severity": "1"},
        {"record_id": "7", "redcap_event_name": "week_1_arm_1", "se_symptoms___1": "1", "se_symptoms___2": 0},
    ]);
    let (status, body) = project.import(&rows, &[]).await;
    assert_eq!((status, body.as_str()), (200, "{\"count\":1}"));
}

const PART: (&str, &str) = ("fields", "record_id,enroll_date,arm,se_symptoms,ae_term,ae_severity");

#[tokio::test]
async fn flat_json_has_redcaps_columns_and_its_one_number() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    fill(&project).await;
    let (status, body) = project.call(&[("content", "record"), ("format", "json"), PART]).await;
    assert_eq!(status, 200);
    let pretty = body.replace("},{", "},\n{");
    insta::assert_snapshot!(pretty, @r#"
    [{"record_id":"7","redcap_event_name":"baseline_arm_1","redcap_repeat_instrument":"","redcap_repeat_instance":"","enroll_date":"2025-03-10","arm":"1","se_symptoms___0":"","se_symptoms___1":"","se_symptoms___2":"","se_symptoms___3":"","se_symptoms___4":"","se_symptoms___5":"","ae_term":"","ae_severity":""},
    {"record_id":"7","redcap_event_name":"baseline_arm_1","redcap_repeat_instrument":"adverse_event","redcap_repeat_instance":2,"enroll_date":"","arm":"","se_symptoms___0":"","se_symptoms___1":"","se_symptoms___2":"","se_symptoms___3":"","se_symptoms___4":"","se_symptoms___5":"","ae_term":"Head, \"ache\"","ae_severity":"1"},
    {"record_id":"7","redcap_event_name":"week_1_arm_1","redcap_repeat_instrument":"","redcap_repeat_instance":"","enroll_date":"","arm":"","se_symptoms___0":"0","se_symptoms___1":"1","se_symptoms___2":"0","se_symptoms___3":"0","se_symptoms___4":"0","se_symptoms___5":"0","ae_term":"","ae_severity":""}]
    "#);
}

#[tokio::test]
async fn csv_labels_and_xml_follow_php() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    fill(&project).await;
    let labels = [("rawOrLabel", "label"), ("rawOrLabelHeaders", "label"), ("exportDataAccessGroups", "true")];
    let few = ("fields", "record_id,arm,ae_term,se_symptoms,enrollment_complete");
    let csv = [&[("content", "record"), ("format", "csv"), few][..], &labels].concat();
    insta::assert_snapshot!(project.call(&csv).await.1, @r#"
    "Record ID","Event Name","Repeat Instrument","Repeat Instance","Data Access Group","Assigned arm",Complete?,"Which of these did you have since your last visit? (choice=None)","Which of these did you have since your last visit? (choice=Headache)","Which of these did you have since your last visit? (choice=Nausea)","Which of these did you have since your last visit? (choice=Dizziness)","Which of these did you have since your last visit? (choice=Tiredness)","Which of these did you have since your last visit? (choice=Other)","Adverse event"
    7,Baseline,,,site_north,Active,Complete,,,,,,,
    7,Baseline,"Adverse Event",2,site_north,,,,,,,,,"Head, ""ache"""
    7,"Week 1",,,site_north,,,Unchecked,Checked,Unchecked,Unchecked,Unchecked,Unchecked,
    "#);
    let xml = project.call(&[("content", "record"), ("fields", "record_id,ae_term"), ("records", "7")]).await.1;
    assert!(xml.starts_with(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<records>\n<item><record_id><![CDATA[7]]></record_id>"
    ));
    assert!(xml.contains("<ae_term><![CDATA[Head, \"ache\"]]></ae_term>"));
}

#[tokio::test]
async fn eav_leaves_blanks_out() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    fill(&project).await;
    let rows = project.json(&[("content", "record"), ("type", "eav"), PART]).await;
    let line =
        |row: &serde_json::Value| format!("{} {}={}", row["redcap_repeat_instance"], row["field_name"], row["value"]);
    let lines: Vec<String> = rows.as_array().unwrap().iter().map(line).collect();
    assert!(lines.contains(&"\"\" \"se_symptoms\"=\"1\"".to_owned()), "{lines:?}");
    assert!(lines.contains(&"2 \"ae_term\"=\"Head, \\\"ache\\\"\"".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.ends_with("=\"\"")));
}

#[tokio::test]
async fn no_match_is_an_empty_answer() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    fill(&project).await;
    assert_eq!(
        project.call(&[("content", "record"), ("format", "json"), ("records[]", "8")]).await,
        (200, "[]".into())
    );
    assert_eq!(project.call(&[("content", "record"), ("format", "csv"), ("records[]", "8")]).await, (200, "\n".into()));
    let events = [("content", "record"), ("format", "json"), ("events[0]", "week_1_arm_1")];
    assert_eq!(project.json(&events).await.as_array().unwrap().len(), 1);
    let later = [("content", "record"), ("dateRangeBegin", "2999-01-01 00:00:00")];
    assert_eq!(project.json(&later).await, json!([]));
}

#[tokio::test]
async fn a_request_may_be_multipart() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let form = reqwest::multipart::Form::new().text("token", project.handle.token.clone()).text("content", "version");
    let answer = server.http.post(format!("{}/api/", server.base)).multipart(form).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "14.9.1");
}

#[tokio::test]
async fn errors_have_their_status_and_words_in_every_format() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let content = "The value of the parameter \"content\" is not valid";
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>";
    let bodies = [
        ("json", json!({ "error": content }).to_string()),
        ("csv", format!("ERROR: {content}")),
        ("", format!("{head}<hash><error>{content}</error></hash>")),
    ];
    for (format, body) in bodies {
        assert_eq!(project.call(&[("content", "nothing"), ("returnFormat", format)]).await, (400, body));
    }

    let wrong_token = "0".repeat(32);
    let cases: [(Parameters<'_>, u16, &str); 5] = [
        (
            &[("content", "record"), ("fields", "x")],
            400,
            "The following values in the parameter \"fields\" are not valid: 'x'",
        ),
        (
            &[("content", "record"), ("fields", "redcap_event_name")],
            400,
            "The following values in the parameter \"fields\" are not valid: 'redcap_event_name'",
        ),
        (&[("content", "surveyLink"), ("record", "-1")], 400, "The record \"-1\" does not exist"),
        (
            &[("content", "record"), ("action", "delete"), ("records[0]", "1")],
            400,
            "One or more of the records provided cannot be deleted because they do not exist in the project. The following records do not exist: 1",
        ),
        (&[("content", "record"), ("token", &wrong_token)], 403, "You do not have permissions to use the API"),
    ];
    for (parameters, status, message) in cases {
        let json = [parameters, &[("format", "json")]].concat();
        assert_eq!(project.call(&json).await, (status, json!({ "error": message }).to_string()));
    }
    let get = server.get("/api/").await;
    assert_eq!(get, (501, format!("{head}<hash><error>The requested method is not implemented.</error></hash>")));
    assert!(server.get("/elsewhere").await.1.contains("The requested URL was not found on this server."));
}

#[tokio::test]
async fn a_classic_project_has_no_events_to_export() {
    let Some(xml) = real("PHPCapBasicDemography.REDCap.xml") else { return };
    let server = Server::start().await;
    let project = server.add(&xml);
    let words = [
        ("arm", "You cannot export arms for classic projects"),
        ("event", "You cannot export events for classic projects"),
        ("formEventMapping", "You cannot export form/event mappings for classic projects"),
        (
            "repeatingFormsEvents",
            "You cannot export repeating instruments and events because the project does not contain any repeating instruments and events",
        ),
    ];
    for (content, message) in words {
        let answer = project.call(&[("content", content), ("format", "json")]).await;
        assert_eq!(answer, (400, json!({ "error": message }).to_string()));
    }
    let row = &project.json(&[("content", "record"), ("records", "1001"), ("fields", "record_id,sex")]).await[0];
    assert_eq!(row, &json!({"record_id": "1001", "sex": "0"}));
    assert_eq!(project.call(&[("content", "generateNextRecordName")]).await.1, "1101");
}

#[tokio::test]
async fn a_person_in_a_group_sees_and_names_only_its_records() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    fill(&project).await;
    project.import(&json!([{"record_id": "9", "redcap_data_access_group": "site_south"}]), &[]).await;
    let south = ApiUser { dag: Some("site_south".into()), may_import: false, ..ApiUser::with_all_rights("sue") };
    let token = server.sim.add_user(project.id(), south).unwrap();
    let all =
        [("content", "record"), ("exportDataAccessGroups", "true"), ("fields", "record_id"), ("token", token.as_str())];
    let rows = project.json(&all).await;
    assert_eq!(
        rows.as_array().unwrap().iter().map(|row| row["record_id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["9"]
    );
    assert!(rows[0].get("redcap_data_access_group").is_none());
    let groups = project.json(&[("content", "dag")]).await;
    let next = project.call(&[("content", "generateNextRecordName"), ("token", &token)]).await.1;
    assert_eq!(next, format!("{}-1", groups[1]["data_access_group_id"]));
    let (status, body) = project.import(&json!([]), &[("token", &token)]).await;
    assert_eq!((status, body.as_str()), (403, "{\"error\":\"You do not have API Import/Update privileges\"}"));
}

#[tokio::test]
async fn a_survey_link_leads_to_the_survey_and_its_submission_is_stamped() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    fill(&project).await;
    let link = [("content", "surveyLink"), ("record", "7"), ("instrument", "wellbeing"), ("event", "week_1_arm_1")];
    let (status, url) = project.call(&link).await;
    assert_eq!((status, &url), (200, &project.call(&link).await.1), "the same link each time");
    let page = server.http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("How are you?") && page.contains("name=\"wb_mood\""));
    let answer = server.http.post(&url).form(&[("wb_mood", "3")]).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("have been saved"));
    assert_eq!(server.sim.value(project.id(), "7", "week_1_arm_1", "wb_mood").as_deref(), Some("3"));
    let again = server.http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(again.contains("already completed"));

    let save = SaveForm {
        record: "7".into(),
        event: Some("week_4_arm_1".into()),
        instrument: "wellbeing".into(),
        repeat_instance: None,
        values: [("wb_mood".into(), "1".into())].into(),
        complete: 2,
        user: "ada".into(),
        dag: None,
    };
    server.sim.save_form(project.id(), save).await.unwrap();
    let stamps =
        [("content", "record"), ("forms", "wellbeing"), ("fields", "record_id"), ("exportSurveyFields", "true")];
    let rows = project.json(&stamps).await;
    let stamp = |event: &str| {
        let row = rows.as_array().unwrap().iter().find(|row| row["redcap_event_name"] == event).unwrap();
        row["wellbeing_timestamp"].as_str().unwrap().len()
    };
    assert_eq!((stamp("week_1_arm_1"), stamp("week_4_arm_1")), ("2025-03-10 12:00:00".len(), 0));
}
