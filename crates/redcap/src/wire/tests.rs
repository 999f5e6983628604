//! What servers of different ages send, what we write back, and two exports of a live project.

use serde_json::{Value, json};

use super::*;

#[test]
fn a_row_reads_numbers_and_nulls_as_text_and_keeps_its_order() {
    let body = r#"{"record_id":4,"redcap_repeat_instance":2,"b":null,"a":"1.0","c":1.5}"#;
    let row: Row = serde_json::from_str(body).expect("a row");
    let cells: Vec<_> = row.iter().collect();
    let expected = [("record_id", "4"), ("redcap_repeat_instance", "2"), ("b", ""), ("a", "1.0"), ("c", "1.5")];
    assert_eq!(cells, expected);
    assert_eq!(
        serde_json::to_string(&row).expect("JSON"),
        r#"{"record_id":"4","redcap_repeat_instance":2,"b":"","a":"1.0","c":"1.5"}"#
    );
}

#[test]
fn a_row_keeps_blank_and_new_instances_as_text() {
    for instance in ["", "new"] {
        let row = Row::from_iter([(REPEAT_INSTANCE, instance)]);
        assert_eq!(serde_json::to_value(&row).expect("JSON"), json!({ REPEAT_INSTANCE: instance }));
    }
}

#[test]
fn a_row_does_not_show_its_values() {
    let row = Row::from_iter([("record_id", "1"), ("mood", "low")]);
    assert_eq!(format!("{row:?}"), r#"{"record_id": "***", "mood": "***"}"#);
}

#[test]
fn an_event_reads_from_old_new_and_scheduling_projects() {
    let read = |value: Value| serde_json::from_value::<Event>(value);
    let plain =
        read(json!({"event_name": "Visit 1", "arm_num": "2", "unique_event_name": "visit_1_arm_2", "new_key": 1}))
            .expect("an event");
    assert_eq!((plain.arm_num, plain.day_offset, plain.event_id, plain.custom_event_label), (2, None, None, None));
    let scheduled = json!({"event_name": "Visit 1", "arm_num": 1, "day_offset": 7, "offset_min": 2, "offset_max": 3,
        "unique_event_name": "visit_1_arm_1", "custom_event_label": null, "event_id": 43841});
    let event = read(scheduled.clone()).expect("an event");
    assert_eq!((event.day_offset, event.offset_min, event.offset_max), (Some(7), Some(2), Some(3)));
    assert_eq!(serde_json::to_value(&event).expect("JSON"), scheduled);
    let as_text =
        json!({"event_name": "V", "arm_num": 1, "day_offset": "-7.0", "offset_min": "", "unique_event_name": "v"});
    let event = read(as_text).expect("an event");
    assert_eq!((event.day_offset, event.offset_min), (Some(-7), None));
}

#[test]
fn an_event_without_its_unique_name_or_with_half_days_is_refused() {
    let read = |value: Value| serde_json::from_value::<Event>(value).map_err(|e| e.to_string());
    let half = json!({"event_name": "V", "arm_num": 1, "day_offset": 0.5, "unique_event_name": "v"});
    assert_eq!(read(half), Err("expected a whole number or nothing".into()));
    let nameless = json!({"event_name": "V", "arm_num": 1});
    assert_eq!(read(nameless), Err("missing field `unique_event_name`".into()));
}

#[test]
fn project_settings_are_numbers_on_the_wire_and_never_invented() {
    let info: ProjectInfo = serde_json::from_value(json!({
        "project_id": "12", "is_longitudinal": 1, "surveys_enabled": "1", "purpose": "", "missing_data_codes": null
    }))
    .expect("settings");
    assert!(info.is_longitudinal && info.surveys_enabled && !info.scheduling_enabled);
    let written = serde_json::to_value(&info).expect("JSON");
    assert_eq!(
        (&written["project_id"], &written["is_longitudinal"], &written["in_production"]),
        (&json!(12), &json!(1), &json!(0))
    );
    for body in
        [json!({"project_id": 1}), json!({"is_longitudinal": 0}), json!({"project_id": 1, "is_longitudinal": "x"})]
    {
        assert!(serde_json::from_value::<ProjectInfo>(body).is_err());
    }
}

#[test]
fn exports_of_a_live_project_read_whole() {
    let Some(fields) = live_export("longitudinal-metadata.csv") else { return };
    let columns: Vec<_> = fields[0].as_object().expect("a row").keys().cloned().collect();
    let read: Vec<Field> = serde_json::from_value(Value::Array(fields.clone())).expect("a dictionary");
    assert_eq!(read[0].field_name, "study_id");
    assert_eq!(serde_json::to_value(&read).expect("JSON"), Value::Array(fields));
    let written = serde_json::to_value(&read[0]).expect("JSON");
    assert_eq!(written.as_object().expect("a field").keys().cloned().collect::<Vec<_>>(), columns);

    let Some(info) = live_export("longitudinal-project-info.csv") else { return };
    let info: ProjectInfo = serde_json::from_value(info[0].clone()).expect("settings");
    assert_eq!(info.project_id, 9696);
    assert!(info.is_longitudinal && info.scheduling_enabled && !info.surveys_enabled);
}

/// A CSV export as JSON rows; `None` where the folder of live exports is absent, which CI does not accept.
fn live_export(name: &str) -> Option<Vec<Value>> {
    let path = format!("{}/../../../shared/real/phpcap/{name}", env!("CARGO_MANIFEST_DIR"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert!(std::env::var_os("CI").is_none(), "{path} is missing");
        println!("did nothing: {path} is missing");
        return None;
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        header.iter().zip(row.iter()).map(|(column, value)| (column.to_owned(), json!(value))).collect()
    });
    Some(rows.map(Value::Object).collect())
}
