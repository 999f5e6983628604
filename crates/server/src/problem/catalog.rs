//! The catalog of problems: what `type`, `title` and `status` each has, and the page generated from it.
//!
//! Invariant: a slug is part of the API; it is never reused for something else.

use axum::http::StatusCode;

use super::Problem;

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The last part of `type`: `/problems/<slug>`.
    pub slug: &'static str,
    /// The HTTP status.
    pub status: StatusCode,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $status:ident $slug:literal $title:literal $remedy:literal;)+) => {
        $(const $name: Kind = Kind { slug: $slug, status: StatusCode::$status, title: $title, remedy: $remedy };)+
        /// Every kind, by status.
        pub const KINDS: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    MALFORMED = BAD_REQUEST "malformed-request" "The request cannot be read"
        "Correct what `detail` names: the query, the JSON, or the form's encoding.";
    UNAUTHENTICATED = UNAUTHORIZED "unauthenticated" "Sign in first"
        "Send `Authorization: Bearer <token>` with a token that has not expired or been revoked; in the console, sign in again.";
    WRONG_CREDENTIALS = UNAUTHORIZED "wrong-credentials" "Not signed in"
        "Check the address and the password, or ask for a new link: a link works once and for a limited time.";
    WRONG_DET_PROOF = UNAUTHORIZED "wrong-det-proof" "The trigger is not proven"
        "Compare the webhook secret of the study with the one in REDCap's Data Entry Trigger address, and the project id.";
    FORBIDDEN = FORBIDDEN "forbidden" "Your role on this study does not allow it"
        "Ask an owner of the study for the role that `detail` names; a global role grants nothing on a study.";
    CROSS_SITE = FORBIDDEN "cross-site" "Not shown to come from the console"
        "With a session's cookie, send `X-Metricis-CSRF` with the value of `GET /api/auth/session`, from the console's own origin; programs use a token.";
    NOT_FOUND = NOT_FOUND "not-found" "Nothing here"
        "It does not exist, or not for you: whoever has no role on a study does not see that it exists.";
    METHOD_NOT_ALLOWED = METHOD_NOT_ALLOWED "method-not-allowed" "The path does not know this method"
        "See `/api/openapi.json`.";
    TIMEOUT = REQUEST_TIMEOUT "request-timeout" "The body did not arrive in time" "Send it again.";
    CONFLICT = CONFLICT "conflict" "The present state does not allow it"
        "Read it again: somebody was quicker, or `detail` says what stands in the way.";
    BOARD_RED = CONFLICT "board-red" "The go/no-go board has red rows"
        "Clear each row in `rows`; `metricis cutover check STUDY` says how.";
    TOO_LARGE = PAYLOAD_TOO_LARGE "payload-too-large" "The body is too large" "Keep to the limit in `limit_bytes`.";
    UNSUPPORTED_TYPE = UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" "The body has another type than expected"
        "Send the type that `detail` names.";
    INVALID = UNPROCESSABLE_ENTITY "invalid" "The request is readable but not acceptable" "Correct what `detail` names.";
    DET_INCOMPLETE = UNPROCESSABLE_ENTITY "det-incomplete" "The trigger's form lacks fields"
        "REDCap always sends the fields listed in `missing`; something else called this address.";
    RATE_LIMITED = TOO_MANY_REQUESTS "rate-limited" "Too many requests"
        "Wait for `retry_after_s` seconds. A refused trigger is not lost: its study is marked for reconcile.";
    TOO_MANY_STREAMS = TOO_MANY_REQUESTS "too-many-streams" "Too many streams of changes"
        "Close a page that is open elsewhere; its stream ends with it.";
    INTERNAL = INTERNAL_SERVER_ERROR "internal" "A fault on our side"
        "Give the `request_id` to the operator: the log has the cause under it.";
    UNAVAILABLE = SERVICE_UNAVAILABLE "unavailable" "Not available at the moment"
        "Nothing was changed. Try again; if it stays, look at `/api/health`.";
    AUDIT_CHAIN_LOST = SERVICE_UNAVAILABLE "audit-chain-lost" "There is no audit chain to record this in"
        "Stop: a sign of tampering. Nothing is done that cannot be recorded; `metricis audit verify` names the chain, escalate to security.";
    SECRET_UNREADABLE = SERVICE_UNAVAILABLE "secret-unreadable" "A sealed secret cannot be opened"
        "The server's keys do not open the study's webhook secret; see `metricis secrets rotate`.";
}

impl Problem {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static Kind {
        match self {
            Self::Malformed(_) => &MALFORMED,
            Self::Unauthenticated => &UNAUTHENTICATED,
            Self::WrongCredentials => &WRONG_CREDENTIALS,
            Self::WrongDetProof => &WRONG_DET_PROOF,
            Self::Forbidden(_) => &FORBIDDEN,
            Self::CrossSite(_) => &CROSS_SITE,
            Self::NotFound => &NOT_FOUND,
            Self::MethodNotAllowed => &METHOD_NOT_ALLOWED,
            Self::Timeout => &TIMEOUT,
            Self::Conflict(_) => &CONFLICT,
            Self::BoardRed(_) => &BOARD_RED,
            Self::TooLarge(_) => &TOO_LARGE,
            Self::UnsupportedType(_) => &UNSUPPORTED_TYPE,
            Self::Invalid(_) => &INVALID,
            Self::DetIncomplete(_) => &DET_INCOMPLETE,
            Self::RateLimited(_) => &RATE_LIMITED,
            Self::TooManyStreams(_) => &TOO_MANY_STREAMS,
            Self::Internal => &INTERNAL,
            Self::Unavailable(_) => &UNAVAILABLE,
            Self::AuditChainLost(_) => &AUDIT_CHAIN_LOST,
            Self::SecretUnreadable => &SECRET_UNREADABLE,
        }
    }
}

/// The page `docs/problems.md`.
#[must_use]
pub fn problems_markdown() -> String {
    let mut page = String::from(
        "# Problems\n\nEvery refusal is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, \
         `request_id`, \
         and the members that the last column names. This page is generated.\n\n\
         | type | status | title | what to do |\n|---|---|---|---|\n",
    );
    for kind in KINDS {
        page.push_str(&format!(
            "| `/problems/{}` | {} | {} | {} |\n",
            kind.slug,
            kind.status.as_u16(),
            kind.title,
            kind.remedy
        ));
    }
    page
}

/// The page of one kind, where its `type` leads; none without such a kind.
pub(crate) fn problem_html(slug: &str) -> Option<String> {
    let kind = KINDS.iter().find(|kind| kind.slug == slug)?;
    let text = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (title, remedy, status) = (text(kind.title), text(kind.remedy), kind.status.as_u16());
    Some(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} – Metricis</title></head><body><h1>{title}</h1>\
         <p>{remedy}</p><p>HTTP status {status}, <code>type</code> <code>/problems/{slug}</code>. What is special about an occurrence stands \
         in its <code>detail</code>.</p></body></html>"
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_slug_stands_once() {
        let slugs: BTreeSet<_> = KINDS.iter().map(|kind| kind.slug).collect();
        assert_eq!(slugs.len(), KINDS.len());
    }
}
