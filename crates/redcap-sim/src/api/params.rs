//! The parameters of one API request, however the client wrote them (`redcap.md` 2.1).
//! Invariant: urlencoded and multipart bodies mean the same; arrays may be indexed, bracketed or one comma text.

use std::collections::BTreeSet;

use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::answer::{ApiError, Format};
use super::heard::{ParsedRequest, Readings};

/// Larger bodies are cut off, as a web server in front of REDCap would.
const MAX_BODY_BYTES: usize = 256 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Params {
    pairs: Vec<(String, String)>,
    /// The multipart part `file`.
    file: Option<Upload>,
    readings: Readings,
}

/// A file as it was sent.
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

impl Params {
    /// # Errors
    /// 400 when the body cannot be read as a form.
    pub(super) async fn read(request: Request) -> Result<Self, ApiError> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        if kind.starts_with("multipart/form-data") {
            return Self::read_multipart(request).await;
        }
        let body = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES).await;
        let body = body.map_err(|_| ApiError::bad("The request body could not be read"))?;
        Ok(Self { pairs: form_urlencoded::parse(&body).into_owned().collect(), ..Self::default() })
    }

    async fn read_multipart(request: Request) -> Result<Self, ApiError> {
        let unreadable = || ApiError::bad("The request body could not be read");
        let mut parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
        let (mut pairs, mut file) = (Vec::new(), None);
        while let Some(part) = parts.next_field().await.map_err(|_| unreadable())? {
            let name = part.name().unwrap_or("").to_owned();
            let file_name = part.file_name().map(str::to_owned);
            let value = part.bytes().await.map_err(|_| unreadable())?;
            match file_name {
                Some(file_name) if name == "file" => file = Some(Upload { name: file_name, bytes: value.to_vec() }),
                _ => pairs.push((name, String::from_utf8_lossy(&value).into_owned())),
            }
        }
        Ok(Self { pairs, file, readings: Readings::default() })
    }

    pub(super) fn file(&self) -> Option<&Upload> {
        self.file.as_ref()
    }

    /// Notes from now on what is read.
    pub(super) fn listen(&mut self) {
        self.readings = Readings::wanted();
    }

    /// What was read since.
    pub(super) fn heard(&self, at: DateTime<Utc>) -> ParsedRequest {
        let base = |(key, _): &(String, String)| key.split_once('[').map_or(key.as_str(), |(base, _)| base).to_owned();
        let mut sent: BTreeSet<String> = self.pairs.iter().map(base).collect();
        sent.remove("token");
        ParsedRequest {
            at,
            content: self.last("content").to_owned(),
            action: self.action().to_owned(),
            parameters: self.readings.all(),
            sent,
        }
    }

    /// Notes what the call made of a parameter.
    pub(super) fn note(&self, name: &str, value: impl FnOnce() -> Value) {
        self.readings.note(name, value);
    }

    /// The last value of that name, as PHP keeps it; empty when absent.
    fn last(&self, name: &str) -> &str {
        let found = self.pairs.iter().rev().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    /// The text of a parameter; empty when absent.
    pub(super) fn get(&self, name: &str) -> &str {
        let text = self.last(name);
        self.note(name, || text.into());
        text
    }

    /// Which of these words a parameter says; the first when it is absent or says something else.
    pub(super) fn choice(&self, name: &str, words: &[&'static str]) -> &'static str {
        let said = self.last(name);
        let word = words.iter().find(|word| **word == said).or(words.first()).copied().unwrap_or_default();
        self.note(name, || word.into());
        word
    }

    /// Whose call it is, which is no part of what it asks.
    pub(super) fn token(&self) -> &str {
        self.last("token").trim()
    }

    pub(super) fn content(&self) -> &str {
        self.last("content")
    }

    /// What an import brings, as it was sent.
    pub(super) fn data(&self) -> &str {
        self.last("data")
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }

    /// `action`; without one a call that brings data imports and any other exports (`redcap.md` 2.1).
    pub(super) fn action(&self) -> &str {
        match self.last("action") {
            "" if self.has("data") => "import",
            "" => "export",
            named => named,
        }
    }

    /// `records[0]=1`, `records[]=1` or `records=1,2`, in order of appearance and without blanks.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let mut items = Vec::new();
        for (key, value) in &self.pairs {
            if key == name {
                items.extend(value.split(',').map(str::trim).map(str::to_owned));
            } else if key.strip_prefix(name).is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']')) {
                items.push(value.trim().to_owned());
            }
        }
        items.retain(|item| !item.is_empty());
        self.note(name, || items.clone().into());
        items
    }

    /// `True`, `true`, `TRUE` and `1` alike.
    pub(super) fn flag(&self, name: &str) -> bool {
        let value = self.last(name);
        let yes = value == "1" || value.eq_ignore_ascii_case("true");
        self.note(name, || yes.into());
        yes
    }

    /// `format`; XML when absent or unknown.
    pub(super) fn format(&self) -> Format {
        let format = Format::parse(self.last("format")).unwrap_or_default();
        self.note("format", || format.word().into());
        format
    }

    /// `returnFormat`; the format when absent.
    pub(super) fn return_format(&self) -> Format {
        let format = Format::parse(self.last("returnFormat")).or_else(|| Format::parse(self.last("format")));
        let format = format.unwrap_or_default();
        self.note("returnFormat", || format.word().into());
        format
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(body: &str) -> Params {
        Params { pairs: form_urlencoded::parse(body.as_bytes()).into_owned().collect(), ..Params::default() }
    }

    #[test]
    fn arrays_come_in_every_spelling() {
        assert_eq!(params("records%5B1%5D=7&records[0]=9&other=1").list("records"), ["7", "9"]);
        assert_eq!(params("records[]=7&records[]=").list("records"), ["7"]);
        assert_eq!(params("fields=a, b,,c").list("fields"), ["a", "b", "c"]);
        assert!(params("recordsX[0]=1").list("records").is_empty());
    }

    #[test]
    fn booleans_ignore_case_and_formats_default_to_xml() {
        let params = params("a=True&b=1&c=FALSE&format=json");
        assert_eq!(["a", "b", "c", "d"].map(|name| params.flag(name)), [true, true, false, false]);
        assert_eq!(params.return_format(), Format::Json);
        assert_eq!(Params::default().return_format(), Format::Xml);
    }
}
