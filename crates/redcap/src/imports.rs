//! Importing records.
//!
//! Invariant: an import succeeded only if REDCap names exactly the records that were sent.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    answer::Purpose,
    client::{Client, Form},
    error::CallError,
    wire::Row,
};

impl Client {
    /// Imports rows (codes, dates as `YYYY-MM-DD`); a blank value leaves what REDCap has. All rows are stored or none.
    /// Returns the ids of the records, each once. Sending the same rows again changes nothing.
    ///
    /// # Errors
    /// [`CallError::Unsendable`] when there are no rows or one lacks `record_id_field`; [`CallError::Validation`] or
    /// [`CallError::ImportRefused`] when REDCap refuses them; [`CallError::Unconfirmed`] when it does not name exactly
    /// these records; any other [`CallError`].
    pub async fn import_records(&self, record_id_field: &str, rows: &[Row]) -> Result<Vec<String>, CallError> {
        let sent = distinct_ids(record_id_field, rows)?;
        // The error of a failed serialization could quote a value.
        let data = serde_json::to_string(rows)
            .map_err(|_| CallError::Unsendable { reason: "the rows cannot be written as JSON".into() })?;
        let form: Form<'_> = vec![
            ("action".into(), "import".into()),
            ("type".into(), "flat".into()),
            ("overwriteBehavior".into(), "normal".into()),
            ("forceAutoNumber".into(), "false".into()),
            ("dateFormat".into(), "YMD".into()),
            ("returnContent".into(), "ids".into()),
            ("data".into(), data.into()),
        ];
        let answer = self.call("record", Purpose::Import, form).await?.json::<Value>();
        confirm(sent, answer)
    }
}

fn distinct_ids(record_id_field: &str, rows: &[Row]) -> Result<BTreeSet<String>, CallError> {
    if rows.is_empty() {
        return Err(CallError::Unsendable { reason: "there are no rows to import".into() });
    }
    let id = |row: &Row| row.get(record_id_field).map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned);
    rows.iter()
        .map(id)
        .collect::<Option<_>>()
        .ok_or_else(|| CallError::Unsendable { reason: format!("a row lacks its record id in `{record_id_field}`") })
}

/// Compares the ids that REDCap names with those sent. `{"count":0}`, `[]` and silence confirm nothing.
fn confirm(sent: BTreeSet<String>, answer: Result<Value, CallError>) -> Result<Vec<String>, CallError> {
    let named = match answer {
        Ok(Value::Array(items)) => items.iter().filter_map(id_text).collect(),
        Ok(_) | Err(CallError::Empty) => BTreeSet::new(),
        Err(failure) => return Err(failure),
    };
    if named == sent {
        return Ok(sent.into_iter().collect());
    }
    Err(CallError::Unconfirmed {
        ids: sent.difference(&named).cloned().collect(),
        unexpected: named.difference(&sent).cloned().collect(),
    })
}

fn id_text(item: &Value) -> Option<String> {
    match item {
        Value::String(id) => Some(id.trim().to_owned()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}
