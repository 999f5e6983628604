//! REDCap's own file of a data dictionary: CSV, headed by the labels of its download or by the names of its API.
//!
//! Invariant: a column that is not REDCap's is refused and none is taken for another; what is missing is blank.

use super::problems::dictionary_problems;
use super::{COLUMNS, FieldRow, OperationRefusal};

/// Reads a dictionary and checks it.
///
/// # Errors
/// Each fault: of the file, or of the dictionary in it.
pub fn parse_dictionary(text: &str) -> Result<Vec<FieldRow>, OperationRefusal> {
    let rows = read(text).map_err(|reason| OperationRefusal(vec![reason]))?;
    OperationRefusal::unless_empty(&dictionary_problems(&rows))?;
    Ok(rows)
}

fn read(text: &str) -> Result<Vec<FieldRow>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(0, csv::Position::line);
        format!(
            "the dictionary is not readable as CSV (line {line}); send REDCap's own file, as \"Download the current data dictionary\" gives it"
        )
    };
    let header = reader.headers().map_err(|error| unreadable(&error))?.clone();
    let columns = header.iter().map(column_of).collect::<Result<Vec<usize>, String>>()?;
    for (index, (name, _)) in COLUMNS.iter().enumerate() {
        match columns.iter().filter(|column| **column == index).count() {
            0 if matches!(*name, "field_name" | "form_name" | "field_type") => {
                return Err(format!("the dictionary has no column {name:?}; send all 18 columns of REDCap's own file"));
            }
            0 | 1 => {}
            _ => return Err(format!("the dictionary has the column {name:?} twice")),
        }
    }
    let mut rows = vec![];
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() > columns.len() {
            let (has, head) = (record.len(), columns.len());
            return Err(format!(
                "line {line} of the dictionary has {has} values, its head {head} columns; quote values with commas"
            ));
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cell = |name: &str| {
            let wanted = COLUMNS.iter().position(|(known, _)| *known == name);
            let at = columns.iter().position(|column| Some(*column) == wanted);
            at.and_then(|at| record.get(at)).unwrap_or_default().to_owned()
        };
        rows.push(FieldRow::read(cell));
    }
    Ok(rows)
}

/// Which column of REDCap's a head is; older files spell some of them a little differently.
fn column_of(head: &str) -> Result<usize, String> {
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = plain(head);
    let is_it = |(name, label): &(&str, &str)| plain(name) == wanted || plain(label) == wanted;
    let older = match wanted.as_str() {
        "choicesorcalculations" => Some(5),
        "branchinglogic" => Some(11),
        "questionnumber" => Some(14),
        _ => None,
    };
    COLUMNS.iter().position(is_it).or(older).ok_or_else(|| {
        let head: String = head.chars().take(60).collect();
        format!("the dictionary has a column {head:?}, which is none of REDCap's 18; send REDCap's own file")
    })
}

/// Writes a dictionary as REDCap's file, headed by the names of the API.
#[must_use]
pub fn dictionary_to_csv(rows: &[FieldRow]) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(vec![]);
    let head = COLUMNS.map(|(name, _)| name);
    // Memory takes whatever is written to it.
    let _ = writer.write_record(head);
    for row in rows {
        let _ = writer.write_record(row.columns().map(|(_, text)| text));
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
