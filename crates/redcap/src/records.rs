//! Reading records: export, the next free name, a survey's link.
//!
//! Invariant: rows of another record than the one asked for are a failure.

use chrono::NaiveDateTime;

use crate::{
    client::{Form, Reader, push_list},
    error::CallError,
    wire::Row,
};

/// The longest record name that REDCap accepts, in characters.
const LONGEST_NAME: usize = 100;
/// The longest link that browsers and mail programs take, in bytes.
const LONGEST_LINK: usize = 2_000;

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
    /// Only records that changed at or after this moment of the server's own clock. It lags behind by minutes, and says
    /// nothing of records that were deleted.
    pub changed_since: Option<NaiveDateTime>,
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
            changed_since: None,
        }
    }
}

impl RecordQuery {
    pub(crate) fn form(&self) -> Form<'static> {
        let mut form: Form<'static> = vec![
            ("action".into(), "export".into()),
            ("type".into(), "flat".into()),
            ("rawOrLabel".into(), if self.raw { "raw" } else { "label" }.into()),
            ("exportDataAccessGroups".into(), self.export_dags.to_string().into()),
            ("exportSurveyFields".into(), self.export_survey_fields.to_string().into()),
        ];
        let since = self.changed_since.map(|time| time.format("%Y-%m-%d %H:%M:%S").to_string());
        form.extend(since.map(|time| ("dateRangeBegin".into(), time.into())));
        push_list(&mut form, "records", &self.records);
        push_list(&mut form, "fields", &self.fields);
        push_list(&mut form, "forms", &self.forms);
        push_list(&mut form, "events", &self.events);
        form
    }
}

impl Reader {
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

fn same_record(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

/// A record's name in the form in which REDCap compares names.
pub(crate) fn folded(id: &str) -> String {
    id.trim().to_lowercase()
}

/// Whether a text can be a record's name here: what is shown to people and written to their terminals holds nothing that would act
/// there, no control character and none that turns the direction of text, and is at most 100 characters long.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.contains(acts)
}

fn acts(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_record_name(text: &str) -> bool {
    is_name(text) && !text.contains(['<', '>', '{', '"'])
}

fn is_link(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|link| matches!(link.scheme(), "http" | "https"))
        && text.len() <= LONGEST_LINK
        && !text.contains(|c: char| c.is_whitespace() || acts(c))
}
