//! What REDCap accepts as a value of a field, and its words when it does not (`redcap.md` 3.4).
//! Invariant: values are strict text (`1.0` is no `1`); required, branching and ranges are not enforced, as in an import.

use chrono::{NaiveDate, NaiveTime};

use crate::project::definition::{COMPLETE_LABELS, Column, Definition};
use crate::project::field::{Field, Kind};

/// One refused value, as REDCap lists them.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    pub record: String,
    pub field: String,
    /// What was sent. A participant's answer: it goes to whoever sent it and nowhere else.
    pub value: String,
    pub message: String,
}

impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Refusal");
        shown.field("record", &self.record).field("field", &self.field).field("message", &self.message);
        shown.finish_non_exhaustive()
    }
}

impl Refusal {
    /// `"record","field","value","message"` with doubled quotes inside.
    pub(crate) fn line(&self) -> String {
        let cells = [&self.record, &self.field, &self.value, &self.message];
        cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).join(",")
    }
}

/// The order of day, month and year in an import (`dateFormat`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateOrder {
    Ymd,
    Mdy,
    Dmy,
}

const BAD_FORMAT: &str =
    "The value you provided could not be validated because it does not follow the expected format. Please try again.";

/// The value as it is stored (dates in ISO form), or REDCap's message. Blanks are always fine.
pub(crate) fn check(
    definition: &Definition,
    column: Column<'_>,
    name: &str,
    value: &str,
    order: DateOrder,
) -> Result<String, String> {
    let stored = || Ok(value.to_owned());
    let no_category = |field: &str| Err(format!("The value is not a valid category for {field}"));
    if value.is_empty() || definition.is_missing_code(value) {
        return stored();
    }
    match column {
        Column::Complete(_) if value.parse().is_ok_and(|n: usize| n < COMPLETE_LABELS.len() && value.len() == 1) => {
            stored()
        }
        Column::Complete(_) => no_category(name),
        Column::Checkbox(_) if value == "0" || value == "1" => stored(),
        Column::Checkbox(_) => Err(format!(
            "{name} is a checkbox field and thus can only have a value of '1' (checked) or '0' (unchecked)."
        )),
        Column::Value(field) => match field.kind {
            Kind::Radio | Kind::Dropdown | Kind::YesNo | Kind::TrueFalse => {
                let known = field.choices().iter().any(|choice| choice.code == value);
                if known { stored() } else { no_category(name) }
            }
            Kind::Text | Kind::Slider => validated(field, value, order).ok_or_else(|| BAD_FORMAT.to_owned()),
            _ => stored(),
        },
    }
}

fn validated(field: &Field, value: &str, order: DateOrder) -> Option<String> {
    let kept = |good: bool| good.then(|| value.to_owned());
    let kind = if field.kind == Kind::Slider { "integer" } else { field.validation.as_str() };
    match kind {
        "integer" => kept(is_integer(value)),
        "number" => kept(is_number(value, None)),
        "number_1dp" => kept(is_number(value, Some(1))),
        "number_2dp" => kept(is_number(value, Some(2))),
        "number_3dp" => kept(is_number(value, Some(3))),
        "number_4dp" => kept(is_number(value, Some(4))),
        "time" => kept(is_time(value, "%H:%M", 5)),
        "time_hh_mm_ss" => kept(is_time(value, "%H:%M:%S", 8)),
        "time_mm_ss" => kept(value.len() == 5 && is_time(&format!("00:{value}"), "%H:%M:%S", 8)),
        "email" => kept(is_email(value)),
        "phone" => kept(is_phone(value)),
        "zipcode" => kept(is_zip(value)),
        "alpha_only" => kept(value.chars().all(|c| c.is_ascii_alphabetic())),
        "mrn_10d" => kept(value.len() == 10 && digits(value)),
        kind if kind.starts_with("datetime_seconds_") => date_and_time(value, order, "%H:%M:%S", 8),
        kind if kind.starts_with("datetime_") => date_and_time(value, order, "%H:%M", 5),
        kind if kind.starts_with("date_") => date(value, order),
        _ => kept(true),
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_integer(value: &str) -> bool {
    digits(value.strip_prefix(['-', '+']).unwrap_or(value))
}

fn is_number(value: &str, decimals: Option<usize>) -> bool {
    let unsigned = value.strip_prefix(['-', '+']).unwrap_or(value);
    match (unsigned.split_once('.'), decimals) {
        (Some((whole, part)), None) => (whole.is_empty() || digits(whole)) && digits(part),
        (Some((whole, part)), Some(count)) => digits(whole) && digits(part) && part.len() == count,
        (None, None) => digits(unsigned),
        (None, Some(_)) => false,
    }
}

fn is_time(value: &str, format: &str, length: usize) -> bool {
    value.len() == length && NaiveTime::parse_from_str(value, format).is_ok()
}

fn is_email(value: &str) -> bool {
    let Some((name, host)) = value.split_once('@') else { return false };
    let clean = |part: &str| !part.is_empty() && !part.contains([' ', '@']);
    clean(name) && clean(host) && host.split('.').count() > 1 && host.split('.').all(|part| !part.is_empty())
}

/// Ten digits in any of the usual spellings; area code and exchange begin with 2 to 9.
fn is_phone(value: &str) -> bool {
    let number = value.split_once(['x', 'X']).map_or(value, |(number, _)| number);
    if number.contains(|c: char| !(c.is_ascii_digit() || " ()-.+".contains(c))) {
        return false;
    }
    let all: String = number.chars().filter(char::is_ascii_digit).collect();
    let all = if all.len() == 11 { all.strip_prefix('1').unwrap_or(&all) } else { &all };
    all.len() == 10 && !all.starts_with(['0', '1']) && !all[3..].starts_with(['0', '1'])
}

fn is_zip(value: &str) -> bool {
    let (five, four) = value.split_once('-').map_or((value, None), |(five, four)| (five, Some(four)));
    five.len() == 5 && digits(five) && four.is_none_or(|four| four.len() == 4 && digits(four))
}

/// `2024-02-29`, `2024/2/9` or, by order, `2/29/2024` and `29-02-2024`; stored as ISO.
fn date(value: &str, order: DateOrder) -> Option<String> {
    let separator = if value.contains('/') { '/' } else { '-' };
    let parts: Vec<&str> = value.split(separator).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let (year, month, day) = match order {
        // A full ISO date is understood in any order.
        _ if a.len() == 4 => (a, b, c),
        DateOrder::Ymd => return None,
        DateOrder::Mdy => (c, a, b),
        DateOrder::Dmy => (c, b, a),
    };
    let short = |part: &str| digits(part) && (part.len() == 2 || (part.len() == 1 && separator == '/'));
    if year.len() != 4 || !digits(year) || !short(month) || !short(day) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some(date.to_string())
}

fn date_and_time(value: &str, order: DateOrder, format: &str, length: usize) -> Option<String> {
    let (day, time) = value.split_once(' ')?;
    is_time(time, format, length).then_some(())?;
    Some(format!("{} {time}", date(day, order)?))
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
