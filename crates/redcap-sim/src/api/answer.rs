//! How the API writes what it has to say: rows and errors as JSON, CSV or XML (`redcap.md` 2.3, 3.1).
//! Invariant: an error always carries both its status and its body in the wanted format.

use axum::http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Format {
    Json,
    Csv,
    #[default]
    Xml,
}

impl Format {
    pub(super) fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            "xml" => Some(Self::Xml),
            _ => None,
        }
    }

    /// As the log writes it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::Xml => "XML",
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xml => "text/xml; charset=utf-8",
        }
    }
}

const XML_HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>";

/// A refusal with REDCap's status and words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) message: String,
}

impl ApiError {
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into() }
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self { status: 403, message: message.to_owned() }
    }

    pub(super) fn render(&self, format: Format) -> Response {
        let body = match format {
            Format::Json => serde_json::json!({ "error": self.message }).to_string(),
            Format::Csv => format!("ERROR: {}", self.message),
            Format::Xml => format!("{XML_HEAD}<hash><error>{}</error></hash>", escaped(&self.message)),
        };
        respond(self.status, format.content_type(), body)
    }
}

/// What only a CSV answer needs to know.
pub(super) struct CsvStyle {
    pub(super) delimiter: char,
    /// Instead of the columns' names; REDCap's labels repeat (`Complete?`).
    pub(super) headers: Option<Vec<String>>,
}

impl Default for CsvStyle {
    fn default() -> Self {
        Self { delimiter: ',', headers: None }
    }
}

/// One row or object, in the order in which it is written.
pub(super) type Cells = Map<String, Value>;

