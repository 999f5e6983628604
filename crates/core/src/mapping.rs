//! A session's results as the row that REDCap imports.
//!
//! Invariants: only mapped results leave, nothing overwrites with a blank, and a value is written as REDCap's
//! validation reads it (`22`, not `22.0`; `1`, not `true`). Messages name fields and never show an answer.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::study::TaskMapping;

/// Why results cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingRefusal {
    /// The study does not say where this task's results go.
    #[error("the task {task:?} is not mapped to REDCap; add config.redcap.redcap_field_mapping.{task}")]
    UnmappedTask {
        /// The task.
        task: String,
    },
    /// The mapping has no instrument.
    #[error("config.redcap.redcap_field_mapping.{task}.instrument is empty; name the REDCap instrument")]
    NoInstrument {
        /// The task.
        task: String,
    },
    /// Two values for one column.
    #[error(
        "config.redcap.redcap_field_mapping.{task} writes the REDCap field {redcap_field:?} twice; \
         map each result to a field of its own"
    )]
    DoubledField {
        /// The task.
        task: String,
        /// The field.
        redcap_field: String,
    },
    /// A list or an object.
    #[error("the result {field:?} of the task {task:?} is a {kind}; REDCap fields hold single values: map its parts")]
    Nested {
        /// The task.
        task: String,
        /// The result's name.
        field: String,
        /// `list` or `object`.
        kind: &'static str,
    },
    /// No mapped result has a value.
    #[error("no mapped result of the task {task:?} has a value; expected one of: {}", expected.join(", "))]
    Nothing {
        /// The task.
        task: String,
        /// The mapped results.
        expected: Vec<String>,
    },
}

/// Where in REDCap the results of a visit belong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The unique event name; none in a classic project.
    pub event_name: Option<String>,
    /// The event repeats as a whole: its first occurrence is the visit.
    pub event_repeats: bool,
    /// Instruments that repeat by themselves in that event, or in a classic project: their first instance is the visit's.
    pub repeating_instruments: Vec<String>,
}

impl Place {
    /// The instance in which the visit's form of that name is; none where nothing repeats.
    #[must_use]
    pub fn instance_of(&self, instrument: &str) -> Option<u32> {
        (self.event_repeats || self.repeats(instrument)).then_some(1)
    }

    fn repeats(&self, instrument: &str) -> bool {
        self.repeating_instruments.iter().any(|name| name == instrument)
    }

    /// The columns that name the event and, where something repeats, the instance.
    fn cells(&self, instrument: &str) -> Vec<(String, String)> {
        let cell = |column: &str, value: &str| (column.to_owned(), value.to_owned());
        let mut cells: Vec<_> = self.event_name.iter().map(|event| cell("redcap_event_name", event)).collect();
        if let Some(instance) = self.instance_of(instrument) {
            // Of a repeating event REDCap leaves the instrument blank, in exports as in imports.
            let by_itself = if self.repeats(instrument) { instrument } else { "" };
            cells.push(cell("redcap_repeat_instrument", by_itself));
            cells.push(cell("redcap_repeat_instance", &instance.to_string()));
        }
        cells
    }
}

/// Builds the row to import, its columns in the order: record id, event, instance, fields by result name, completion.
///
/// A mapped result that is absent, null or blank is left out. `record_field` is the name of REDCap's own record id field.
///
/// # Errors
/// An unmapped task, a mapping that contradicts itself, a nested value, or nothing to send.
pub fn build_import(
    task: &str,
    results: &Map<String, Value>,
    external_id: &str,
    record_field: &str,
    place: &Place,
    mapping: &BTreeMap<String, TaskMapping>,
) -> Result<Vec<(String, String)>, MappingRefusal> {
    let to = mapping.get(task).ok_or_else(|| MappingRefusal::UnmappedTask { task: task.to_owned() })?;
    let instrument = to.instrument.trim();
    if instrument.is_empty() {
        return Err(MappingRefusal::NoInstrument { task: task.to_owned() });
    }
    let complete = format!("{instrument}_complete");
    let mut row = vec![(record_field.to_owned(), external_id.to_owned())];
    row.extend(place.cells(instrument));
    let keys = row.len();
    for (field, redcap_field) in &to.fields {
        let text = match results.get(field).map(as_redcap_text) {
            Some(Ok(Some(text))) => text,
            Some(Ok(None)) | None => continue,
            Some(Err(kind)) => {
                return Err(MappingRefusal::Nested { task: task.to_owned(), field: field.clone(), kind });
            }
        };
        if *redcap_field == complete || row.iter().any(|(column, _)| column == redcap_field) {
            return Err(MappingRefusal::DoubledField { task: task.to_owned(), redcap_field: redcap_field.clone() });
        }
        row.push((redcap_field.clone(), text));
    }
    if row.len() == keys {
        return Err(MappingRefusal::Nothing { task: task.to_owned(), expected: to.fields.keys().cloned().collect() });
    }
    row.push((complete, "2".to_owned()));
    Ok(row)
}

