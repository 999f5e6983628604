//! The rows of an import, read from JSON or CSV into columns and texts.
//! Invariant: nothing is judged here except the shape; a JSON object instead of an array is REDCap's silent nothing.

use serde_json::Value;

use super::answer::{ApiError, Format};
use super::params::Params;
use crate::project::xml::{self, Element};

/// Columns and values in the order in which they were sent.
pub(super) type SentRow = Vec<(String, String)>;

/// What a row says in a column; blank when it has none.
pub(super) fn cell<'a>(row: &'a [(String, String)], name: &str) -> &'a str {
    given(row, name).unwrap_or("")
}

/// What a row says in a column, if it has that column.
pub(super) fn given<'a>(row: &'a [(String, String)], name: &str) -> Option<&'a str> {
    row.iter().find(|(column, _)| column == name).map(|(_, value)| value.as_str())
}

/// The rows of anything but records, where one JSON object is one row. That is an assumption: no public source says.
///
/// # Errors
/// As [`read`].
pub(super) fn read_rows(params: &Params) -> Result<Vec<SentRow>, ApiError> {
    let data = params.data().trim();
    if params.format() == Format::Json && data.starts_with('{') {
        let rows = json(&format!("[{data}]"))?;
        note(params, &rows);
        return Ok(rows);
    }
    read(params)
}

/// # Errors
/// 400 when the data are missing or cannot be read. The words for this are not public; ours name the reason.
pub(super) fn read(params: &Params) -> Result<Vec<SentRow>, ApiError> {
    let data = params.data().trim_start_matches('\u{feff}');
    if data.trim().is_empty() {
        return Err(ApiError::bad("The parameter \"data\" is missing or empty"));
    }
    let rows = match params.format() {
        Format::Json => json(data),
        Format::Csv => csv(data, params.get("csvDelimiter")),
        Format::Xml => xml(data),
    }?;
    note(params, &rows);
    Ok(rows)
}

/// An import's data are noted as the rows that were read, whatever they were written in.
fn note(params: &Params, rows: &[SentRow]) {
    let row = |row: &SentRow| row.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    params.note("data", || rows.iter().map(|cells| Value::Object(row(cells))).collect());
}

fn unreadable(format: &str) -> ApiError {
    ApiError::bad(format!("The data being imported is not formatted correctly as {format}"))
}

fn json(data: &str) -> Result<Vec<SentRow>, ApiError> {
    let Value::Array(items) = serde_json::from_str(data).map_err(|_| unreadable("JSON"))? else {
        return Ok(Vec::new());
    };
    let row = |item: Value| match item {
        Value::Object(cells) => Ok(cells.into_iter().map(|(name, value)| (name, text(value))).collect()),
        _ => Err(unreadable("JSON")),
    };
    items.into_iter().map(row).collect()
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn csv(data: &str, delimiter: &str) -> Result<Vec<SentRow>, ApiError> {
    let delimiter = match delimiter {
        "tab" | "TAB" | "\t" => b'\t',
        other => other.bytes().next().unwrap_or(b','),
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(data.as_bytes());
    let header = reader.headers().map_err(|_| unreadable("CSV"))?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|_| unreadable("CSV"))?;
        let cells = header.iter().zip(record.iter());
        rows.push(cells.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    }
    Ok(rows)
}

/// `<records><item><field>value</field>…</item>…</records>`.
fn xml(data: &str) -> Result<Vec<SentRow>, ApiError> {
    let root = xml::parse(data).map_err(|_| unreadable("XML"))?;
    let pair = |element: &Element| format!("{}:{}", element.name, element.text());
    let nested = |element: &Element| element.children.iter().map(pair).collect::<Vec<_>>().join(",");
    let cell = |element: &Element| match element.children.is_empty() {
        true => (element.name.clone(), element.text().to_owned()),
        false => (element.name.clone(), nested(element)),
    };
    Ok(root.children("item").map(|item| item.children.iter().map(cell).collect()).collect())
}
