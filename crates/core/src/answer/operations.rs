//! What the high-risk operations came to, previewed or done.
//!
//! Invariant: `digest` is of what is shown, and of nothing else; whoever orders hands it back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::operation::{DataLoss, DictionaryDiff, FieldBrief, ImportedRecord, InitStep, PartChange};

/// What `push_dictionary` would do, or did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DictionaryPush {
    /// Done; of a preview, that it may be done.
    pub success: bool,
    /// Nothing was written.
    pub dry_run: bool,
    /// Hand it back to have it done.
    pub digest: String,
    /// What changes.
    pub diff: DictionaryDiff,
    /// Stored values that go.
    pub losses: Vec<DataLoss>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Why it must not be done.
    pub refusals: Vec<String>,
    /// Of the dictionary before.
    pub before_digest: String,
    /// Of the dictionary after.
    pub after_digest: String,
    /// How many fields REDCap says it has stored.
    pub written: Option<u64>,
}

/// What `init_project` would do, or did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectInit {
    /// Done; of a preview, that it may be done.
    pub success: bool,
    /// Nothing was written.
    pub dry_run: bool,
    /// Hand it back to have it done.
    pub digest: String,
    /// The design was made from the study's settings.
    pub from_settings: bool,
    /// The dictionary of the design, as REDCap's CSV.
    pub design_dictionary: String,
    /// What changes of the dictionary.
    pub dictionary: DictionaryDiff,
    /// What changes of the arms.
    pub arms: Vec<PartChange>,
    /// What changes of the events.
    pub events: Vec<PartChange>,
    /// What changes of which instrument is collected when.
    pub form_event_mapping: Vec<PartChange>,
    /// What changes of what repeats.
    pub repeating: Vec<PartChange>,
    /// The project gets events.
    pub becomes_longitudinal: bool,
    /// REDCap's scheduling is switched on.
    pub enables_scheduling: bool,
    /// What is written, in this order.
    pub steps: Vec<InitStep>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Why it must not be done.
    pub refusals: Vec<String>,
    /// Of the dictionary before.
    pub before_digest: String,
    /// Of the dictionary after.
    pub after_digest: String,
}

/// What `delete_form` would do, or did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormDeletion {
    /// Done; of a preview, that it may be done.
    pub success: bool,
    /// Nothing was written.
    pub dry_run: bool,
    /// Hand it back to have it done.
    pub digest: String,
    /// The instrument.
    pub form: String,
    /// Its fields.
    pub fields: Vec<FieldBrief>,
    /// Events that collect it.
    pub events: Vec<String>,
    /// Records that hold data in it.
    pub records: usize,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Why it must not be done.
    pub refusals: Vec<String>,
    /// Of the dictionary before.
    pub before_digest: String,
    /// Of the dictionary after.
    pub after_digest: String,
}

/// What `import_participants` would do, or did. While it goes on the job's result is this too, with what is done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ParticipantImport {
    /// Done; of a preview, that it may be done. A record that is refused keeps no other one out.
    pub success: bool,
    /// Nothing was written.
    pub dry_run: bool,
    /// Hand it back to have it done.
    pub digest: String,
    /// How many records have each outcome.
    pub counts: BTreeMap<String, usize>,
    /// Participants made so far.
    pub enrolled: usize,
    /// Each record; those that need a person first.
    pub records: Vec<ImportedRecord>,
    /// Records that are counted and, for their number, not listed.
    pub not_listed: usize,
}
