//! One value that REDCap refused during an import, read from the lines that it lists them in.
//!
//! Invariant: the refused value is a participant's answer; it leaves this type only through [`Refusal::value`] and never
//! through `Debug` or `Display`.

use std::fmt;

use crate::server_text::{ServerText, is_name};

/// `record`, `field`, refused value and REDCap's reason.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The record id as REDCap lists it.
    pub record: String,
    /// The field, or empty when the whole row is refused.
    pub field: String,
    pub message: ServerText,
    value: String,
}

impl Refusal {
    /// The refused value, a participant's answer: for the screen of a person who may see it, not for logs.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("record", &self.record)
            .field("field", &self.field)
            .field("value", &format_args!("***"))
            .field("message", &self.message)
            .finish()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}", self.record)?;
        if !self.field.is_empty() {
            write!(f, ", field {}", self.field)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Reads CSV lines `"record","field","value","message"`, one per refused value, from an error text.
///
/// `None` when the text has another form. A line that does not name a record and a field makes the whole text "another
/// form": a value with stray quotes can shift the columns, and then part of an answer would stand under `record`.
pub(crate) fn parse_refusals(text: &str) -> Option<Vec<Refusal>> {
    let text = text.trim();
    if !text.starts_with('"') {
        return None;
    }
    let mut lines = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let refusals = lines.records().map(|line| refusal(&line.ok()?)).collect::<Option<Vec<_>>>()?;
    (!refusals.is_empty()).then_some(refusals)
}

fn refusal(line: &csv::StringRecord) -> Option<Refusal> {
    let [record, field, value, message] = line.iter().collect::<Vec<_>>().try_into().ok()?;
    let plausible = !record.is_empty()
        && record.len() <= 100
        && !record.contains(char::is_control)
        && (field.is_empty() || is_name(field));
    plausible.then(|| Refusal {
        record: record.to_owned(),
        field: field.to_owned(),
        message: ServerText::about_import(message),
        value: value.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_one_refused_value() {
        let text = "\"97\",\"gender\",\"2.0\",\"The value is not a valid category for gender\"\n\
            \"100\",\"redcap_repeat_instance\",\"\",\"(redcap_event_name=\"\"case_intake_arm_1\"\") redcap_repeat_instance must have a numeric value between '1' and '32767' for any Repeating Event or Repeating Instrument.  Please add a valid numeric value to redcap_repeat_instance in the data import file and try again.\"\n";
        let refusals = parse_refusals(text).unwrap_or_default();
        assert_eq!(refusals.len(), 2);
        assert_eq!(refusals[0].value(), "2.0");
        assert_eq!(refusals[0].to_string(), "record 97, field gender: The value is not a valid category for gender");
        assert!(refusals[1].to_string().starts_with(
            "record 100, field redcap_repeat_instance: (redcap_event_name=\"case_intake_arm_1\") redcap_repeat"
        ));
    }

    #[test]
    fn a_value_with_commas_quotes_and_lines_stays_in_its_column() {
        let text =
            "\"Ä-07\",\"notes\",\"I said \"\"no\"\",\nthen left\",\"The value is not a valid category for notes\"";
        let refusals = parse_refusals(text).unwrap_or_default();
        assert_eq!(refusals.len(), 1);
        assert_eq!(refusals[0].value(), "I said \"no\",\nthen left");
        let shown = format!("{:?} {}", refusals[0], refusals[0]);
        assert!(shown.contains("***") && !shown.contains("I said"), "{shown}");
    }

    #[test]
    fn other_forms_are_not_read_as_lines() {
        for text in [
            "",
            "You do not have API Import/Update privileges",
            "\"97\",\"gender\"",
            "\"97\",\"I feel low\",\"x\",\"y\"",
            "\"97\",\"notes\",\"a\",\"b\"\nthen left,\"c\",\"d\"",
        ] {
            assert_eq!(parse_refusals(text), None, "{text}");
        }
    }
}
