//! Reading a project's log: which records were touched, deleted and renamed since a moment of REDCap's own clock.
//!
//! Invariants: a log line's details hold answers, so nothing of a line is kept but its time and the names of records; a rename is
//! read only from a line that is nothing but a rename, because any other line may quote what somebody typed.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDateTime};

use crate::{
    client::{Form, Reader},
    error::CallError,
    records::is_name,
    wire::Row,
};

/// How REDCap writes the times of its log, to the minute, in the server's own time zone.
const MINUTE: &str = "%Y-%m-%d %H:%M";

/// Which lines to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogQuery<'a> {
    /// The first minute, in the server's time; the whole log without it.
    pub begin: Option<NaiveDateTime>,
    /// The last minute, in the server's time.
    pub end: Option<NaiveDateTime>,
    /// Only the lines about this record.
    pub record: Option<&'a str>,
    /// The name of the project's record id field, as a rename has it.
    pub id_field: &'a str,
}

/// What became of a record as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordFate {
    /// It was deleted.
    Deleted,
    /// It has another name since.
    Renamed {
        /// The new name.
        to: String,
    },
}

/// One deletion or rename.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FateLine {
    /// When, in the server's time.
    pub at: NaiveDateTime,
    /// The record, by the name that it had.
    pub record: String,
    /// What became of it.
    pub fate: RecordFate,
}

/// What a stretch of the log says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogReading {
    /// The first line's time: REDCap sends the newest first, whatever its clock said meanwhile. A call adds a line of its own, so
    /// that after a call this is REDCap's now.
    pub newest: Option<NaiveDateTime>,
    /// Every record that a line is about.
    pub touched: BTreeSet<String>,
    /// Deletions and renames, oldest first.
    pub fates: Vec<FateLine>,
}

impl Reader {
    /// Reads a stretch of the log, in the memory of what it returns.
    ///
    /// # Errors
    /// [`CallError::NotAnAnswer`] when a line has no readable time, or any [`CallError`] of a read.
    pub async fn read_log(&self, query: LogQuery<'_>) -> Result<LogReading, CallError> {
        let mut reading = LogReading::default();
        self.each_row("log", form_of(query), |row| reading.take(&row, query.id_field)).await?;
        // REDCap sends the newest line first.
        reading.fates.reverse();
        Ok(reading)
    }
}

fn form_of(query: LogQuery<'_>) -> Form<'_> {
    let second = |time: NaiveDateTime, second: &str| format!("{}:{second}", time.format(MINUTE));
    let mut form: Form<'_> = vec![];
    form.extend(query.record.map(|record| ("record".into(), record.into())));
    form.extend(query.begin.map(|time| ("beginTime".into(), second(time, "00").into())));
    form.extend(query.end.map(|time| ("endTime".into(), second(time, "59").into())));
    form
}

impl LogReading {
    fn take(&mut self, row: &Row, id_field: &str) -> Result<(), CallError> {
        let cell = |name| row.get(name).unwrap_or_default();
        let time = cell("timestamp").get(..16).and_then(|text| NaiveDateTime::parse_from_str(text, MINUTE).ok());
        let time = time.filter(|time| (1990..2200).contains(&time.year()));
        let at = time.ok_or_else(|| CallError::NotAnAnswer { detail: "a log line has no time".to_owned() })?;
        self.newest = self.newest.or(Some(at));
        let record = cell("record").trim();
        // What no record is called is nobody's: the list of records tells it.
        if !is_name(record) {
            return Ok(());
        }
        self.touched.insert(record.to_owned());
        let action = cell("action");
        if action.starts_with("Delete record") {
            self.fates.push(FateLine { at, record: record.to_owned(), fate: RecordFate::Deleted });
        } else if action.starts_with("Update record")
            && let Some(from) = renamed_from(cell("details"), id_field, record)
        {
            self.touched.insert(from.to_owned());
            let fate = RecordFate::Renamed { to: record.to_owned() };
            self.fates.push(FateLine { at, record: from.to_owned(), fate });
        }
        Ok(())
    }
}

/// The former name in `record_id = 'NEW' (renamed from 'OLD')`, and in nothing else.
fn renamed_from<'a>(details: &'a str, id_field: &str, record: &str) -> Option<&'a str> {
    let rest = details.strip_prefix(id_field)?.strip_prefix(" = '")?.strip_prefix(record)?;
    let former = rest.strip_prefix("' (renamed from '")?.strip_suffix("')")?;
    (is_name(former) && former != record).then_some(former)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(timestamp: &str, action: &str, details: &str, record: &str) -> Row {
        [("timestamp", timestamp), ("username", "ada"), ("action", action), ("details", details), ("record", record)]
            .into_iter()
            .collect()
    }

    fn read(rows: &[Row]) -> Result<LogReading, CallError> {
        let mut reading = LogReading::default();
        rows.iter().try_for_each(|row| reading.take(row, "record_id"))?;
        Ok(reading)
    }

    #[test]
    fn a_line_tells_a_deletion_a_rename_or_a_touch() {
        let reading = read(&[
            line("2026-10-25 02:30", "Delete record (API) 9", "record_id = '9'", "9"),
            line("2026-10-25 02:10", "Update record 8", "record_id = '8' (renamed from '7')", "8"),
            line("2026-10-25 02:50:11", "Update record 5", "age = '42'", "5"),
            line("2026-10-25 02:00", "Data export (API)", "export_format: JSON", ""),
        ])
        .expect("readable");
        let fates: Vec<_> = reading.fates.iter().map(|line| (line.record.as_str(), line.fate.clone())).collect();
        let renamed = RecordFate::Renamed { to: "8".to_owned() };
        assert_eq!(fates, [("9", RecordFate::Deleted), ("7", renamed)]);
        assert_eq!(reading.touched, ["5", "7", "8", "9"].map(str::to_owned).into());
        assert_eq!(reading.newest.map(|at| at.format(MINUTE).to_string()).as_deref(), Some("2026-10-25 02:30"));
    }

    #[test]
    fn what_somebody_typed_is_no_rename_and_no_deletion() {
        let typed = "record_id = '8', notes = 'Delete record 7 (renamed from '7')'";
        let reading = read(&[
            line("2026-10-25 02:10", "Update record 8", typed, "8"),
            line("2026-10-25 02:10", "Update record 8", "notes = 'x' (renamed from '7')", "8"),
            line("2026-10-25 02:10", "Create record 8", "record_id = '8' (renamed from '7')", "8"),
        ])
        .expect("readable");
        assert!(reading.fates.is_empty(), "{:?}", reading.fates);
    }

    #[test]
    fn what_no_record_is_called_is_passed_over() {
        let reading = read(&[line("2026-10-25 02:10", "Delete record", "", "\u{1b}[31m8")]).expect("readable");
        assert_eq!(LogReading { newest: None, ..reading }, LogReading::default());
    }

    #[test]
    fn a_line_without_a_time_is_no_answer() {
        assert!(read(&[line("yesterday", "Update record 8", "", "8")]).is_err());
        assert!(
            read(&[line("0001-01-01 00:00", "Update record 8", "", "8")]).is_err(),
            "nor one of a year without REDCap"
        );
    }
}
