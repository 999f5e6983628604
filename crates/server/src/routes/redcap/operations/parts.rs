//! What a preview is made of, as OpenAPI knows it; the worker writes it with the names of `metricis_core::operation`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What distinguishes two dictionaries.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct DictionaryDiffShown {
    instruments_added: Vec<String>,
    instruments_removed: Vec<String>,
    fields_added: Vec<FieldShown>,
    fields_removed: Vec<FieldShown>,
    fields_changed: Vec<FieldChangeShown>,
    /// Fields that stay stand in another order.
    order_changed: bool,
}

/// A field in few words.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct FieldShown {
    field: String,
    instrument: String,
    field_type: String,
    label: String,
}

/// How a field will be otherwise.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct FieldChangeShown {
    field: String,
    /// The instrument that it will stand on.
    instrument: String,
    columns: Vec<ColumnChangeShown>,
    /// The instrument that it leaves.
    moved_from: Option<String>,
    /// What it was, when its type changes.
    former_type: Option<String>,
    /// Choices that go.
    choices_removed: Vec<ChoiceShown>,
}

/// A column of the dictionary, before and after.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct ColumnChangeShown {
    /// Its name in REDCap's API.
    column: String,
    before: String,
    after: String,
}

/// A choice of a field.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct ChoiceShown {
    /// What is stored.
    code: String,
    /// What is read.
    label: String,
}

/// Stored values that would go.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct DataLossShown {
    field: String,
    instrument: String,
    /// The choice that goes; null when the whole field does.
    choice: Option<String>,
    /// Records that hold a value there.
    records: usize,
}

/// An arm, an event, a designation or a repeat, before and after.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct PartChangeShown {
    name: String,
    /// What it is; null when it is not there.
    before: Option<String>,
    /// What it will be; null when it goes.
    after: Option<String>,
}

/// One write to REDCap.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum InitStepShown {
    Settings,
    Dictionary,
    Arms,
    Events,
    FormEventMapping,
    Repeating,
}

/// A record, and what becomes of it.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct ImportedRecordShown {
    record: String,
    outcome: ImportOutcomeShown,
    /// Why, in the words of an event that fails.
    reason: Option<String>,
}

/// What becomes of a record: `enrol` makes it a participant, `left_to_event` leaves it to an event that waits or has failed.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ImportOutcomeShown {
    #[default]
    Enrol,
    Known,
    NotComplete,
    Refused,
    LeftToEvent,
    Absent,
}
