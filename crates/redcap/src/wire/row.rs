//! One row of a record export or import: columns in the order in which they stand on the wire, every value text.
//!
//! Invariant: a row never shows its values in `Debug`; they are participants' answers.

use std::fmt;

use indexmap::IndexMap;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::Value;

/// The one column that REDCap writes as a number when it is set, and as `""` when it is not.
pub const REPEAT_INSTANCE: &str = "redcap_repeat_instance";

/// Columns and values of one record at one event and repeat instance (`content=record`, `type=flat`).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Row(IndexMap<String, String>);

impl Row {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a column; `Some("")` when REDCap sent it blank, `None` when it did not send it.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.0.get(column).map(String::as_str)
    }

    /// Sets a column, in place if it is there, at the end otherwise.
    pub fn set(&mut self, column: impl Into<String>, value: impl Into<String>) {
        self.0.insert(column.into(), value.into());
    }

    /// Columns with values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(column, value)| (column.as_str(), value.as_str()))
    }

    /// Column names, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<C: Into<String>, V: Into<String>> FromIterator<(C, V)> for Row {
    fn from_iter<I: IntoIterator<Item = (C, V)>>(cells: I) -> Self {
        Self(cells.into_iter().map(|(column, value)| (column.into(), value.into())).collect())
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.keys().map(|column| (column, "***"))).finish()
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let mut map = sink.serialize_map(Some(self.0.len()))?;
        for (column, value) in &self.0 {
            match value.parse::<i64>() {
                Ok(instance) if column == REPEAT_INSTANCE => map.serialize_entry(column, &instance)?,
                _ => map.serialize_entry(column, value)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(Cells)
    }
}

struct Cells;

impl<'de> Visitor<'de> for Cells {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let mut cells = IndexMap::with_capacity(map.size_hint().unwrap_or(0));
        while let Some(column) = map.next_key::<String>()? {
            let value = match map.next_value::<Value>()? {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Null => String::new(),
                // The value itself is an answer, so it stays out of the message.
                _ => return Err(A::Error::custom("a column holds neither text nor a number")),
            };
            cells.insert(column, value);
        }
        Ok(Row(cells))
    }
}
