//! What a browser sent for a form, turned into the columns of a save.
//! Invariant: a box that is not sent is unchecked, a field that is not sent is blank; calculations and files stay alone.

use std::collections::BTreeMap;

use crate::project::field::{Field, Kind};

/// The pairs of an urlencoded form, in order.
pub(super) type Sent = Vec<(String, String)>;

pub(super) fn sent_value<'a>(sent: &'a Sent, name: &str) -> &'a str {
    sent.iter().rev().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// All columns of these fields that a person can fill in.
pub(super) fn answers<'a>(fields: impl Iterator<Item = &'a Field>, sent: &Sent) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for field in fields.filter(|field| !matches!(field.kind, Kind::Calc | Kind::File | Kind::Descriptive)) {
        for column in field.columns() {
            let value = sent_value(sent, &column);
            let value = match field.kind {
                Kind::Checkbox if value.is_empty() => "0".to_owned(),
                _ if field.validation.starts_with("datetime_") => local_time(field, value),
                _ => value.replace("\r\n", "\n"),
            };
            values.insert(column, value);
        }
    }
    values
}

/// Browsers write `2024-02-29T10:00` and leave zero seconds out.
fn local_time(field: &Field, value: &str) -> String {
    let value = value.replace('T', " ");
    let seconds = field.validation.starts_with("datetime_seconds_") && value.len() == "2024-02-29 10:00".len();
    if seconds { format!("{value}:00") } else { value }
}
