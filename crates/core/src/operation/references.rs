//! Fields that the logic and the formulas of other fields name.

use std::collections::BTreeSet;

use super::FieldRow;

/// What of `rows` refers to one of the names that go: the field, its column, and the name.
pub(super) fn references_to(rows: &[FieldRow], gone: &[&str]) -> Vec<String> {
    let gone: BTreeSet<&str> = gone.iter().copied().collect();
    let mut found = vec![];
    for row in rows {
        let formula = if row.kind() == "calc" { row.get("select_choices_or_calculations") } else { "" };
        for (what, text) in [("branching logic", row.get("branching_logic")), ("calculation", formula)] {
            for name in named_in(text).intersection(&gone) {
                found.push(format!("the {what} of {} refers to {name}, which goes", row.name()));
            }
        }
    }
    found
}

/// The fields that a formula names: `[name]`, or `[name(code)]` of a checkbox.
fn named_in(text: &str) -> BTreeSet<&str> {
    let inner = text.split('[').skip(1).filter_map(|rest| rest.split([']', '(', ':']).next());
    inner.map(str::trim).collect()
}