pub(super) fn cells<'a>(pairs: impl IntoIterator<Item = (&'a str, Value)>) -> Cells {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The bare number with which REDCap answers most imports and deletions, the same in every format.
pub(super) fn count_of(things: usize) -> Answer {
    Answer::Text(things.to_string())
}

/// What a call answers with status 200.
pub(super) enum Answer {
    /// Rows under an XML root (`records`, `events`, …).
    Rows { root: &'static str, format: Format, csv: CsvStyle, rows: Vec<Cells> },
    /// One object, which CSV and XML write as a single row.
    Object { format: Format, object: Cells },
    /// As it is: a version, a record name, a link, a number.
    Text(String),
    /// A document; its name stands in the content type, where clients look for it.
    File { name: String, bytes: Vec<u8> },
    /// A finished body.
    Body { format: Format, body: String },
}

impl Answer {
    pub(super) fn table(root: &'static str, format: Format, rows: Vec<Cells>) -> Self {
        Self::Rows { root, format, csv: CsvStyle::default(), rows }
    }

    /// Rows from the wire's own types.
    pub(super) fn rows<T: Serialize>(root: &'static str, format: Format, items: &[T]) -> Self {
        let rows = items.iter().filter_map(|item| match serde_json::to_value(item) {
            Ok(Value::Object(row)) => Some(row),
            _ => None,
        });
        Self::Rows { root, format, csv: CsvStyle::default(), rows: rows.collect() }
    }

    pub(super) fn render(self) -> Response {
        match self {
            Self::Rows { root, format, csv: style, rows } => {
                let body = match format {
                    Format::Json => Value::Array(rows.into_iter().map(Value::Object).collect()).to_string(),
                    Format::Csv => csv(&rows, &style),
                    Format::Xml => xml(root, &rows),
                };
                respond(200, format.content_type(), body)
            }
            Self::Object { format, object } => {
                let body = match format {
                    Format::Json => Value::Object(object).to_string(),
                    Format::Csv => csv(&[object], &CsvStyle::default()),
                    Format::Xml => format!("{XML_HEAD}<items>{}</items>", xml_cells(&object)),
                };
                respond(200, format.content_type(), body)
            }
            Self::Text(text) => respond(200, "text/html; charset=UTF-8", text),
            Self::File { name, bytes } => file(&name, bytes),
            Self::Body { format, body } => respond(200, format.content_type(), body),
        }
    }
}

pub(super) fn respond(status: u16, content_type: &'static str, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, content_type)], body).into_response()
}

fn file(name: &str, bytes: Vec<u8>) -> Response {
    let kind = if bytes.starts_with(b"%PDF-") { "application/pdf" } else { "text/plain" };
    let name: String = name.chars().map(|c| if c == '"' || c.is_control() { '_' } else { c }).collect();
    let content_type = format!("{kind}; name=\"{name}\";charset=UTF-8");
    // Bytes beyond ASCII are allowed in a header's value, and REDCap sends them so.
    let value = HeaderValue::from_bytes(content_type.as_bytes());
    let value = value.unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    ([(CONTENT_TYPE, value)], bytes).into_response()
}

/// A count as an import answers it: `{"count":3}`, `3` or `<count>3</count>`.
pub(super) fn count(format: Format, count: usize) -> Answer {
    let body = match format {
        Format::Json => serde_json::json!({ "count": count }).to_string(),
        Format::Csv => count.to_string(),
        Format::Xml => format!("{XML_HEAD}<count>{count}</count>"),
    };
    Answer::Body { format, body }
}

/// An import that is said to go on after the answer.
pub(super) fn background(format: Format) -> Answer {
    let body = match format {
        Format::Json => "{\"success\":true}".to_owned(),
        Format::Csv => "true".to_owned(),
        Format::Xml => format!("{XML_HEAD}<success>true</success>"),
    };
    Answer::Body { format, body }
}

/// Record names as an import answers them.
pub(super) fn ids(format: Format, ids: &[String]) -> Answer {
    let body = match format {
        Format::Json => serde_json::json!(ids).to_string(),
        Format::Csv => format!("id\n{}\n", ids.iter().map(|id| csv_cell(id, ',')).collect::<Vec<_>>().join("\n")),
        Format::Xml => {
            let ids: String = ids.iter().map(|id| format!("<id>{}</id>", escaped(id))).collect();
            format!("{XML_HEAD}<ids>{ids}</ids>")
        }
    };
    Answer::Body { format, body }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        // Levels by form: `form:1,other:2`.
        Value::Object(pairs) => {
            pairs.iter().map(|(name, value)| format!("{name}:{}", text(value))).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

/// PHP's `fputcsv`: quotes only round a value with a blank, delimiter, quote, tab or line break; LF; header first.
fn csv(rows: &[Map<String, Value>], style: &CsvStyle) -> String {
    let Some(first) = rows.first() else { return "\n".into() };
    let cell = |value: &str| csv_cell(value, style.delimiter);
    let line = |cells: Vec<String>| format!("{}\n", cells.join(&style.delimiter.to_string()));
    let mut out = match &style.headers {
        Some(headers) => line(headers.iter().map(|name| cell(name)).collect()),
        None => line(first.keys().map(|name| cell(name)).collect()),
    };
    for row in rows {
        out.push_str(&line(row.values().map(|value| cell(&text(value))).collect()));
    }
    out
}

fn csv_cell(value: &str, delimiter: char) -> String {
    if value.contains([' ', '"', '\t', '\n', '\r', '\\', delimiter]) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

fn xml(root: &str, rows: &[Map<String, Value>]) -> String {
    let rows: String = rows.iter().map(|row| format!("<item>{}</item>\n", xml_cells(row))).collect();
    format!("{XML_HEAD}\n<{root}>\n{rows}</{root}>\n")
}

fn xml_cells(row: &Map<String, Value>) -> String {
    let cell = |(name, value): (&String, &Value)| match text(value) {
        _ if value.is_object() => format!("<{name}>{}</{name}>", value.as_object().map(xml_cells).unwrap_or_default()),
        empty if empty.is_empty() => format!("<{name}></{name}>"),
        full => format!("<{name}><![CDATA[{}]]></{name}>", full.replace("]]>", "]]]]><![CDATA[>")),
    };
    row.iter().map(cell).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
