//! What an import accepts, refuses and answers; a refused one changes nothing.

use serde_json::{Value, json};

use crate::server::{Project, Server, real};

/// The message of a 400.
fn error(answer: (u16, String)) -> String {
    let body: Value = serde_json::from_str(&answer.1).unwrap();
    assert_eq!(answer.0, 400, "{body}");
    body["error"].as_str().unwrap().to_owned()
}

async fn records(project: &Project<'_>) -> usize {
    project.json(&[("content", "record"), ("fields", "record_id")]).await.as_array().unwrap().len()
}

#[tokio::test]
async fn every_bad_value_is_listed_and_nothing_is_stored() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let rows = json!([
        {"record_id": "1", "redcap_event_name": "baseline_arm_1", "arm": "2.0", "enroll_date": "soon", "rt_misses": "1"},
        {"record_id": "2", "redcap_event_name": "week_1_arm_1", "rt_misses": "1.0", "se_symptoms___1": "yes",
         "enroll_date": "2025-01-01", "wellbeing_complete": "3"},
    ]);
    insta::assert_snapshot!(error(project.import(&rows, &[]).await), @r#"
    "1","arm","2.0","The value is not a valid category for arm"
    "1","enroll_date","soon","The value you provided could not be validated because it does not follow the expected format. Please try again."
    "2","rt_misses","1.0","The value you provided could not be validated because it does not follow the expected format. Please try again."
    "2","se_symptoms___1","yes","se_symptoms___1 is a checkbox field and thus can only have a value of '1' (checked) or '0' (unchecked)."
    "2","enroll_date","2025-01-01","This field ('enroll_date') exists on an instrument that is not designated for the event named 'Week 1 (Arm 1: Active)'. You are not allowed to import data for this field into this event."
    "2","wellbeing_complete","3","The value is not a valid category for wellbeing_complete"
    "#);
    assert_eq!(records(&project).await, 0);
}

#[tokio::test]
async fn unknown_columns_and_shapes_are_refused_in_redcaps_words() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let unknown = json!([{"record_id": "1", "x": "1", "se_symptoms": "1", "se_symptoms___9": "1"}]);
    assert_eq!(
        error(project.import(&unknown, &[]).await),
        "The following fields were not found in the project as real data fields: x, se_symptoms, se_symptoms___9"
    );
    // A bare object is no refusal: 200, nothing counted, nothing stored.
    let object = project.import(&json!({"record_id": "1"}), &[]).await;
    assert_eq!(object, (200, "{\"count\":0}".into()));
    assert!(error(project.import(&json!("text"), &[("data", "[{")]).await).contains("not formatted correctly"));
    assert!(error(project.import(&json!([{"record_id": ""}]), &[]).await).contains("has no value"));
    assert_eq!(records(&project).await, 0);
}

#[tokio::test]
async fn repeat_columns_must_agree_with_the_project() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let row = |form: &str, instance: Value, field: &str| {
        json!([{"record_id": "1", "redcap_event_name": "baseline_arm_1", "redcap_repeat_instrument": form,
                "redcap_repeat_instance": instance, field: "1"}])
    };
    let cases = [
        (
            row("adverse_event", "0".into(), "ae_severity"),
            "(redcap_event_name=\"\"baseline_arm_1\"\") redcap_repeat_instance must have a numeric value between '1' and '32767'",
        ),
        (row("adverse_event", 32768.into(), "ae_severity"), "redcap_repeat_instance must have a numeric value"),
        (
            row("wellbeing", 1.into(), "wb_mood"),
            "redcap_repeat_instrument must be the unique form name of a Repeating Instrument.",
        ),
        (
            row("", 1.into(), "wb_mood"),
            "redcap_repeat_instance cannot have a value since this instrument or event is not",
        ),
        (
            row("", "".into(), "ae_severity"),
            "This field ('ae_severity') exists on a Repeating Instrument named 'adverse_event'. However,",
        ),
    ];
    for (rows, message) in cases {
        let error = error(project.import(&rows, &[]).await);
        assert!(error.contains(message), "{error}");
    }
    for instance in [json!(2), json!("new"), json!("new")] {
        let (status, body) = project.import(&row("adverse_event", instance, "ae_severity"), &[]).await;
        assert_eq!((status, body.as_str()), (200, "{\"count\":1}"));
    }
    let rows = project.json(&[("content", "record"), ("fields", "record_id,ae_severity")]).await;
    let instances: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["redcap_repeat_instance"]).collect();
    assert_eq!(instances, [2, 3, 4]);
}

#[tokio::test]
async fn several_new_instances_in_one_import_get_numbers_of_their_own() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let row = |term: &str| {
        json!({"record_id": "1", "redcap_event_name": "baseline_arm_1", "redcap_repeat_instrument": "adverse_event",
               "redcap_repeat_instance": "new", "ae_term": term})
    };
    project.import(&json!([row("one"), row("two")]), &[]).await;
    let rows = project.json(&[("content", "record"), ("fields", "record_id,ae_term")]).await;
    let terms: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["ae_term"]).collect();
    assert_eq!(terms, ["one", "two"]);
}

