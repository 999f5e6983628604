//! From status, content type and bytes to a value or a failure.
//!
//! Invariant: success needs all of it: status 200, no error body, no page, and content of the expected form. A field that
//! holds the words of an error is still data, so texts are searched for failures only where no answer can be read.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::{
    error::CallError,
    page::failure_page,
    refusal::parse_refusals,
    server_text::ServerText,
    trouble::{api_error, skip_blank},
};

/// How far into a body an answer may start after noise (SQL text, PHP warnings), in bytes.
const NOISE: usize = 4096;

/// Whether the call sent answers of participants, which decides what an error text may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Import,
    /// A change of the project itself: it can be refused as an import is, and sends no answers.
    Design,
}

/// A complete HTTP answer, redirects excluded.
pub(crate) struct Answer {
    pub(crate) purpose: Purpose,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Decodes a JSON answer.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        let body = self.content()?;
        let failure = match serde_json::from_slice(body) {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        if matches!(body.first(), Some(b'[' | b'{')) {
            return Err(undecodable(&failure));
        }
        match after_noise(body) {
            Some((noise, value)) => match failure_page(noise, None) {
                Some(page) => Err(page.at(self.status)),
                None => Ok(value),
            },
            None => Err(self.page(body).unwrap_or_else(|| undecodable(&failure))),
        }
    }

    /// Decodes a plain text answer; `accept` says which text has the right form.
    pub(crate) fn text(&self, what: &str, accept: impl Fn(&str) -> bool) -> Result<String, CallError> {
        let body = self.content()?;
        if let Some(page) = self.page(body) {
            return Err(page);
        }
        let text = std::str::from_utf8(body).unwrap_or_default().trim();
        if accept(text) {
            return Ok(text.to_owned());
        }
        Err(CallError::NotAnAnswer { detail: format!("it is not {what}") })
    }

    /// The body of a success, blanks and byte order marks removed.
    fn content(&self) -> Result<&[u8], CallError> {
        let body = skip_blank(&self.body);
        if let Some(message) = api_error(body) {
            return Err(self.refused(message));
        }
        if self.status != 200 {
            return Err(self.failed(body));
        }
        if body.is_empty() { Err(CallError::Empty) } else { Ok(body) }
    }

    /// The failure behind an error message in one of REDCap's forms.
    fn refused(&self, message: String) -> CallError {
        let status = self.status;
        if let Some(page) = failure_page(message.as_bytes(), None) {
            return page.at(status);
        }
        if message.contains("You do not have permissions to use the API") || status == 401 {
            return CallError::BadToken { status };
        }
        match (self.purpose, status) {
            (Purpose::Import, 200 | 400 | 406) => match parse_refusals(&message) {
                Some(refusals) => CallError::Validation(refusals),
                None => CallError::ImportRefused { status, message: ServerText::about_import(message) },
            },
            (Purpose::Design, 200 | 400 | 406) => {
                CallError::ImportRefused { status, message: ServerText::about_read(message) }
            }
            (Purpose::Import, _) => CallError::Refused { status, message: ServerText::about_import(message) },
            (Purpose::Read | Purpose::Design, _) => {
                CallError::Refused { status, message: ServerText::about_read(message) }
            }
        }
    }

    /// The failure behind a status other than 200 whose body is not an error message of REDCap.
    fn failed(&self, body: &[u8]) -> CallError {
        let status = self.status;
        match (self.page(body), status) {
            (Some(page), _) if !matches!(page, CallError::Html { .. }) => page,
            (_, 502..=504) => CallError::Gateway { status },
            (_, 500..=599) => CallError::ServerFailed { status },
            (Some(page), _) => page,
            (None, 400 | 406) if self.purpose == Purpose::Import => {
                CallError::ImportRefused { status, message: ServerText::about_import(String::from_utf8_lossy(body)) }
            }
            (None, 400 | 406) if self.purpose == Purpose::Design => {
                CallError::ImportRefused { status, message: ServerText::about_read(String::from_utf8_lossy(body)) }
            }
            (None, 401) => CallError::BadToken { status },
            (None, _) => CallError::Status { status },
        }
    }

    fn page(&self, body: &[u8]) -> Option<CallError> {
        Some(failure_page(body, self.content_type.as_deref())?.at(self.status))
    }
}

/// Finds an answer behind text that a server printed before it: the first `[` or `{` after a line, a tag or a statement
/// from which the rest of the body is one complete value of the expected form. A bracket inside a sentence does not count,
/// or a message ending in `[]` would read as "no rows".
fn after_noise<T: DeserializeOwned>(body: &[u8]) -> Option<(&[u8], T)> {
    let starts = (1..body.len().min(NOISE))
        .filter(|&at| matches!(body[at], b'[' | b'{') && matches!(body[at - 1], b'\n' | b'>' | b';' | 0xBF));
    starts.take(16).find_map(|at| {
        let (noise, rest) = body.split_at(at);
        Some((noise, serde_json::from_slice(rest).ok()?))
    })
}

/// Says where decoding stopped. A wrong type's message quotes the value, so only its place is kept.
pub(crate) fn undecodable(failure: &serde_json::Error) -> CallError {
    let text = failure.to_string();
    let detail = if failure.classify() == Category::Data && text.starts_with("invalid ") {
        format!("a value of an unexpected kind at line {} column {}", failure.line(), failure.column())
    } else {
        text
    };
    CallError::NotAnAnswer { detail }
}

#[cfg(test)]
mod tests;
