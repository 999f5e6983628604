//! `content=record`, export: flat rows, or one row per value (EAV).
//! Invariant: a person inside a group sees that group's records only, and never the group column.

use std::cmp::Ordering;

use super::Call;
use super::answer::{Answer, ApiError, Cells, CsvStyle};
use super::export_columns::{ExportColumn, Source, columns};
use super::export_request::ExportRequest;
use super::export_rows::Cursor;
use super::project_xml;
use crate::state::records::{Place, Record, Repeat, Row};

/// # Errors
/// 400 for parameters that make no sense.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    if call.params.get("format") == "odm" {
        return project_xml::export(call);
    }
    let answer = rows_of(call, &ExportRequest::of_params(call)?)?;
    let params = call.params;
    let raw = params.choice("rawOrLabel", &["raw", "label"]);
    call.note("Data export (API)", format!("export_format: {}, rawOrLabel: {raw}", params.format().word()));
    Ok(answer)
}

/// The rows that a request asks for, as far as the caller may see them.
///
/// # Errors
/// 400 for a field or form that does not exist.
pub(super) fn rows_of(call: &Call<'_>, request: &ExportRequest) -> Result<Answer, ApiError> {
    let definition = &call.project.definition;
    let columns = columns(definition, request)?;
    let mut rows: Vec<Cells> = Vec::new();
    let mut last_start = 0;
    for (id, record) in call.project.records.iter().filter(|(id, record)| sees(call, id, record, request)) {
        last_start = rows.len();
        for (place, row) in &record.rows {
            let event = &definition.events[place.event];
            if !(request.events.is_empty() || request.events.contains(&event.unique_name)) {
                continue;
            }
            let cursor = Cursor { definition, id, record, place, row, labels: request.labels, style: request.style };
            if !touches(place, &columns, row) || !request.logic.iter().all(|logic| cursor.holds(logic)) {
                continue;
            }
            if request.eav { cursor.eav(&columns, &mut rows) } else { rows.push(cursor.flat(&columns)) }
        }
    }
    if call.faults.lose_rows() {
        rows.truncate(last_start);
    }
    rows.sort_by(|one, other| by_order(one, other, &request.order));
    let labels = request.label_headers && !request.eav;
    let headers = labels.then(|| columns.iter().map(|column| column.label(definition)).collect());
    let csv = CsvStyle { delimiter: request.delimiter, headers };
    Ok(Answer::Rows { root: "records", format: request.format, csv, rows })
}

/// Numbers by their size, everything else as text; without an order the rows stay as they are.
fn by_order(one: &Cells, other: &Cells, order: &[(String, bool)]) -> Ordering {
    let text =
        |cells: &Cells, column: &str| cells.get(column).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let compare = |(column, falls): &(String, bool)| {
        let (one, other) = (text(one, column), text(other, column));
        let numbers = one.parse::<f64>().ok().zip(other.parse::<f64>().ok());
        let order = numbers.map_or_else(|| one.cmp(&other), |(one, other)| one.total_cmp(&other));
        if *falls { order.reverse() } else { order }
    };
    order.iter().map(compare).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// The records that a request asks for, each with only the rows and values that it wants, as a project file holds them.
///
/// # Errors
/// 400 for a field or form that does not exist.
pub(super) fn wanted_records<'a>(
    call: &'a Call<'_>,
    request: &ExportRequest,
) -> Result<Vec<(&'a str, Record)>, ApiError> {
    let definition = &call.project.definition;
    let columns = columns(definition, request)?;
    let all = request.fields.is_empty() && request.forms.is_empty();
    let mut wanted = Vec::new();
    for (id, record) in call.project.records.iter().filter(|(id, record)| sees(call, id, record, request)) {
        let mut kept = record.clone();
        kept.rows.retain(|place, row| {
            let event = &definition.events[place.event].unique_name;
            let cursor = Cursor { definition, id, record, place, row, labels: false, style: request.style };
            let meant = request.events.is_empty() || request.events.contains(event);
            meant && request.logic.iter().all(|logic| cursor.holds(logic))
        });
        if !all {
            let meant = |name: &String| columns.iter().any(|column| column.name == *name);
            for row in kept.rows.values_mut() {
                row.values.retain(|name, _| meant(name));
                row.files.retain(|name, _| meant(name));
            }
        }
        wanted.push((id, kept));
    }
    wanted.retain(|(_, record)| !record.rows.is_empty());
    Ok(wanted)
}

fn sees(call: &Call<'_>, id: &str, record: &Record, request: &ExportRequest) -> bool {
    let group = record.group.as_deref();
    let in_groups = request.groups.is_empty() || request.groups.iter().any(|wanted| Some(wanted.as_str()) == group);
    let named = request.records.as_ref().is_none_or(|records| records.contains(id));
    call.user.sees(group) && named && in_groups && in_range(call, record)
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
