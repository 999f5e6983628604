//! `content=record`, import: read, check everything, then store all or nothing.
//! Invariant: one bad value anywhere leaves the project untouched, and every bad value is listed. Never a DET.

use std::collections::BTreeMap;

use super::answer::{Answer, ApiError, background, count, ids};
use super::import_places::{Identity, designated, place};
use super::sent::{SentRow, cell, read};
use super::{Call, answer, import_eav};
use crate::project::definition::{Column, Definition};
use crate::project::field::Kind;
use crate::state::change::{Blanks, Change};
use crate::state::check::{DateOrder, Refusal, check};

/// Columns that identify a row or that REDCap fills in itself; they hold no data.
const SYSTEM_COLUMNS: [&str; 5] = [
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    "redcap_data_access_group",
    "redcap_survey_identifier",
];

/// # Errors
/// 400 with one line per refused value, or for data that cannot be read at all.
pub(super) fn import(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let mut sent = read(call.params)?;
    if call.params.choice("type", &["flat", "eav"]) == "eav" {
        sent = import_eav::flat(&call.project.definition, &sent)?;
    }
    unknown_columns(&call.project.definition, &sent)?;
    let names = record_names(call, &sent)?;
    let mut changes = Vec::new();
    let mut refusals = Vec::new();
    for (row, (_, record)) in sent.iter().zip(&names) {
        match change(call, row, record, &changes) {
            Ok(change) => changes.push(change),
            Err(mut refused) => refusals.append(&mut refused),
        }
    }
    if !refusals.is_empty() {
        let lines: Vec<String> = refusals.iter().map(Refusal::line).collect();
        return Err(ApiError::bad(lines.join("\n")));
    }
    Ok(store(call, changes, &names))
}

fn store(call: &mut Call<'_>, mut changes: Vec<Change>, names: &[(String, String)]) -> Answer {
    // As sent → as stored, each record once, in the order of the import.
    let mut touched: Vec<&(String, String)> = Vec::new();
    for name in names {
        if !touched.iter().any(|known| known.1 == name.1) {
            touched.push(name);
        }
    }
    if call.faults.lose_rows() {
        let lost = touched.pop().map(|name| name.1.clone());
        changes.retain(|change| Some(&change.record) != lost.as_ref());
    }
    for change in changes {
        call.project.apply(change, &call.user.username, "(API)", call.now);
    }
    let format = call.params.return_format();
    let new: Vec<String> = touched.iter().map(|(_, stored)| stored.clone()).collect();
    if call.params.flag("backgroundProcess") {
        // The work is done at once; a client cannot tell.
        return background(format);
    }
    match call.params.choice("returnContent", &["count", "ids", "auto_ids", "nothing"]) {
        "ids" => ids(format, &new),
        "auto_ids" if call.params.flag("forceAutoNumber") => {
            ids(format, &touched.iter().map(|(sent, stored)| format!("{stored},{sent}")).collect::<Vec<_>>())
        }
        "nothing" => answer::Answer::Text(String::new()),
        _ => count(format, new.len()),
    }
}

