//! The high-risk operations that change a REDCap project, and the import of its participants (guarantee 16): what each would
//! do, as a plain value that a preview shows and that is done only while REDCap is as it was shown.
//!
//! ```text
//!   preview ─► read REDCap ─► review ─► answer with its digest
//!   order   ─► read REDCap ─► review ─► the same digest? ─┬─ yes ─► write ─► read again: is it so?
//!                                                         └─ no ──► refused, nothing is changed
//! ```
//!
//! Invariants: a review is a function of what was read and of what is wanted; what it refuses is not written, whoever orders it;
//! its digest changes with each part of what it shows.

mod csv;
mod dictionary;
mod diff;
mod form;
mod from_settings;
mod imports;
mod init;
mod losses;
mod problems;
mod project_design;
mod push;
mod references;
mod rules;

pub use csv::{dictionary_to_csv, parse_dictionary};
pub use dictionary::{COLUMNS, Choice, FieldRow, dictionary_digest};
pub use diff::{ColumnChange, DictionaryDiff, FieldBrief, FieldChange, diff_dictionaries};
pub use form::{FormReview, review_form_deletion};
pub use from_settings::design_from_settings;
pub use imports::{ImportOutcome, ImportedRecord, import_digest};
pub use init::{InitReview, InitStep, PartChange, ProjectState, review_init};
pub use losses::{DataLoss, ToCount, losses_of};
pub use problems::dictionary_problems;
pub use project_design::{
    DesignArm, DesignEvent, DesignMapping, DesignRepeat, GivenDesign, ProjectDesign, unique_event_name,
};
pub use push::{PushReview, review_push};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Whether an operation is only shown, or done if REDCap still is as it was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Reads only, and tells what would be done.
    Preview,
    /// Does it, if this is the digest that the preview told.
    Apply(String),
}

impl Order {
    /// Compares what is there now with what the preview showed.
    ///
    /// # Errors
    /// Another state; says what to do.
    pub fn check(&self, digest: &str) -> Result<(), StaleOrder> {
        match self {
            Self::Apply(expected) if expected != digest => Err(StaleOrder),
            Self::Apply(_) | Self::Preview => Ok(()),
        }
    }

    /// Whether it only reads.
    #[must_use]
    pub fn is_preview(&self) -> bool {
        *self == Self::Preview
    }
}

/// What was previewed is not what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "REDCap or the study's settings are not what the preview showed any more, so nothing was changed; look at the preview \
     again, then order it with the digest that it tells"
)]
pub struct StaleOrder;

/// What of a project decides whether its design may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectFacts {
    /// REDCap's project id.
    pub project_id: i64,
    /// Its design changes by draft and approval only.
    pub in_production: bool,
    /// It has events.
    pub is_longitudinal: bool,
}

impl ProjectFacts {
    /// Why the design cannot be changed at all.
    fn refusal(&self) -> Option<String> {
        self.in_production.then(|| {
            format!(
                "the REDCap project {} is in production, where a dictionary is changed in draft mode only: make the change in \
                 REDCap and have it approved there",
                self.project_id
            )
        })
    }
}

/// Hex SHA-256 of plain values, the same for the same values.
fn digest_of(values: &impl Serialize) -> String {
    // Plain values of ours always serialize.
    let text = serde_json::to_string(values).unwrap_or_default();
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// The first of a list for a person, and how many more there are.
fn listed(items: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut text = items.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
    if items.len() > SHOWN {
        text.push_str(&format!("; and {} more", items.len() - SHOWN));
    }
    text
}

/// Why an operation is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.0))]
pub struct OperationRefusal(pub Vec<String>);

impl OperationRefusal {
    /// Refuses when there is a reason.
    ///
    /// # Errors
    /// The reasons.
    pub fn unless_empty(reasons: &[String]) -> Result<(), Self> {
        if reasons.is_empty() { Ok(()) } else { Err(Self(reasons.to_vec())) }
    }
}

#[cfg(test)]
mod tests;
