//! `type=eav`: one row per value becomes one flat row per record, event and instance.
//! Invariant: values of one place stay in the order in which they were sent; a checkbox's code becomes its column.

use super::answer::ApiError;
use super::sent::{SentRow, cell};
use crate::project::definition::Definition;
use crate::project::field::{Kind, checkbox_column};

const PLACE: [&str; 3] = ["redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"];

/// # Errors
/// 400 for a row that names no record or no field.
pub(super) fn flat(definition: &Definition, sent: &[SentRow]) -> Result<Vec<SentRow>, ApiError> {
    let mut rows: Vec<SentRow> = Vec::new();
    for row in sent {
        let (record, name) = (cell(row, "record"), cell(row, "field_name"));
        if record.is_empty() || name.is_empty() {
            return Err(ApiError::bad("Each row of the type \"eav\" needs the columns \"record\" and \"field_name\""));
        }
        let mut head: SentRow = vec![(definition.record_id_field().to_owned(), record.to_owned())];
        let place = PLACE.iter().filter(|column| !cell(row, column).is_empty());
        head.extend(place.map(|column| ((*column).to_owned(), cell(row, column).to_owned())));
        let index = rows.iter().rposition(|known| known.starts_with(&head) && same_place(known, &head));
        let index = index.unwrap_or_else(|| {
            rows.push(head);
            rows.len() - 1
        });
        if name != definition.record_id_field() {
            rows[index].push(value(definition, name, cell(row, "value")));
        }
    }
    Ok(rows)
}

/// Whether a row has exactly these identifying columns and no further one.
fn same_place(row: &SentRow, head: &SentRow) -> bool {
    row.get(head.len()).is_none_or(|(next, _)| !PLACE.contains(&next.as_str()))
}

fn value(definition: &Definition, name: &str, value: &str) -> (String, String) {
    let checkbox = definition.field(name).is_some_and(|field| field.kind == Kind::Checkbox);
    if checkbox { (checkbox_column(name, value), "1".to_owned()) } else { (name.to_owned(), value.to_owned()) }
}
