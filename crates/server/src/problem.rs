//! Everything that a request can be refused with: one enum, rendered as RFC 9457 `application/problem+json`.
//!
//! Invariant: a problem says what to do next and never holds a secret, an answer, or the inside of a failure; what an
//! operator needs beyond that is logged.

mod catalog;
mod render;

pub(crate) use catalog::problem_html;
pub use catalog::{KINDS, Kind, problems_markdown};
pub(crate) use render::{ProblemBody, Refusals};

use metricis_store::StoreError;
use metricis_store::intake::IntakeError;

/// The answer of a handler.
pub(crate) type Answer<T> = Result<axum::Json<T>, Problem>;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The request cannot be read: path, query, JSON, encoding.
    Malformed(String),
    /// Nobody is signed in, or the token has expired.
    Unauthenticated,
    /// The credentials are wrong; whether the account exists is not said.
    WrongCredentials,
    /// A DET without a proof, with a wrong one, or of an unknown project.
    WrongDetProof,
    /// A member without the role; says which role is needed.
    Forbidden(String),
    /// A changing request by cookie that the console does not seem to have made; says by which sign.
    CrossSite(&'static str),
    /// There is nothing here, or nothing for this caller.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The body did not arrive in time.
    Timeout,
    /// Somebody was quicker, or the state does not allow it.
    Conflict(String),
    /// The go/no-go board has red rows; the rows' names.
    BoardRed(Vec<String>),
    /// The body is larger than this many bytes.
    TooLarge(usize),
    /// The body has another type than this one.
    UnsupportedType(&'static str),
    /// Readable, but not acceptable; says why.
    Invalid(String),
    /// A DET that lacks these fields.
    DetIncomplete(Vec<&'static str>),
    /// Too many requests; seconds until the next is let through.
    RateLimited(u64),
    /// The person has this many streams open already.
    TooManyStreams(usize),
    /// A fault of ours; the log has it under the request's id.
    Internal,
    /// The database, or what a request needs, does not answer.
    Unavailable(String),
    /// The audit log has no chain to record this in.
    AuditChainLost(String),
    /// A sealed secret of the study cannot be opened with the configured keys.
    SecretUnreadable,
}

impl Problem {
    /// Logs a fault under the request's span and hides it from the caller.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "internal fault");
        Self::Internal
    }

    /// What the caller is told about this occurrence.
    pub(crate) fn detail(&self) -> Option<String> {
        Some(match self {
            Self::Malformed(text)
            | Self::Conflict(text)
            | Self::Invalid(text)
            | Self::Forbidden(text)
            | Self::Unavailable(text) => text.clone(),
            Self::BoardRed(rows) => format!("red: {}", rows.join("; ")),
            Self::AuditChainLost(owner) => format!("audit_chains names no chain of {owner}; nothing was changed"),
            Self::TooLarge(limit) => format!("the body may have {limit} bytes at most"),
            Self::CrossSite(sign) => (*sign).to_owned(),
            Self::UnsupportedType(expected) => format!("send {expected}"),
            Self::DetIncomplete(fields) => format!(
                "the form lacks {}; is this address configured as the project's Data Entry Trigger?",
                fields.join(", ")
            ),
            Self::RateLimited(seconds) => format!("try again in {seconds} s"),
            Self::TooManyStreams(open) => format!("{open} streams of changes are open in your name already"),
            Self::WrongDetProof => {
                "no valid proof for a known project: sign the body, or put the webhook secret into the \
                                    address as user info or ?token="
                    .to_owned()
            }
            _ => return None,
        })
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { constraint } => Self::Conflict(in_words(&constraint)),
            StoreError::Refused { reason } => Self::Invalid(reason),
            StoreError::Inconsistent(_) => Self::internal(error),
            StoreError::ChainLost { ref owner } => {
                tracing::error!(%error, "nothing can be recorded");
                Self::AuditChainLost(owner.clone())
            }
            StoreError::Unavailable(reason) => {
                tracing::error!(reason, "database unavailable");
                Self::Unavailable("the database does not answer; nothing was changed".to_owned())
            }
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Refused(reason) => Self::Invalid(reason),
            IntakeError::Stale | IntakeError::Unavailable(_) => {
                Self::Unavailable("the delivery could not be stored; send it again".to_owned())
            }
        }
    }
}

/// Constraints that people meet, in words; PostgreSQL names the constraint, SQLite its columns.
const CONSTRAINTS: &[(&str, &str, &str)] = &[
    ("ux_users_email", "users.email", "this address has an account already"),
    ("ux_studies_code", "studies.code", "a study with this code exists"),
    (
        "ux_studies_redcap_origin_project",
        "ux_studies_redcap_origin_project",
        "another running study uses this REDCap project",
    ),
    ("ux_sites_code", "sites.study_id, sites.code", "the study has a site with this code"),
    ("ux_sites_redcap_dag", "sites.study_id, sites.redcap_dag", "a site of the study has this data access group"),
    ("ux_consents_participant", "consents.participant_id", "the participant's consent is on record already"),
    ("ux_schedule_versions", "schedule_versions.participant_id", "schedule moved by somebody else"),
];

fn in_words(constraint: &str) -> String {
    let known = CONSTRAINTS.iter().find(|(name, columns, _)| constraint.contains(name) || constraint.contains(columns));
    known.map_or_else(|| constraint.to_owned(), |(_, _, words)| (*words).to_owned())
}
