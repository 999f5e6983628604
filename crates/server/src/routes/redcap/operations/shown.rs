//! What came of an operation, the same whether the request waited for it or the job is asked later.

use std::collections::BTreeMap;

use metricis_core::operation::Order;
use metricis_store::StoredJob;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::outcome::{CallShown, answer_of};
use super::parts::{
    DataLossShown, DictionaryDiffShown, FieldShown, ImportedRecordShown, InitStepShown, PartChangeShown,
};

/// What a push of a dictionary would do, or did.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
struct DictionaryPush {
    /// Nothing was written.
    dry_run: bool,
    /// Hand it back as `expected_digest` to have it done.
    digest: String,
    diff: DictionaryDiffShown,
    /// Stored values that go.
    losses: Vec<DataLossShown>,
    /// What a person should know.
    warnings: Vec<String>,
    /// Why it must not be done; of a preview that is no success.
    refusals: Vec<String>,
    /// Of the dictionary before.
    before_digest: String,
    /// Of the dictionary after.
    after_digest: String,
    /// How many fields REDCap says it has stored; null when nothing was written.
    written: Option<u64>,
}

/// What an initialization would do, or did.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
struct ProjectInit {
    /// Nothing was written.
    dry_run: bool,
    /// Hand it back as `expected_digest` to have it done.
    digest: String,
    /// The design was made from the study's settings.
    from_settings: bool,
    /// The dictionary of the design, as REDCap's CSV.
    design_dictionary: String,
    dictionary: DictionaryDiffShown,
    arms: Vec<PartChangeShown>,
    events: Vec<PartChangeShown>,
    form_event_mapping: Vec<PartChangeShown>,
    repeating: Vec<PartChangeShown>,
    /// The project gets events.
    becomes_longitudinal: bool,
    /// REDCap's scheduling is switched on, for the events' days.
    enables_scheduling: bool,
    /// What is written, in this order.
    steps: Vec<InitStepShown>,
    /// What a person should know.
    warnings: Vec<String>,
    /// Why it must not be done; of a preview that is no success.
    refusals: Vec<String>,
    /// Of the dictionary before.
    before_digest: String,
    /// Of the dictionary after.
    after_digest: String,
}

/// What the deletion of an instrument would do, or did.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
struct FormDeletion {
    /// Nothing was written.
    dry_run: bool,
    /// Hand it back as `expected_digest` to have it done.
    digest: String,
    form: String,
    fields: Vec<FieldShown>,
    /// Events that collect it.
    events: Vec<String>,
    /// Records that hold data in it.
    records: usize,
    /// What a person should know.
    warnings: Vec<String>,
    /// Why it must not be done; of a preview that is no success.
    refusals: Vec<String>,
    /// Of the dictionary before.
    before_digest: String,
    /// Of the dictionary after.
    after_digest: String,
}

/// What an import of participants would do, or did.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
struct ParticipantImport {
    /// Nothing was written.
    dry_run: bool,
    /// Hand it back as `expected_digest` to have it done.
    digest: String,
    /// Outcome → how many records have it.
    counts: BTreeMap<String, usize>,
    /// Participants made so far, also by an import that failed midway.
    enrolled: usize,
    /// Each record; those that need a person first.
    records: Vec<ImportedRecordShown>,
    /// Records that are counted and, for their number, not listed.
    not_listed: usize,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Success {
    success: bool,
}

macro_rules! shown {
    ($($(#[$doc:meta])* $shown:ident of $answer:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Serialize, ToSchema)]
        pub(in crate::routes) struct $shown {
            #[serde(flatten)]
            call: CallShown,
            #[serde(flatten)]
            answer: $answer,
        }

        impl $shown {
            /// The outcome of an ended job.
            pub(in crate::routes) fn of(job: &StoredJob) -> Self {
                let Success { success } = answer_of(job);
                let mut answer: $answer = answer_of(job);
                // Also of one that failed, which has no answer.
                answer.dry_run = job.kind.order().is_some_and(Order::is_preview);
                Self { call: CallShown::of(job, success), answer }
            }
        }
    )+};
}

shown! {
    /// What a push of a dictionary came to; a preview that is no success tells in `refusals` why it must not be done.
    DictionaryPushShown of DictionaryPush,
    /// What an initialization came to; a preview that is no success tells in `refusals` why it must not be done.
    ProjectInitShown of ProjectInit,
    /// What the deletion of an instrument came to; a preview that is no success tells in `refusals` why it must not be done.
    FormDeletionShown of FormDeletion,
    /// What an import of participants came to.
    ParticipantImportShown of ParticipantImport,
}

#[cfg(test)]
mod tests;
