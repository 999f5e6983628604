//! Levels of rights as the API writes and reads them, for people and roles alike.
//! Invariant: levels by form are an object in JSON and `form:1,other:2` in a CSV cell; both are read back.

use serde_json::Value;

use super::answer::{ApiError, Cells, cells};
use super::sent::{SentRow, given};
use crate::project::definition::Definition;
use crate::state::people::{RANDOMIZATION_RIGHTS, RIGHTS, Rights};

/// `forms` and `forms_export`.
pub(super) fn form_levels(definition: &Definition, rights: &Rights) -> Cells {
    let by_form = |levels: &std::collections::BTreeMap<String, u32>| {
        let level = |form: &str| levels.get(form).copied().unwrap_or(rights.other_forms);
        Value::Object(cells(definition.forms.iter().map(|form| (form.name.as_str(), level(&form.name).into()))))
    };
    cells([("forms", by_form(&rights.forms)), ("forms_export", by_form(&rights.exports))])
}

/// Takes over the levels that a row names.
///
/// # Errors
/// 400 for a level that is no number, or a form that the project does not have.
pub(super) fn read_levels(definition: &Definition, row: &SentRow, rights: &mut Rights) -> Result<(), ApiError> {
    for right in RIGHTS.into_iter().chain(RANDOMIZATION_RIGHTS) {
        if let Some(text) = given(row, right).map(str::trim).filter(|text| !text.is_empty()) {
            rights.set(right, level(right, text)?);
        }
    }
    for (column, levels) in [("forms", &mut rights.forms), ("forms_export", &mut rights.exports)] {
        for (form, text) in by_form(given(row, column).unwrap_or("")) {
            if definition.form(&form).is_none() {
                return Err(ApiError::bad(format!("The form '{form}' in '{column}' does not exist in the project.")));
            }
            levels.insert(form, level(column, &text)?);
        }
    }
    Ok(())
}

fn level(name: &str, text: &str) -> Result<u32, ApiError> {
    text.trim().parse().map_err(|_| ApiError::bad(format!("The level '{text}' of '{name}' is not a number.")))
}

/// Reads `{"form":1}` and `form:1,other:2`.
fn by_form(text: &str) -> Vec<(String, String)> {
    if let Ok(Value::Object(levels)) = serde_json::from_str(text) {
        let level = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return levels.into_iter().map(|(form, value)| (form, level(value))).collect();
    }
    let pairs = text.split(',').filter_map(|pair| pair.split_once(':'));
    pairs.map(|(form, level)| (form.trim().to_owned(), level.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::by_form;

    #[test]
    fn both_spellings_are_read() {
        let expected = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())];
        assert_eq!(by_form("{\"a\":1,\"b\":\"2\"}"), expected);
        assert_eq!(by_form("a:1, b:2"), expected);
        assert!(by_form("").is_empty());
    }
}
