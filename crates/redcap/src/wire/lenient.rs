//! Readers for one JSON value in the forms that REDCap servers use for it.
//!
//! Invariant: a value is either read exactly or refused; `0.5` is never a whole number and text never a zero.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use serde_json::Value;

/// Text; a number becomes its digits, `null` becomes empty.
pub(super) fn text<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    match Value::deserialize(source)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Ok(String::new()),
        _ => Err(D::Error::custom("expected text, a number or null")),
    }
}

/// Text that may be absent: `null` and empty are `None`.
pub(super) fn optional_text<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    Ok(Some(text(source)?).filter(|text| !text.is_empty()))
}

/// A whole number, as a number or as text.
pub(super) fn integer<'de, D: Deserializer<'de>>(source: D) -> Result<i64, D::Error> {
    whole(&text(source)?).ok_or_else(|| D::Error::custom("expected a whole number"))
}

/// A whole number that may be absent: `null` and empty are `None`.
pub(super) fn optional_integer<'de, D: Deserializer<'de>>(source: D) -> Result<Option<i64>, D::Error> {
    match text(source)?.as_str() {
        "" => Ok(None),
        digits => whole(digits).map(Some).ok_or_else(|| D::Error::custom("expected a whole number or nothing")),
    }
}

/// REDCap's yes and no: `1` and `0`, as numbers or text; `null` and empty are no.
pub(super) fn flag<'de, D: Deserializer<'de>>(source: D) -> Result<bool, D::Error> {
    match Value::deserialize(source)? {
        Value::Bool(yes) => Ok(yes),
        Value::Null => Ok(false),
        Value::Number(number) if number.as_i64() == Some(1) => Ok(true),
        Value::Number(number) if number.as_i64() == Some(0) => Ok(false),
        Value::String(text) if text == "1" => Ok(true),
        Value::String(text) if text.is_empty() || text == "0" => Ok(false),
        _ => Err(D::Error::custom("expected 0 or 1")),
    }
}

/// Writes yes and no as REDCap does, `1` and `0`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to serialize_with")]
pub(super) fn write_flag<S: Serializer>(yes: &bool, sink: S) -> Result<S::Ok, S::Error> {
    sink.serialize_i64(i64::from(*yes))
}

/// Reads `7` and `7.0` (REDCap keeps day offsets as floating point), refuses `7.5`.
fn whole(digits: &str) -> Option<i64> {
    let digits = digits.trim();
    let head = digits
        .split_once('.')
        .map_or(Some(digits), |(head, tail)| (!tail.is_empty() && tail.bytes().all(|b| b == b'0')).then_some(head))?;
    head.parse().ok()
}
