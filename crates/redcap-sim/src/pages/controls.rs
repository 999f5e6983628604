//! One field of a form as a labeled control.
//! Invariant: every control has a label, and what it sends is what [`super::answers`] reads.

use std::collections::BTreeMap;

use super::html::{escape, options};
use crate::project::field::{Field, Kind, checkbox_column};

/// Stored values of a row by column.
pub(super) type Values = BTreeMap<String, String>;

/// The fields of one form with their section headers.
pub(super) fn controls<'a>(fields: impl Iterator<Item = &'a Field>, values: &Values, is_new: bool) -> String {
    let mut html = String::new();
    for field in fields {
        if !field.section_header.is_empty() {
            html.push_str(&format!("<h2>{}</h2>", plain(&field.section_header)));
        }
        let value = values.get(&field.name).map(String::as_str).filter(|value| !value.is_empty());
        let value = value.or_else(|| default_of(field).filter(|_| is_new)).unwrap_or("");
        html.push_str(&format!("<div class=\"field\">{}{}</div>", control(field, value, values), note(field)));
    }
    html
}

/// Labels may hold markup in REDCap; here they are shown as they were typed.
fn plain(text: &str) -> String {
    escape(text)
}

fn note(field: &Field) -> String {
    if field.note.is_empty() { String::new() } else { format!("<p class=\"note\">{}</p>", plain(&field.note)) }
}

/// `@DEFAULT="…"` among the field's annotations.
fn default_of(field: &Field) -> Option<&str> {
    field.annotation.split_once("@DEFAULT=\"")?.1.split('"').next()
}

fn control(field: &Field, value: &str, values: &Values) -> String {
    let (name, label) = (escape(&field.name), label(field));
    let text = |kind: &str, extra: &str, value: &str| {
        format!("<label>{label}<input type=\"{kind}\" name=\"{name}\" value=\"{}\"{extra}></label>", escape(value))
    };
    match field.kind {
        Kind::Notes => {
            format!("<label>{label}<textarea name=\"{name}\" rows=\"4\">{}</textarea></label>", escape(value))
        }
        Kind::Dropdown => {
            let choices = field.choices();
            let listed = choices.iter().map(|choice| (choice.code.as_str(), choice.label.as_str()));
            let listed = options([("", "")].into_iter().chain(listed), value);
            format!("<label>{label}<select name=\"{name}\">{listed}</select></label>")
        }
        Kind::Radio | Kind::YesNo | Kind::TrueFalse => radio(field, &label, value),
        Kind::Checkbox => checkbox(field, &label, values),
        Kind::Calc => {
            format!("<p><strong>{label}</strong><br>{} <span class=\"note\">(calculated)</span></p>", escape(value))
        }
        Kind::File => {
            format!("<p><strong>{label}</strong><br><span class=\"note\">Files are not kept here.</span></p>")
        }
        Kind::Descriptive => format!("<p>{label}</p>"),
        Kind::Slider => text("text", " inputmode=\"numeric\"", value),
        Kind::Text | Kind::Sql => match field.validation.as_str() {
            kind if kind.starts_with("date_") => text("date", "", value),
            kind if kind.starts_with("datetime_seconds_") => {
                text("datetime-local", " step=\"1\"", &value.replace(' ', "T"))
            }
            kind if kind.starts_with("datetime_") => text("datetime-local", "", &value.replace(' ', "T")),
            "integer" => text("text", " inputmode=\"numeric\"", value),
            kind if kind.starts_with("number") => text("text", " inputmode=\"decimal\"", value),
            _ => text("text", "", value),
        },
    }
}

fn label(field: &Field) -> String {
    let required = if field.required { " *" } else { "" };
    format!("{}{required}", plain(&field.label))
}

fn radio(field: &Field, label: &str, value: &str) -> String {
    let name = escape(&field.name);
    let option = |code: &str, text: &str| {
        let checked = if code == value { " checked" } else { "" };
        format!(
            "<label><input type=\"radio\" name=\"{name}\" value=\"{}\"{checked}>{}</label>",
            escape(code),
            plain(text)
        )
    };
    let listed: String = field.choices().iter().map(|choice| option(&choice.code, &choice.label)).collect();
    let none = option("", "no answer");
    format!("<fieldset class=\"options\"><legend>{label}</legend>{listed}{none}</fieldset>")
}

fn checkbox(field: &Field, label: &str, values: &Values) -> String {
    let box_of = |code: &str, text: &str| {
        let column = checkbox_column(&field.name, code);
        let checked = if values.get(&column).is_some_and(|value| value == "1") { " checked" } else { "" };
        format!(
            "<label><input type=\"checkbox\" name=\"{}\" value=\"1\"{checked}>{}</label>",
            escape(&column),
            plain(text)
        )
    };
    let listed: String = field.choices().iter().map(|choice| box_of(&choice.code, &choice.label)).collect();
    format!("<fieldset class=\"options\"><legend>{label}</legend>{listed}</fieldset>")
}
