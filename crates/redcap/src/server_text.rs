//! Words of a REDCap server inside our own errors.
//!
//! Invariant: what `Display` and `Debug` show can be logged. An answer to a read is shown shortened; an answer to an
//! import, which may quote a participant's answer, only when it has a form that is known to quote none. Whole words stay
//! reachable through [`ServerText::reveal`], for the screen of a person who may see the record.

use std::fmt;

/// Longest text shown, in characters.
const SHOWN: usize = 300;

/// Messages of live servers (bodies collected from public clients' live tests); `{}` stands for names of fields, forms
/// and events, never for values.
const KNOWN: &[&str] = &[
    "You do not have permissions to use the API",
    "You do not have API Import/Update privileges",
    "The requested method is not implemented.",
    "The value of the parameter \"{}\" is not valid",
    "The following fields were not found in the project as real data fields: {}",
    "The value is not a valid category for {}",
    "{} is a checkbox field and thus can only have a value of '1' (checked) or '0' (unchecked).",
    "The value you provided could not be validated because it does not follow the expected format. Please try again.",
    "redcap_repeat_instance must have a numeric value between '1' and '32767' for any Repeating Event or Repeating Instrument. Please add a valid numeric value to redcap_repeat_instance in the data import file and try again.",
    "(redcap_event_name=\"{}\") redcap_repeat_instance must have a numeric value between '1' and '32767' for any Repeating Event or Repeating Instrument. Please add a valid numeric value to redcap_repeat_instance in the data import file and try again.",
    "This field ('{}') exists on an instrument that is not designated for the event named '{}'. You are not allowed to import data for this field into this event.",
    "redcap_repeat_instrument must be the unique form name of a Repeating Instrument. It currently does not match the unique form name of any Repeating Instruments. Please fix this in the data import file and try again.",
    "redcap_repeat_instance cannot have a value since this instrument or event is not a repeating instrument or repeating event, respectively. The redcap_repeat_instance field must be left blank for this row of data.",
    "This field ('{}') exists on a Repeating Instrument named '{}'. However, the fields 'redcap_repeat_instance' and/or 'redcap_repeat_instrument' for this row of data have no value, which are both required for importing data into a Repeating Instrument. You are not allowed to import data for this field into a non-repeating instrument.",
];

/// What a server wrote, and how much of it may be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerText {
    raw: String,
    may_quote_answers: bool,
}

impl ServerText {
    /// The server's words about a call that sent no answers.
    pub(crate) fn about_read(raw: impl Into<String>) -> Self {
        Self { raw: raw.into(), may_quote_answers: false }
    }

    /// The server's words about an import.
    pub(crate) fn about_import(raw: impl Into<String>) -> Self {
        let raw = raw.into();
        let may_quote_answers = !KNOWN.iter().any(|template| fits(template, &one_line(&raw)));
        Self { raw, may_quote_answers }
    }

    /// The server's words, unabridged. They may quote a participant's answer: not for logs.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.raw
    }
}

impl fmt::Display for ServerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = one_line(&self.raw);
        let length = line.chars().count();
        if self.may_quote_answers {
            return write!(f, "(a message of {length} characters, withheld: it may quote an answer)");
        }
        f.write_str(&mask_tokens(&line).chars().take(SHOWN).collect::<String>())?;
        if length > SHOWN { f.write_str("…") } else { Ok(()) }
    }
}

impl fmt::Debug for ServerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// One line without control characters, runs of blanks as one: safe for a log, and comparable with [`KNOWN`].
fn one_line(text: &str) -> String {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    text.split(blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Replaces what looks like an API token (32 or more hexadecimal digits), should a server or proxy echo the request.
fn mask_tokens(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut run = String::new();
    for c in line.chars().map(Some).chain([None]) {
        if let Some(digit) = c.filter(char::is_ascii_hexdigit) {
            run.push(digit);
            continue;
        }
        shown.push_str(if run.len() >= 32 { "***" } else { &run });
        run.clear();
        shown.extend(c);
    }
    shown
}

/// Whether `line` is `template` with its holes filled. A last hole takes names only when the template begins or ends with
/// it, since nothing bounds it there.
fn fits(template: &str, line: &str) -> bool {
    let Some((head, mut literals)) = template.split_once("{}") else { return line == template };
    let Some(mut rest) = line.strip_prefix(head) else { return false };
    while let Some((literal, later)) = literals.split_once("{}") {
        let Some((_, tail)) = rest.split_once(literal) else { return false };
        (rest, literals) = (tail, later);
    }
    let names_only = template.starts_with("{}") || template.ends_with("{}");
    rest.strip_suffix(literals).is_some_and(|filling| !names_only || filling.split(", ").all(is_name))
}

/// Whether this is a name as REDCap writes them for fields and forms.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 100 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_import_messages_are_shown() {
        for text in [
            "The value is not a valid category for gender",
            "symptoms_exp___1 is a checkbox field and thus can only have a value of '1' (checked) or '0' (unchecked).",
            "The value you provided could not be validated because it does not follow the expected format. Please try again.",
            "This field ('x') exists on an instrument that is not designated for the event named 'Screening (Arm 1: Drug A)'. You are not allowed to import data for this field into this event.",
            "The following fields were not found in the project as real data fields: mood, sleep_h",
        ] {
            assert_eq!(ServerText::about_import(text).to_string(), text);
        }
        let blanks = "redcap_repeat_instance cannot have a value since this instrument or event is not a repeating instrument or repeating event, respectively.  The redcap_repeat_instance field must be left blank for this row of data.";
        assert_eq!(ServerText::about_import(blanks).to_string(), one_line(blanks));
    }

    #[test]
    fn unknown_import_messages_are_withheld_but_kept() {
        for text in [
            "Depressed since May",
            "The value is not a valid category for gender: Depressed since May",
            "The value is not a valid category for Depressed since May",
            "Depressed since May is a checkbox field and thus can only have a value of '1' (checked) or '0' (unchecked).",
        ] {
            let message = ServerText::about_import(text);
            assert!(!format!("{message} {message:?}").contains("Depressed"), "{message}");
            assert_eq!(message.reveal(), text);
        }
    }

    #[test]
    fn shown_text_is_one_short_line_without_tokens() {
        let token = "0123456789ABCDEF0123456789abcdef";
        let message = ServerText::about_read(format!("no\u{7}t\nfor {token}!")).to_string();
        assert_eq!(message, "no t for ***!");
        assert_eq!(ServerText::about_read(token).to_string(), "***");
        assert_eq!(ServerText::about_read("x ".repeat(400)).to_string().chars().count(), SHOWN + 1);
    }
}
