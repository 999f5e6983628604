//! Calls about records: export, import, the next free name, a survey's link.
//!
//! Invariant: an import succeeded only if REDCap names exactly the records that were sent.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    answer::Purpose,
    client::{Client, Form, push_list},
    error::CallError,
    wire::Row,
};

/// The longest record name that REDCap accepts, in characters.
const LONGEST_NAME: usize = 100;

/// What to export; an empty list means "all".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordQuery {
    pub records: Vec<String>,
    /// With fields or forms named, name the record id field too: some servers leave it out otherwise.
    pub fields: Vec<String>,
    pub forms: Vec<String>,
    pub events: Vec<String>,
    /// Adds `redcap_data_access_group`; REDCap ignores it for a user inside a group.
    pub export_dags: bool,
    /// Adds `redcap_survey_identifier` and each survey's `<form>_timestamp`.
    pub export_survey_fields: bool,
    /// Codes (`true`) or labels. Only codes can be imported again.
    pub raw: bool,
}

impl Default for RecordQuery {
    /// All records, all fields, as codes.
    fn default() -> Self {
        Self {
            records: vec![],
            fields: vec![],
            forms: vec![],
            events: vec![],
            export_dags: false,
            export_survey_fields: false,
            raw: true,
        }
    }
}

impl RecordQuery {
    fn form(&self) -> Form<'static> {
        let mut form: Form<'static> = vec![
            ("action".into(), "export".into()),
            ("type".into(), "flat".into()),
            ("rawOrLabel".into(), if self.raw { "raw" } else { "label" }.into()),
            ("exportDataAccessGroups".into(), self.export_dags.to_string().into()),
            ("exportSurveyFields".into(), self.export_survey_fields.to_string().into()),
        ];
        push_list(&mut form, "records", &self.records);
        push_list(&mut form, "fields", &self.fields);
        push_list(&mut form, "forms", &self.forms);
        push_list(&mut form, "events", &self.events);
        form
    }
}

impl Client {
    /// Exports rows. A record that does not exist has none; servers have been seen to leave out others, so callers that
    /// asked for certain records compare.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn export_records(&self, query: &RecordQuery) -> Result<Vec<Row>, CallError> {
        self.read("record", query.form()).await?.json()
    }

    /// Exports all rows of one record with its group and survey times, as codes; empty when there is no such record.
    ///
    /// # Errors
    /// [`CallError::WrongRecord`] when the rows are of another record (REDCap hashes record ids for some users), or any
    /// [`CallError`] of a read.
    pub async fn export_record(&self, id: &str) -> Result<Vec<Row>, CallError> {
        let query = RecordQuery {
            records: vec![id.to_owned()],
            export_dags: true,
            export_survey_fields: true,
            ..RecordQuery::default()
        };
        let rows = self.export_records(&query).await?;
        // The record id is the first column. REDCap compares names without regard to case.
        let is_asked = |row: &Row| row.iter().next().is_some_and(|(_, name)| same_record(name, id));
        if rows.iter().all(is_asked) { Ok(rows) } else { Err(CallError::WrongRecord { asked: id.to_owned() }) }
    }

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

    /// The name that REDCap would give the next record. Not a reservation: two callers may get the same.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn next_record_name(&self) -> Result<String, CallError> {
        self.read("generateNextRecordName", vec![]).await?.text("a record name", is_record_name)
    }

    /// The link of one record's survey; whoever has it can answer. `event` is needed in a longitudinal project.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn survey_link(
        &self,
        record: &str,
        instrument: &str,
        event: Option<&str>,
        repeat_instance: Option<u32>,
    ) -> Result<String, CallError> {
        let mut form: Form<'_> = vec![("record".into(), record.into()), ("instrument".into(), instrument.into())];
        form.extend(event.map(|event| ("event".into(), event.into())));
        form.extend(repeat_instance.map(|n| ("repeat_instance".into(), n.to_string().into())));
        self.read("surveyLink", form).await?.text("a survey link", is_link)
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

fn same_record(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn is_record_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= LONGEST_NAME
        && !text.contains(|c: char| c.is_control() || matches!(c, '<' | '>' | '{' | '"'))
}

fn is_link(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|link| matches!(link.scheme(), "http" | "https"))
        && !text.contains(char::is_whitespace)
}