/// The value as REDCap validates it; none when there is nothing to write.
fn as_redcap_text(value: &Value) -> Result<Option<String>, &'static str> {
    Ok(match value {
        Value::Null => None,
        Value::Bool(yes) => Some(u8::from(*yes).to_string()),
        Value::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Value::Number(number) if number.is_f64() => number.as_f64().map(|float| {
            // Adding zero turns -0 into 0; Display writes whole floats without a fraction and never an exponent.
            (float + 0.0).to_string()
        }),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(_) => return Err("list"),
        Value::Object(_) => return Err("object"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping() -> BTreeMap<String, TaskMapping> {
        let fields = [("accuracy", "nb_acc"), ("mean_rt_ms", "nb_rt"), ("note", "nb_note"), ("finished", "nb_done")];
        let fields = fields.map(|(from, to)| (from.to_owned(), to.to_owned())).into();
        [("nback".to_owned(), TaskMapping { instrument: "nback_results".to_owned(), fields })].into()
    }

    fn visit_1() -> Place {
        Place { event_name: Some("visit_1_arm_1".to_owned()), ..Place::default() }
    }

    fn build(results: &Value) -> Result<Vec<(String, String)>, MappingRefusal> {
        let results = results.as_object().expect("an object");
        build_import("nback", results, "Ä-07", "study_id", &visit_1(), &mapping())
    }

    #[test]
    fn the_row_is_keyed_typed_and_complete() {
        let row = build(&json!({"mean_rt_ms": 22.0, "accuracy": 0.875, "finished": true, "unmapped": "stays here"}));
        let row = row.expect("a row");
        let row: Vec<_> = row.iter().map(|(column, value)| (column.as_str(), value.as_str())).collect();
        assert_eq!(
            row,
            [
                ("study_id", "Ä-07"),
                ("redcap_event_name", "visit_1_arm_1"),
                ("nb_acc", "0.875"),
                ("nb_done", "1"),
                ("nb_rt", "22"),
                ("nback_results_complete", "2"),
            ]
        );
        let classic = build_import(
            "nback",
            json!({"note": "ok"}).as_object().expect("an object"),
            "7",
            "id",
            &Place::default(),
            &mapping(),
        );
        assert_eq!(classic.expect("a row").len(), 3, "no event column without an event");
    }

    #[test]
    fn where_something_repeats_the_first_instance_is_the_visits() {
        let keys = |place: &Place| {
            let results = json!({"note": "ok"});
            let row = build_import("nback", results.as_object().expect("an object"), "7", "id", place, &mapping());
            let row = row.expect("a row").into_iter().filter(|(column, _)| column.starts_with("redcap_"));
            row.map(|(column, value)| format!("{column}={value}")).collect::<Vec<_>>()
        };
        let event = Place { event_repeats: true, ..visit_1() };
        assert_eq!(
            keys(&event),
            ["redcap_event_name=visit_1_arm_1", "redcap_repeat_instrument=", "redcap_repeat_instance=1"]
        );
        let repeating_instruments = vec!["nback_results".to_owned()];
        let form = Place { repeating_instruments: repeating_instruments.clone(), ..visit_1() };
        assert_eq!(keys(&form)[1..], ["redcap_repeat_instrument=nback_results", "redcap_repeat_instance=1"]);
        let classic = Place { repeating_instruments, ..Place::default() };
        assert_eq!(keys(&classic), ["redcap_repeat_instrument=nback_results", "redcap_repeat_instance=1"]);
        assert_eq!((form.instance_of("other"), event.instance_of("other")), (None, Some(1)));
    }

    #[test]
    fn numbers_are_written_as_redcap_validates_them() {
        let cases = [
            (json!(22.0), "22"),
            (json!(-0.0), "0"),
            (json!(1e20), "100000000000000000000"),
            (json!(-7), "-7"),
            (json!(0.1), "0.1"),
        ];
        for (value, text) in cases {
            assert_eq!(as_redcap_text(&value), Ok(Some(text.to_owned())));
        }
        assert_eq!(as_redcap_text(&json!(1e-7)), Ok(Some("0.0000001".to_owned())), "never an exponent");
    }

    #[test]
    fn blanks_never_overwrite_and_nothing_left_is_refused() {
        let row = build(&json!({"note": " ", "accuracy": null, "mean_rt_ms": 0})).expect("a row");
        assert!(row.iter().all(|(column, _)| column != "nb_note" && column != "nb_acc"));
        assert!(matches!(build(&json!({"note": null, "other": 1})), Err(MappingRefusal::Nothing { .. })));
    }

    #[test]
    fn refusals_name_the_place_and_show_no_answer() {
        let unmapped =
            build_import("stroop", &Map::new(), "7", "id", &Place::default(), &mapping()).expect_err("unmapped");
        assert_eq!(
            unmapped.to_string(),
            r#"the task "stroop" is not mapped to REDCap; add config.redcap.redcap_field_mapping.stroop"#
        );
        let nested = build(&json!({"note": {"diagnosis": "private"}})).expect_err("nested").to_string();
        assert!(nested.contains(r#""note""#) && !nested.contains("private"), "{nested}");
        for taken in ["id", "nback_results_complete", "nb_rt"] {
            let mut mapping = mapping();
            let task = mapping.get_mut("nback").expect("the task");
            task.fields.insert("twice".to_owned(), taken.to_owned());
            let results = json!({"mean_rt_ms": 1, "twice": 2});
            let refusal =
                build_import("nback", results.as_object().expect("an object"), "7", "id", &Place::default(), &mapping);
            assert!(matches!(refusal, Err(MappingRefusal::DoubledField { .. })), "{taken}");
        }
    }
}
