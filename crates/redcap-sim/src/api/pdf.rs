//! `content=pdf`: instruments as a document, blank or with one record's answers or all of them.
//! Invariant: what is sent is a complete PDF that any reader opens; it shows a person nothing beyond their group.

use super::Call;
use super::answer::{Answer, ApiError};
use super::places::{known_record, not_valid};
use crate::project::definition::Definition;
use crate::state::records::{Place, Record, Row};

/// # Errors
/// 400 for a record, event or instrument that does not exist.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let (params, definition) = (call.params, &call.project.definition);
    let instrument = params.get("instrument");
    if !instrument.is_empty() && definition.form(instrument).is_none() {
        return Err(not_valid("instrument"));
    }
    let event = match params.get("event") {
        "" => None,
        name => Some(definition.event_index(name).ok_or_else(|| not_valid("event"))?),
    };
    let wanted = |place: &Place| event.is_none_or(|event| event == place.event);
    let mut lines = vec![definition.title.clone(), String::new()];
    // Any value of `allRecords` asks for all.
    if params.has("allRecords") {
        let seen = call.project.records.iter().filter(|(_, record)| call.user.sees(record.group.as_deref()));
        seen.for_each(|(id, record)| answers(definition, id, record, instrument, &wanted, &mut lines));
    } else if params.get("record").is_empty() {
        questions(definition, instrument, None, &mut lines);
    } else {
        let id = known_record(call)?;
        let record = call.project.records.get(&id).ok_or_else(|| not_valid("record"))?;
        answers(definition, &id, record, instrument, &wanted, &mut lines);
    }
    call.note("Data export (API)", "Download data entry form as PDF (API)");
    Ok(Answer::File { name: "instruments.pdf".into(), bytes: document(&lines) })
}

fn answers(
    definition: &Definition,
    id: &str,
    record: &Record,
    instrument: &str,
    wanted: &dyn Fn(&Place) -> bool,
    lines: &mut Vec<String>,
) {
    for (place, row) in record.rows.iter().filter(|(place, _)| wanted(place)) {
        let event = &definition.events[place.event];
        lines.push(format!("Record {id}, {}", definition.event_title(event)));
        questions(definition, instrument, Some(row), lines);
        lines.push(String::new());
    }
}

fn questions(definition: &Definition, instrument: &str, row: Option<&Row>, lines: &mut Vec<String>) {
    for form in definition.forms.iter().filter(|form| instrument.is_empty() || form.name == instrument) {
        lines.push(form.label.clone());
        for field in definition.fields_of(&form.name) {
            let value = |column: &String| row.and_then(|row| row.values.get(column)).map_or("", String::as_str);
            let values: Vec<&str> = field.columns().iter().map(value).collect();
            lines.push(format!("    {}: {}", field.label, values.join(" ")));
        }
    }
}

const LINES_ON_A_PAGE: usize = 56;

/// Pages of text in Helvetica, with the table of objects that a reader looks for at the end.
fn document(lines: &[String]) -> Vec<u8> {
    let pages: Vec<&[String]> = lines.chunks(LINES_ON_A_PAGE).collect();
    let numbers: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Kids [{}] /Count {} >>", numbers.join(" "), pages.len()).into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
    ];
    for (index, page) in pages.iter().enumerate() {
        objects.push(
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
                5 + 2 * index
            )
            .into_bytes(),
        );
        let text: String = page.iter().map(|line| format!("({}) Tj T*\n", shown(line))).collect();
        // One byte for each character: the font knows no others.
        let stream: Vec<u8> = format!("BT /F1 10 Tf 14 TL 40 800 Td\n{text}ET").chars().map(|c| c as u8).collect();
        let mut object = format!("<< /Length {} >>\nstream\n", stream.len()).into_bytes();
        object.extend(stream);
        object.extend(b"\nendstream");
        objects.push(object);
    }
    assemble(&objects)
}

fn assemble(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n", index + 1).into_bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let start = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).into_bytes());
    for place in places {
        out.extend(format!("{place:010} 00000 n \n").into_bytes());
    }
    out.extend(
        format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1).into_bytes(),
    );
    out
}

/// A line as PDF writes text; what the font cannot show becomes a question mark.
fn shown(line: &str) -> String {
    let mut out = String::new();
    for c in line.chars().take(110) {
        match c {
            '(' | ')' | '\\' => out.extend(['\\', c]),
            ' '..='~' | '\u{a0}'..='\u{ff}' => out.push(c),
            c if c.is_control() => out.push(' '),
            _ => out.push('?'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::document;

    #[test]
    fn the_table_at_the_end_points_at_every_object() {
        let lines: Vec<String> = (0..100).map(|n| format!("line {n} (\u{4e2d} é)")).collect();
        let bytes = document(&lines);
        let text: String = bytes.iter().map(|byte| *byte as char).collect();
        assert!(text.starts_with("%PDF-") && text.ends_with("%%EOF\n"));
        let start: usize = text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
        let entries = text[start..].lines().skip(3).take_while(|line| line.ends_with(" n "));
        for (index, entry) in entries.enumerate() {
            let place: usize = entry[..10].parse().unwrap();
            assert!(bytes[place..].starts_with(format!("{} 0 obj\n", index + 1).as_bytes()));
        }
        assert!(text.contains("/Count 2") && text.contains("line 99 \\(? é\\)"));
    }
}
