//! Finds a column of a flat row by its name, however many fields there are.
//! Invariant: an index is of one dictionary; who changes forms or fields puts a new one in its place.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::definition::{Column, Definition};
use super::field::Kind;

/// Made when it is first asked.
#[derive(Default)]
pub(crate) struct Index(OnceLock<HashMap<String, At>>);

/// Positions among the forms or the fields.
#[derive(Clone, Copy)]
enum At {
    Value(usize),
    Checkbox(usize),
    Complete(usize),
}

impl Index {
    pub(super) fn find<'a>(&self, definition: &'a Definition, name: &str) -> Option<Column<'a>> {
        match *self.0.get_or_init(|| all(definition)).get(name)? {
            At::Value(field) => definition.fields.get(field).map(Column::Value),
            At::Checkbox(field) => definition.fields.get(field).map(Column::Checkbox),
            At::Complete(form) => definition.forms.get(form).map(Column::Complete),
        }
    }
}

fn all(definition: &Definition) -> HashMap<String, At> {
    let mut all = HashMap::new();
    for (at, form) in definition.forms.iter().enumerate() {
        all.entry(format!("{}_complete", form.name)).or_insert(At::Complete(at));
    }
    // The first field is the record's name, which is no column like the others.
    for (at, field) in definition.fields.iter().enumerate().skip(1) {
        for column in field.columns() {
            all.entry(column).or_insert(if field.kind == Kind::Checkbox { At::Checkbox(at) } else { At::Value(at) });
        }
    }
    all
}
