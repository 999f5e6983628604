//! Which participants a list shows, and in which pages.
//!
//! Invariant: what a person searches for is text, never a pattern; every list of participants narrows by the same text of SQL.

use metricis_core::ids::{ParticipantId, SiteId, StudyId};
use metricis_core::words::ParticipantStatus;
use sea_orm::Value;

use crate::sql;

/// Which participants to list.
#[derive(Clone, Debug)]
pub struct ParticipantFilter {
    /// Part of the code or of the record id, whatever the case of its ASCII letters.
    pub search: Option<String>,
    /// Only these.
    pub status: Option<ParticipantStatus>,
    /// Only of this site.
    pub site: Option<SiteId>,
    /// Only those whom a person should look at, or only the others; nobody looks at the withdrawn.
    pub review: Option<bool>,
    /// Rows at most.
    pub limit: u32,
    /// Rows to pass over.
    pub offset: u32,
    /// The last one of the former page.
    pub after: Option<ParticipantId>,
}

impl Default for ParticipantFilter {
    fn default() -> Self {
        Self { search: None, status: None, site: None, review: None, limit: 100, offset: 0, after: None }
    }
}

/// The condition on `participants p` whose values are [`ParticipantFilter::args`].
pub(crate) const MATCHES: &str = "p.study_id = $1 AND ($2 IS NULL OR p.status = $2) \
    AND ($3 IS NULL OR lower(p.participant_code) LIKE lower($3) ESCAPE '\\' \
         OR lower(p.external_id) LIKE lower($3) ESCAPE '\\') \
    AND ($4 IS NULL OR p.site_id = $4) AND ($5 IS NULL OR (p.extra_data->>'review' IS NOT NULL AND p.status <> 'withdrawn') = $5)";

impl ParticipantFilter {
    /// The values `$1` to `$5` of [`MATCHES`].
    pub(crate) fn args(&self, study: StudyId) -> Vec<Value> {
        sql::values![
            study.0,
            self.status.map(ParticipantStatus::as_str),
            self.search.as_deref().map(containing),
            self.site.map(|id| id.0),
            self.review,
        ]
    }
}

/// The pattern of `LIKE … ESCAPE '\'` for any text that contains `part`.
pub(crate) fn containing(part: &str) -> String {
    let escaped = part.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}
