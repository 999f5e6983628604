//! `content=record`, export: flat rows, or one row per value (EAV).
//! Invariant: a person inside a group sees that group's records only, and never the group column.

use serde_json::{Map, Value};

use super::Call;
use super::answer::{Answer, ApiError, CsvStyle, Format};
use super::export_columns::{ExportColumn, Source, columns, refuse_unknown};
use super::export_rows::Cursor;
use crate::state::records::{Place, Record, Repeat, Row};

/// # Errors
/// 400 for parameters that make no sense.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let params = call.params;
    if !params.get("filterLogic").is_empty() {
        return Err(ApiError::bad("The simulated server does not evaluate the parameter \"filterLogic\""));
    }
    let definition = &call.project.definition;
    let events = params.list("events");
    let known = |name: &&String| definition.longitudinal && definition.event_index(name).is_none();
    refuse_unknown("events", events.iter().filter(known))?;
    let groups = params.flag("exportDataAccessGroups") && call.user.dag.is_none() && !definition.groups.is_empty();
    let columns = columns(definition, params, groups)?;
    let wanted: Vec<String> = params.list("records");
    let mut rows: Vec<Map<String, Value>> = Vec::new();
    let eav = params.get("type") == "eav";
    let mut last_start = 0;
    for (id, record) in call.project.records.iter().filter(|(id, record)| sees(call, id, record, &wanted)) {
        last_start = rows.len();
        for (place, row) in &record.rows {
            let event = &definition.events[place.event];
            if !(events.is_empty() || events.contains(&event.unique_name)) || !touches(place, &columns, row) {
                continue;
            }
            let cursor = Cursor {
                definition,
                id,
                record,
                place,
                row,
                labels: params.get("rawOrLabel") == "label",
                checkbox_labels: params.flag("exportCheckboxLabel"),
                blank_gray: params.flag("exportBlankForGrayFormStatus"),
            };
            if eav { cursor.eav(&columns, &mut rows) } else { rows.push(cursor.flat(&columns)) }
        }
    }
    if call.faults.lose_rows() {
        rows.truncate(last_start);
    }
    let delimiter = match params.get("csvDelimiter") {
        "tab" | "TAB" | "\t" => '\t',
        other => other.chars().next().unwrap_or(','),
    };
    let labels = params.get("rawOrLabelHeaders") == "label" && params.format() == Format::Csv && !eav;
    let headers = labels.then(|| columns.iter().map(|column| column.label(definition)).collect());
    Ok(Answer::Rows { root: "records", format: params.format(), csv: CsvStyle { delimiter, headers }, rows })
}

fn sees(call: &Call<'_>, id: &str, record: &Record, wanted: &[String]) -> bool {
    let in_group = call.user.dag.is_none() || call.user.dag == record.group;
    in_group && (wanted.is_empty() || wanted.iter().any(|name| name == id)) && in_range(call, record)
}

/// `dateRangeBegin` and `dateRangeEnd` are in the server's time and go by the last change.
fn in_range(call: &Call<'_>, record: &Record) -> bool {
    let (from, to) = (call.params.get("dateRangeBegin"), call.params.get("dateRangeEnd"));
    if from.is_empty() && to.is_empty() {
        return true;
    }
    let modified = call.clock.text(record.modified);
    let noticed = record.modified <= call.now - call.faults.range_lag();
    noticed && (from.is_empty() || modified.as_str() >= from) && (to.is_empty() || modified.as_str() < to)
}

/// Whether a row has anything to do with the columns: repeat rows need a column of their form.
fn touches(place: &Place, columns: &[ExportColumn<'_>], row: &Row) -> bool {
    match &place.repeat {
        Repeat::Form { form, .. } => columns.iter().any(|column| column.form() == Some(form)),
        _ => columns.iter().any(|c| matches!(c.source, Source::RecordId) || row.values.contains_key(&c.name)),
    }
}
