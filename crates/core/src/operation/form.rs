//! Deleting an instrument. REDCap's API has no call for it: it is the dictionary without the instrument's fields.
//!
//! Invariant: what the settings name, and the field that names the records, cannot be deleted.

use super::references::references_to;
use super::rules::settings_that_lose;
use super::{FieldBrief, FieldRow, ProjectFacts, dictionary_digest, digest_of};
use crate::study::RedcapConfig;

/// What the deletion would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormReview {
    /// Its fields.
    pub fields: Vec<FieldBrief>,
    /// The dictionary without it.
    pub next: Vec<FieldRow>,
    /// Events that collect it.
    pub events: Vec<String>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Why it must not be done.
    pub refusals: Vec<String>,
    /// Of the dictionary that is there.
    pub before_digest: String,
    /// Of the dictionary without it.
    pub after_digest: String,
}

/// Takes an instrument out of a dictionary. `events` are those that collect it.
#[must_use]
pub fn review_form_deletion(
    config: &RedcapConfig,
    project: &ProjectFacts,
    dictionary: &[FieldRow],
    events: Vec<String>,
    form: &str,
) -> FormReview {
    let (gone, next): (Vec<FieldRow>, Vec<FieldRow>) =
        dictionary.iter().cloned().partition(|row| row.instrument() == form);
    let mut refusals: Vec<String> = project.refusal().into_iter().collect();
    if gone.is_empty() {
        refusals.push(format!("the REDCap project has no instrument {form:?}"));
    }
    if dictionary.first().is_some_and(|first| first.instrument() == form) {
        refusals.push(format!("the instrument {form:?} holds the field that names the records; it cannot be deleted"));
    } else {
        refusals.extend(settings_that_lose(config, dictionary, &next));
    }
    let names: Vec<&str> = gone.iter().map(FieldRow::name).collect();
    FormReview {
        fields: gone.iter().map(FieldBrief::of).collect(),
        events,
        warnings: references_to(&next, &names),
        refusals,
        before_digest: dictionary_digest(dictionary),
        after_digest: dictionary_digest(&next),
        next,
    }
}

impl FormReview {
    /// What a preview of this shows, told by one digest. `records` hold data in the instrument.
    #[must_use]
    pub fn digest(&self, project: &ProjectFacts, form: &str, records: usize) -> String {
        let shown = (&self.before_digest, &self.after_digest, &self.events, records, &self.warnings, &self.refusals);
        digest_of(&("delete_form", project.project_id, form, shown))
    }
}
