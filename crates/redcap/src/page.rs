//! Failures that come as a page or a sentence instead of an API answer, often with status 200.
//!
//! Invariant: only text that is not an answer is searched, so a record that holds such a sentence stays readable.

use crate::error::CallError;

/// How much of a body is searched, in bytes.
const SEARCHED: usize = 64 * 1024;

/// A failure without its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    OutOfMemory,
    DatabaseDown,
    Html,
}

impl Page {
    pub(crate) const fn at(self, status: u16) -> CallError {
        match self {
            Self::OutOfMemory => CallError::OutOfMemory { status },
            Self::DatabaseDown => CallError::DatabaseDown { status },
            Self::Html => CallError::Html { status },
        }
    }
}

/// Recognizes the sentences that live servers send (memory limit, lost database, "multiple browser tabs") and web pages.
/// A content type of HTML counts only for text that begins with a tag: REDCap labels plain answers so, too.
pub(crate) fn failure_page(text: &[u8], content_type: Option<&str>) -> Option<Page> {
    let text = String::from_utf8_lossy(text.get(..SEARCHED).unwrap_or(text)).to_lowercase();
    let holds = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
    if holds(&["ran out of server memory", "ran out of memory"]) {
        return Some(Page::OutOfMemory);
    }
    if holds(&["combination could not connect"]) {
        return Some(Page::DatabaseDown);
    }
    let labeled = content_type.is_some_and(|kind| kind.to_lowercase().contains("html"));
    let tagged = text.starts_with('<') && !text.starts_with("<?xml") && !text.starts_with("<hash>");
    let html = holds(&["<!doctype html", "<html", "<head>", "<body", "multiple browser tabs"]);
    (html || (labeled && tagged)).then_some(Page::Html)
}