fn unknown_columns(definition: &Definition, sent: &[SentRow]) -> Result<(), ApiError> {
    let known = |name: &str| {
        let time = name.strip_suffix("_timestamp").is_some_and(|form| definition.form(form).is_some());
        time || name == definition.record_id_field()
            || SYSTEM_COLUMNS.contains(&name)
            || definition.column(name).is_some()
    };
    let mut unknown: Vec<&str> = Vec::new();
    for (name, _) in sent.iter().flatten() {
        if !known(name) && !unknown.contains(&name.as_str()) {
            unknown.push(name);
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let names = unknown.join(", ");
    Err(ApiError::bad(format!("The following fields were not found in the project as real data fields: {names}")))
}

/// For each row the record name as sent and the one under which it is stored.
fn record_names(call: &Call<'_>, sent: &[SentRow]) -> Result<Vec<(String, String)>, ApiError> {
    let id_field = call.project.definition.record_id_field();
    let mut given: BTreeMap<String, String> = BTreeMap::new();
    let mut next = call.project.records.next_name(call.project.group_id(&call.user));
    let mut names = Vec::new();
    for row in sent {
        let name = cell(row, id_field).trim();
        if name.is_empty() {
            return Err(ApiError::bad(format!("The record ID field '{id_field}' has no value in one of the rows")));
        }
        let stored = match given.get(name) {
            Some(stored) => stored.clone(),
            None if call.params.flag("forceAutoNumber") => {
                let this = next.clone();
                next = following(&this);
                this
            }
            None => name.to_owned(),
        };
        given.insert(name.to_owned(), stored.clone());
        names.push((name.to_owned(), stored));
    }
    Ok(names)
}

/// `12` after `11`, `1732-5` after `1732-4`.
fn following(name: &str) -> String {
    let (prefix, number) = name.rsplit_once('-').map_or(("", name), |(group, number)| (group, number));
    let number = number.parse::<u64>().unwrap_or(0).saturating_add(1);
    if prefix.is_empty() { number.to_string() } else { format!("{prefix}-{number}") }
}

fn change(call: &Call<'_>, row: &SentRow, record: &str, earlier: &[Change]) -> Result<Change, Vec<Refusal>> {
    let definition = &call.project.definition;
    let known = call.project.records.get(record);
    let identity = Identity {
        record,
        event: if definition.longitudinal { cell(row, "redcap_event_name") } else { "" },
        repeat_instrument: cell(row, "redcap_repeat_instrument"),
        repeat_instance: cell(row, "redcap_repeat_instance"),
    };
    let mut refusals = Vec::new();
    let mut refuse = |field: &str, value: &str, message: String| {
        let (record, field, value) = (record.to_owned(), field.to_owned(), value.to_owned());
        refusals.push(Refusal { record, field, value, message });
    };
    let place = place(definition, &identity, known, earlier).map_err(|refusal| vec![refusal])?;
    let order = match call.params.choice("dateFormat", &["YMD", "MDY", "DMY"]) {
        "MDY" => DateOrder::Mdy,
        "DMY" => DateOrder::Dmy,
        _ => DateOrder::Ymd,
    };
    let mut values = Vec::new();
    for (name, value) in row {
        let Some(column) = definition.column(name) else { continue };
        if matches!(column, Column::Value(field) if field.kind == Kind::File) {
            continue;
        }
        if value.is_empty() {
            values.push((name.clone(), String::new()));
            continue;
        }
        let faulty = call.faults.refuse(name);
        let checked = designated(definition, &place, column, name)
            .and_then(|()| check(definition, column, name, value, order))
            .and_then(|value| if faulty { Err(REFUSED_BY_FAULT.to_owned()) } else { Ok(value) });
        match checked {
            Ok(value) => values.push((name.clone(), value)),
            Err(message) => refuse(name, value, message),
        }
    }
    let own = call.user.dag.as_ref();
    if own.is_some() && known.is_some_and(|record| record.group.as_ref() != own) {
        refuse(definition.record_id_field(), record, "The record is not in your Data Access Group.".to_owned());
    }
    let group = group(call, row).unwrap_or_else(|value| {
        refuse("redcap_data_access_group", &value, "The value is not a valid unique group name.".to_owned());
        None
    });
    let blanks = blanks(call);
    if refusals.is_empty() { Ok(Change { record: record.into(), place, values, group, blanks }) } else { Err(refusals) }
}

fn blanks(call: &Call<'_>) -> Blanks {
    match call.params.choice("overwriteBehavior", &["normal", "overwrite"]) {
        "overwrite" => Blanks::Erase,
        _ => Blanks::Ignore,
    }
}

const REFUSED_BY_FAULT: &str =
    "The value you provided could not be validated because it does not follow the expected format. Please try again.";

/// The group a row puts its record into: that of the person, else the column's; an unknown one is an error.
fn group(call: &Call<'_>, row: &SentRow) -> Result<Option<Option<String>>, String> {
    if let Some(own) = &call.user.dag {
        return Ok(Some(Some(own.clone())));
    }
    match cell(row, "redcap_data_access_group") {
        "" => Ok(None),
        name if call.project.definition.group(name).is_some() => Ok(Some(Some(name.to_owned()))),
        name => Err(name.to_owned()),
    }
}
