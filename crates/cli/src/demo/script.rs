//! What the story is played on: the sponsor study that we wrote, or a project that a real REDCap made.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::args::DemoArgs;
use crate::commands::redcap_sim::SPONSOR_STUDY;
use crate::output::CliError;

/// The task whose result goes to REDCap.
pub const TASK: &str = "reaction_time";

/// Everything that differs between two projects.
pub struct Script {
    /// REDCap's project XML.
    pub xml: String,
    /// Ours, or somebody's.
    pub title: String,
    /// The field that carries the enrolment date.
    pub anchor_field: String,
    /// The form that a person saves to enrol; found in the dictionary when not given.
    pub instrument: Option<String>,
    /// The record that is saved.
    pub record: String,
    /// What is saved beside the anchor date.
    pub values: BTreeMap<String, String>,
    /// The record's data access group.
    pub dag: Option<String>,
    /// Participant field mapping; the default one without it.
    pub participant_mapping: Option<Value>,
    /// Result field → REDCap field; found in the dictionary when not given.
    pub result_fields: Option<BTreeMap<String, String>>,
    /// The REDCap field that receives the median, when it is given alone.
    pub result_field: Option<String>,
}

impl Script {
    /// The project that the arguments name.
    ///
    /// # Errors
    /// Usage, when the file cannot be read.
    pub fn choose(demo: &DemoArgs) -> Result<Self, CliError> {
        let Some(file) = &demo.project else { return Ok(Self::sponsor()) };
        let xml =
            std::fs::read_to_string(file).map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?;
        Ok(Self {
            xml,
            title: file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            anchor_field: demo.anchor_field.clone(),
            instrument: demo.enrollment_instrument.clone(),
            record: "332-1".to_owned(),
            values: BTreeMap::new(),
            dag: None,
            participant_mapping: None,
            result_fields: None,
            result_field: demo.result_field.clone(),
        })
    }

    fn sponsor() -> Self {
        let values = [("participant_code", "NORTH-001"), ("arm", "1"), ("timezone", "Europe/Zurich")];
        let fields = [
            ("median_ms", "rt_median_ms"),
            ("mean_ms", "rt_mean_ms"),
            ("sd_ms", "rt_sd_ms"),
            ("misses", "rt_misses"),
            ("anticipations", "rt_anticipations"),
        ];
        let text = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Self {
            xml: SPONSOR_STUDY.to_owned(),
            title: "the sponsor study".to_owned(),
            anchor_field: "enroll_date".to_owned(),
            instrument: Some("enrollment".to_owned()),
            record: "Ä-07".to_owned(),
            values: text(&values),
            dag: Some("site_north".to_owned()),
            participant_mapping: Some(json!({
                "enroll_date": "enrollment_date", "participant_code": "participant_code", "arm": "arm", "timezone": "time_zone",
            })),
            result_fields: Some(text(&fields)),
            result_field: None,
        }
    }

    /// The result that the participant submits; `median` tells one submission from the next.
    pub fn results(&self, median: f64) -> Value {
        json!({ "median_ms": median, "mean_ms": median + 11.5, "sd_ms": 42.1, "misses": 1, "anticipations": 0 })
    }
}
