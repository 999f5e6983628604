//! REDCap's own error bodies, in the three formats in which they arrive whatever format was asked for.
//!
//! Invariant: a body that is a proper answer is never taken for an error.

use serde_json::Value;

/// The longest error body that is looked at, in bytes; validation lists of 20 kB are real.
const LONGEST: usize = 4 * 1024 * 1024;

/// How far into a body an error may start after noise, in bytes.
const NOISE: usize = 4096;

/// The body without leading and trailing blanks and byte order marks.
pub(crate) fn skip_blank(mut body: &[u8]) -> &[u8] {
    loop {
        let trimmed = body.trim_ascii();
        match trimmed.strip_prefix("\u{feff}".as_bytes()) {
            Some(rest) => body = rest,
            None => return trimmed,
        }
    }
}

/// The message of an error body: JSON `{"error":…}`, CSV `ERROR: …`, XML `<hash><error>…</error></hash>`.
pub(crate) fn api_error(body: &[u8]) -> Option<String> {
    // Rows come as an array; an array is never an error, however long it is.
    if body.first() == Some(&b'[') || body.len() > LONGEST {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?;
    if text.starts_with('{') {
        return json_error(text);
    }
    if let Some(message) = text.get(..6).filter(|head| head.eq_ignore_ascii_case("error:")) {
        return Some(text[message.len()..].trim().to_owned());
    }
    if text.starts_with("<?xml") || text.starts_with("<hash>") {
        return xml_error(text);
    }
    let at = text.find("{\"error\"").filter(|at| *at <= NOISE)?;
    json_error(&text[at..])
}

/// `{"error":"…"}`; also when the server forgot to escape quotes inside, as older ones do.
fn json_error(text: &str) -> Option<String> {
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return match value.get("error")? {
            Value::String(message) => Some(message.clone()),
            other => Some(other.to_string()),
        };
    }
    let inner = text.strip_prefix('{')?.trim_start().strip_prefix("\"error\"")?;
    let inner = inner.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let inner = inner.strip_suffix('}')?.trim_end().strip_suffix('"')?;
    Some(inner.to_owned())
}

fn xml_error(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("<error>")?;
    let (message, _) = rest.split_once("</error>")?;
    let message = message.trim().trim_start_matches("<![CDATA[").trim_end_matches("]]>");
    let plain = [("&quot;", "\""), ("&#039;", "'"), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    Some(plain.iter().fold(message.to_owned(), |text, (entity, sign)| text.replace(entity, sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_found_in_every_format() {
        for body in [
            r#"{"error":"no \"x\""}"#,
            r#"{ "error" : "no "x"" }"#,
            "ERROR: no \"x\"",
            "error:no \"x\"\n",
            r#"<?xml version="1.0" encoding="UTF-8" ?><hash><error>no &quot;x&quot;</error></hash>"#,
            "<hash><error><![CDATA[no \"x\"]]></error></hash>",
            "SELECT 1;\n{\"error\":\"no \\\"x\\\"\"}",
        ] {
            assert_eq!(api_error(skip_blank(body.as_bytes())).as_deref(), Some("no \"x\""), "{body}");
        }
    }

    #[test]
    fn answers_are_not_errors() {
        for body in [
            "",
            "[]",
            r#"[{"record_id":"1","notes":"{\"error\":\"x\"}"}]"#,
            r#"{"project_id":7,"project_title":"error: none"}"#,
            r#"{"project_title":"{\"error\":\"x\"}"}"#,
            "14.9.1",
        ] {
            assert_eq!(api_error(skip_blank(body.as_bytes())), None, "{body}");
        }
    }

    #[test]
    fn blanks_and_marks_are_skipped_on_both_ends() {
        assert_eq!(skip_blank("\n\u{feff} \u{feff}[1] \r\n".as_bytes()), b"[1]");
        assert_eq!(skip_blank("\u{feff}\n".as_bytes()), b"");
    }
}
