//! Which participants a list shows, and in which pages.
//!
//! Invariant: what a person searches for is text, never a pattern.

use metricis_core::ids::ParticipantId;
use metricis_core::words::ParticipantStatus;

/// Which participants to list.
#[derive(Clone, Debug)]
pub struct ParticipantFilter {
    /// Part of the code or of the record id, whatever the case of its ASCII letters.
    pub search: Option<String>,
    /// Only these.
    pub status: Option<ParticipantStatus>,
    /// Rows at most.
    pub limit: u32,
    /// The last one of the former page.
    pub after: Option<ParticipantId>,
}

impl Default for ParticipantFilter {
    fn default() -> Self {
        Self { search: None, status: None, limit: 100, after: None }
    }
}

/// The pattern of `LIKE … ESCAPE '\'` for any text that contains `part`.
pub(super) fn containing(part: &str) -> String {
    let escaped = part.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}
