//! What is wrong with a dictionary before REDCap is asked.
//!
//! Invariant: every fault is told with its field; what is not certainly a fault is left to REDCap.

use std::collections::BTreeSet;

use super::FieldRow;

const KINDS: [&str; 12] = [
    "text",
    "notes",
    "radio",
    "dropdown",
    "checkbox",
    "yesno",
    "truefalse",
    "calc",
    "file",
    "slider",
    "descriptive",
    "sql",
];

/// Each fault of a dictionary, in words; empty when there is none.
#[must_use]
pub fn dictionary_problems(rows: &[FieldRow]) -> Vec<String> {
    let Some(first) = rows.first() else { return vec!["the dictionary has no fields".to_owned()] };
    let mut problems = vec![];
    if first.kind() != "text" {
        problems.push(format!("the first field, {:?}, names the records and must be of the type text", first.name()));
    }
    let mut names = BTreeSet::new();
    for row in rows {
        if !is_name(row.name()) {
            problems.push(format!(
                "the field name {:?} must begin with a letter and have lower-case letters, digits and underscores only",
                row.name()
            ));
        } else if !names.insert(row.name()) {
            problems.push(format!("the field {:?} stands twice", row.name()));
        }
        problems.extend(of_field(row));
    }
    for instrument in super::dictionary::instruments(rows) {
        let complete = format!("{instrument}_complete");
        if names.contains(complete.as_str()) {
            problems.push(format!(
                "the field {complete:?} is REDCap's own: it makes one for the instrument {instrument:?}"
            ));
        }
    }
    problems.extend(scattered(rows));
    problems
}

fn of_field(row: &FieldRow) -> Vec<String> {
    let (name, mut problems) = (row.name(), vec![]);
    if !is_name(row.instrument()) {
        problems.push(format!(
            "the field {name:?} has the instrument {:?}, which is no name of an instrument",
            row.instrument()
        ));
    }
    if !KINDS.contains(&row.kind()) {
        problems.push(format!("the field {name:?} has the type {:?}; it can be {}", row.kind(), KINDS.join(", ")));
    }
    let choices = row.choices();
    if row.has_choices() && choices.is_empty() {
        problems.push(format!("the field {name:?} has no choices"));
    }
    let mut codes = BTreeSet::new();
    for choice in &choices {
        if !codes.insert(choice.code.as_str()) {
            problems.push(format!("the field {name:?} has the choice {:?} twice", choice.code));
        }
    }
    problems
}

/// REDCap wants the fields of an instrument one after the other.
fn scattered(rows: &[FieldRow]) -> Vec<String> {
    let (mut closed, mut open, mut problems) = (BTreeSet::new(), "", vec![]);
    for row in rows {
        if row.instrument() == open {
            continue;
        }
        closed.insert(std::mem::replace(&mut open, row.instrument()));
        if closed.contains(open) {
            problems.push(format!(
                "the fields of the instrument {open:?} are not one after the other (see {:?})",
                row.name()
            ));
        }
    }
    problems
}

/// A name of a field or an instrument, as REDCap has them.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 100
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
