//! Fields that the logic and the formulas of other fields name.

use super::FieldRow;

/// What of `rows` refers to one of the names that go: the field, its column, and the name.
pub(super) fn references_to(rows: &[FieldRow], gone: &[&str]) -> Vec<String> {
    let mut found = vec![];
    for row in rows {
        let formula = if row.kind() == "calc" { row.get("select_choices_or_calculations") } else { "" };
        for (what, text) in [("branching logic", row.get("branching_logic")), ("calculation", formula)] {
            for name in gone.iter().filter(|name| refers(text, name)) {
                found.push(format!("the {what} of {} refers to {name}, which goes", row.name()));
            }
        }
    }
    found
}

/// Whether a formula names the field: `[name]`, or `[name(code)]` of a checkbox.
fn refers(text: &str, name: &str) -> bool {
    text.match_indices('[').any(|(at, _)| {
        let inner = text[at + 1..].split(']').next().unwrap_or_default();
        inner.split(['(', ':']).next().is_some_and(|field| field.trim() == name)
    })
}