#[tokio::test]
async fn answers_count_distinct_records_or_name_them() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let rows = json!([
        {"record_id": "A-2", "redcap_event_name": "baseline_arm_1", "arm": "1"},
        {"record_id": "A-2", "redcap_event_name": "week_1_arm_1", "wb_mood": "1"},
        {"record_id": "Ä-07"},
    ]);
    let with = |content| [("returnContent", content)];
    assert_eq!(project.import(&rows, &with("ids")).await.1, "[\"A-2\",\"Ä-07\"]");
    assert_eq!(project.import(&rows, &with("count")).await.1, "{\"count\":2}");
    assert_eq!(project.import(&rows, &with("nothing")).await, (200, String::new()));
    let csv = [("returnContent", "ids"), ("returnFormat", "csv")];
    assert_eq!(project.import(&rows, &csv).await.1, "id\nA-2\nÄ-07\n");
    let xml = [("returnFormat", "xml")];
    assert_eq!(project.import(&rows, &xml).await.1, "<?xml version=\"1.0\" encoding=\"UTF-8\" ?><count>2</count>");
}

#[tokio::test]
async fn auto_numbering_gives_new_names_and_says_which() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    project.import(&json!([{"record_id": "41"}]), &[]).await;
    let rows = json!([{"record_id": "a", "arm": "1"}, {"record_id": "b"}, {"record_id": "a", "timezone": "UTC"}]);
    let auto = [("forceAutoNumber", "true"), ("returnContent", "auto_ids")];
    assert_eq!(project.import(&rows, &auto).await.1, "[\"42,a\",\"43,b\"]");
    assert_eq!(server.sim.value(project.id(), "42", "baseline_arm_1", "timezone").as_deref(), Some("UTC"));
    assert_eq!(project.call(&[("content", "generateNextRecordName")]).await.1, "44");
    let bad = json!([{"record_id": "c", "arm": "9"}]);
    assert!(error(project.import(&bad, &auto).await).starts_with("\"44\",\"arm\",\"9\""), "the new name is listed");
}

#[tokio::test]
async fn blanks_erase_only_when_asked_and_a_zero_unchecks() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let value = |field| server.sim.value(project.id(), "1", "week_1_arm_1", field);
    let row = |mood: &str, box_1: &str| json!([{"record_id": "1", "redcap_event_name": "week_1_arm_1", "wb_mood": mood, "se_symptoms___1": box_1}]);
    project.import(&row("3", "1"), &[]).await;
    project.import(&row("", ""), &[]).await;
    assert_eq!((value("wb_mood").as_deref(), value("se_symptoms___1").as_deref()), (Some("3"), Some("1")));
    project.import(&row("", "0"), &[]).await;
    assert_eq!((value("wb_mood").as_deref(), value("se_symptoms___1")), (Some("3"), None));
    project.import(&row("", ""), &[("overwriteBehavior", "overwrite")]).await;
    assert_eq!(value("wb_mood"), None);
}

#[tokio::test]
async fn csv_data_of_a_real_server_are_imported() {
    let (Some(xml), Some(csv)) = (real("PHPCapLongitudinalData.REDCap.xml"), real("longitudinal-data-import.csv"))
    else {
        return;
    };
    let server = Server::start().await;
    let project = server.add(&xml);
    let data = ("data", csv.as_str());
    let base = [("content", "record"), ("format", "csv"), ("returnFormat", "json"), data];
    let wrong_order = error(project.call(&base).await);
    assert!(wrong_order.starts_with("\"1101\",\"dob\",\"4/12/1982\",\"The value you provided"), "{wrong_order}");
    let mdy = [&base[..], &[("dateFormat", "MDY")]].concat();
    assert_eq!(project.call(&mdy).await, (200, "{\"count\":2}".into()));
    assert_eq!(server.sim.value(project.id(), "1101", "enrollment_arm_2", "dob").as_deref(), Some("1982-04-12"));
    assert_eq!(
        server.sim.value(project.id(), "1102", "final_visit_arm_1", "last_visit_date").as_deref(),
        Some("2017-04-02")
    );
}

#[tokio::test]
async fn a_record_can_be_renamed_and_deleted() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    project.import(&json!([{"record_id": "1", "arm": "1"}, {"record_id": "2"}]), &[]).await;
    let rename = [("content", "record"), ("action", "rename"), ("record", "1"), ("new_record_name", "332-1")];
    assert_eq!(project.call(&rename).await, (200, "1".into()));
    assert_eq!(server.sim.value(project.id(), "332-1", "baseline_arm_1", "arm").as_deref(), Some("1"));
    let delete = [("content", "record"), ("action", "delete"), ("records[0]", "332-1"), ("records[1]", "2")];
    assert_eq!(project.call(&delete).await, (200, "2".into()));
    assert_eq!(records(&project).await, 0);
}
