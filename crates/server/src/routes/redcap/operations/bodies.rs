//! What is asked for: what to do, and whether it is only shown.

use metricis_core::operation::{DesignArm, DesignEvent, DesignMapping, DesignRepeat, GivenDesign, Order};
use utoipa::ToSchema;

use crate::problem::Problem;

/// Records named at once.
const RECORDS: usize = 10_000;

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::routes::redcap) struct NewDictionary {
    /// REDCap's own CSV of 18 columns, as it downloads it; headed by its labels or by the names of its API.
    pub(super) dictionary: String,
    /// Only tells what would be done, and the digest to order it with.
    #[serde(default)]
    pub(super) dry_run: bool,
    /// The `digest` of the preview that was looked at; needed to have it done.
    pub(super) expected_digest: Option<String>,
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::routes::redcap) struct NewProject {
    /// The project as it is to be. Without it one is made from the study's settings and visit windows.
    pub(super) design: Option<Design>,
    /// Only tells what would be done, and the digest to order it with.
    #[serde(default)]
    pub(super) dry_run: bool,
    /// The `digest` of the preview that was looked at; needed to have it done.
    pub(super) expected_digest: Option<String>,
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::routes::redcap) struct FormToDelete {
    /// REDCap's name of the instrument.
    pub(super) form: String,
    /// Only tells what would be done, and the digest to order it with.
    #[serde(default)]
    pub(super) dry_run: bool,
    /// The `digest` of the preview that was looked at; needed to have it done.
    pub(super) expected_digest: Option<String>,
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::routes::redcap) struct RecordsToImport {
    /// Only these; all records without it.
    pub(super) records: Option<Vec<String>>,
    /// Only tells what would be done, and the digest to order it with.
    #[serde(default)]
    pub(super) dry_run: bool,
    /// The `digest` of the preview that was looked at; needed to have it done.
    pub(super) expected_digest: Option<String>,
}

/// A REDCap project.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Design {
    /// REDCap's own CSV of 18 columns.
    dictionary: String,
    /// The arms; none in a classic project.
    #[serde(default)]
    arms: Vec<Arm>,
    /// The events; none in a classic project.
    #[serde(default)]
    events: Vec<Event>,
    /// Which instrument is collected when.
    #[serde(default)]
    form_event_mapping: Vec<Mapping>,
    /// What repeats.
    #[serde(default)]
    repeating: Vec<Repeat>,
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Arm {
    arm_num: i64,
    name: String,
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Event {
    /// The label. REDCap makes the unique name from it: `Visit 1` of arm 2 becomes `visit_1_arm_2`.
    event_name: String,
    arm_num: i64,
    /// Days from the anchor.
    day_offset: Option<i64>,
    /// Days before.
    offset_min: Option<i64>,
    /// Days after.
    offset_max: Option<i64>,
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Mapping {
    unique_event_name: String,
    form: String,
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Repeat {
    /// The unique name of the event; absent in a classic project.
    event_name: Option<String>,
    /// The instrument; absent when the whole event repeats.
    #[serde(default)]
    form_name: String,
    #[serde(default)]
    custom_form_label: String,
}

impl From<Design> for GivenDesign {
    fn from(given: Design) -> Self {
        let arm = |Arm { arm_num, name }| DesignArm { arm_num, name };
        let event = |Event { event_name, arm_num, day_offset, offset_min, offset_max }| DesignEvent {
            event_name,
            arm_num,
            day_offset,
            offset_min,
            offset_max,
        };
        let mapping = |Mapping { unique_event_name, form }| DesignMapping { unique_event_name, form };
        let repeat = |Repeat { event_name, form_name, custom_form_label }| DesignRepeat {
            event_name,
            form_name,
            custom_form_label,
        };
        Self {
            dictionary: given.dictionary,
            arms: given.arms.into_iter().map(arm).collect(),
            events: given.events.into_iter().map(event).collect(),
            form_event_mapping: given.form_event_mapping.into_iter().map(mapping).collect(),
            repeating: given.repeating.into_iter().map(repeat).collect(),
        }
    }
}

/// Whether it is only shown.
pub(super) fn order_of(dry_run: bool, expected_digest: Option<String>) -> Result<Order, Problem> {
    match expected_digest {
        _ if dry_run => Ok(Order::Preview),
        Some(digest) if digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(Order::Apply(digest.to_ascii_lowercase()))
        }
        Some(_) => {
            Err(Problem::Invalid("expected_digest is the digest of a preview: 64 hexadecimal digits".to_owned()))
        }
        None => Err(Problem::Invalid(
            "expected_digest is missing: ask for a preview with dry_run first, look at it, and hand its digest back"
                .to_owned(),
        )),
    }
}

/// The names of records, each once.
pub(super) fn named_records(names: Vec<String>) -> Result<Vec<String>, Problem> {
    let names: std::collections::BTreeSet<String> = names.into_iter().map(|name| name.trim().to_owned()).collect();
    if names.is_empty() || names.len() > RECORDS {
        return Err(Problem::Invalid(format!("records names 1 to {RECORDS} records; leave it out for all")));
    }
    if names.iter().any(|name| name.is_empty() || name.chars().count() > 100) {
        return Err(Problem::Invalid("records: a record's name has 1 to 100 characters".to_owned()));
    }
    Ok(names.into_iter().collect())
}
