//! Pushing a data dictionary: what it would change, what it would destroy, and what forbids it.
//!
//! Invariant: a dictionary that takes away what the study's settings name, or that renames the records, is refused.

use super::references::references_to;
use super::rules::{settings_that_lack, settings_that_lose};
use super::{
    DataLoss, DictionaryDiff, FieldRow, ProjectFacts, ToCount, dictionary_digest, diff_dictionaries, digest_of,
    losses_of,
};
use crate::study::RedcapConfig;

/// What a push would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushReview {
    /// The difference.
    pub diff: DictionaryDiff,
    /// What is to be counted.
    pub to_count: Vec<ToCount>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Why it must not be done.
    pub refusals: Vec<String>,
    /// Of the dictionary that is there.
    pub before_digest: String,
    /// Of the dictionary that is wanted.
    pub after_digest: String,
}

/// Compares the dictionary that is there with the one that is wanted.
#[must_use]
pub fn review_push(
    config: &RedcapConfig,
    project: &ProjectFacts,
    current: &[FieldRow],
    next: &[FieldRow],
) -> PushReview {
    let diff = diff_dictionaries(current, next);
    let mut refusals: Vec<String> = project.refusal().into_iter().collect();
    refusals.extend(renamed_records(current, next));
    refusals.extend(settings_that_lose(config, current, next));
    let mut warnings = type_warnings(&diff);
    let gone: Vec<&str> = diff.removed().collect();
    warnings.extend(references_to(next, &gone));
    if project.is_longitudinal {
        let undesignated = |name: &String| {
            format!("the new instrument {name} belongs to no event until it is designated for some in REDCap")
        };
        warnings.extend(diff.instruments_added.iter().map(undesignated));
    }
    warnings.extend(settings_that_lack(config, current));
    PushReview {
        to_count: losses_of(current, &diff),
        warnings,
        refusals,
        before_digest: dictionary_digest(current),
        after_digest: dictionary_digest(next),
        diff,
    }
}

impl PushReview {
    /// What a preview of this shows, told by one digest.
    #[must_use]
    pub fn digest(&self, project: &ProjectFacts, losses: &[DataLoss]) -> String {
        let shown = (&self.before_digest, &self.after_digest, losses, &self.warnings, &self.refusals);
        digest_of(&("push_dictionary", project.project_id, shown))
    }
}

/// The first field names the records.
fn renamed_records(current: &[FieldRow], next: &[FieldRow]) -> Option<String> {
    let (was, is) = (current.first()?.name(), next.first()?.name());
    (was != is).then(|| {
        format!(
            "the first field names the records: it is {was:?} in REDCap and {is:?} in this dictionary; keep {was:?} first \
             (an empty project is given another by init-project)"
        )
    })
}

fn type_warnings(diff: &DictionaryDiff) -> Vec<String> {
    let changed = diff.fields_changed.iter().filter_map(|change| {
        let former = change.former_type.as_ref()?;
        let next =
            change.columns.iter().find(|column| column.column == "field_type").map_or("", |column| &column.after);
        let lost = match (former.as_str(), next) {
            ("checkbox", _) | (_, "checkbox") => "; what is stored cannot be read as the new type and is orphaned",
            _ => "; what is stored stays and may not fit the new type",
        };
        Some(format!("the type of {} changes from {former} to {next}{lost}", change.field))
    });
    let moved = diff.fields_changed.iter().filter_map(|change| {
        let from = change.moved_from.as_ref()?;
        let (field, to) = (&change.field, &change.instrument);
        Some(format!("{field} moves from {from} to {to}: values at events that do not collect {to} are hidden"))
    });
    changed.chain(moved).collect()
}
