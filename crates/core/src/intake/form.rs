//! The DET's form, read strictly: every value is text, the order is REDCap's own, record ids are not numbers.

/// Why a body is not a DET.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormRefusal {
    /// Not `application/x-www-form-urlencoded` in UTF-8.
    #[error("the body is not valid urlencoded UTF-8 ({0}); REDCap sends application/x-www-form-urlencoded")]
    Encoding(&'static str),
    /// Required fields are missing or blank.
    #[error("the form lacks {}; is this address configured as the project's Data Entry Trigger?", .0.join(", "))]
    Missing(Vec<&'static str>),
    /// A field has a value that it cannot have.
    #[error("the field {field} must be {expected}")]
    Invalid {
        /// The field's name.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A field is there more than once with different values.
    #[error("the field {0} is there twice with different values")]
    Doubled(&'static str),
}

/// A DET as REDCap sends it (system.md, *DET intake*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetForm {
    /// REDCap's project id.
    pub project_id: String,
    /// REDCap's base URL, with a trailing slash.
    pub redcap_url: String,
    /// The record; not necessarily a number.
    pub record: String,
    /// Unique form name.
    pub instrument: String,
    /// Unique event name, in longitudinal projects.
    pub event: Option<String>,
    /// Unique name of the record's data access group.
    pub dag: Option<String>,
    /// Unique form name of a repeating instrument.
    pub repeat_instrument: Option<String>,
    /// Which repetition.
    pub repeat_instance: Option<u32>,
    /// 0 incomplete, 1 unverified, 2 complete.
    pub complete: u8,
    /// Who saved, or `[survey respondent]`.
    pub username: String,
    /// The whole form as it came, for the record.
    pub pairs: Vec<(String, String)>,
}

impl DetForm {
    /// Reads a body.
    ///
    /// # Errors
    /// Broken encoding, missing or impossible fields; nothing of the body is echoed.
    pub fn parse(body: &[u8]) -> Result<Self, FormRefusal> {
        let fields = Fields(decode(body)?);
        let project_id = fields.present("project_id", "project_id")?;
        let record = fields.present("record", "record")?;
        let instrument = fields.present("instrument", "instrument")?;
        let redcap_url = fields.present("redcap_url", "redcap_url")?;
        let complete = match &instrument {
            Some(name) => fields.present(&format!("{name}_complete"), COMPLETE)?,
            None => None,
        };
        let (Some(project_id), Some(record), Some(instrument), Some(redcap_url), Some(complete)) =
            (&project_id, &record, &instrument, &redcap_url, &complete)
        else {
            let all = [
                ("project_id", &project_id),
                ("record", &record),
                ("instrument", &instrument),
                ("redcap_url", &redcap_url),
                (COMPLETE, &complete),
            ];
            return Err(FormRefusal::Missing(all.iter().filter(|(_, v)| v.is_none()).map(|(name, _)| *name).collect()));
        };
        if !project_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FormRefusal::Invalid { field: "project_id", expected: "a number" });
        }
        Ok(Self {
            project_id: project_id.clone(),
            redcap_url: redcap_url.clone(),
            record: record.clone(),
            instrument: instrument.clone(),
            complete: completion(complete)?,
            event: fields.optional("redcap_event_name")?,
            dag: fields.optional("redcap_data_access_group")?,
            repeat_instrument: fields.optional("redcap_repeat_instrument")?,
            repeat_instance: fields.optional("redcap_repeat_instance")?.as_deref().map(instance).transpose()?,
            username: fields.optional("username")?.unwrap_or_default(),
            pairs: fields.0,
        })
    }
}

/// How refusals name the field whose name depends on the instrument.
const COMPLETE: &str = "<instrument>_complete";

fn completion(text: &str) -> Result<u8, FormRefusal> {
    match text {
        "0" => Ok(0),
        "1" => Ok(1),
        "2" => Ok(2),
        _ => Err(FormRefusal::Invalid { field: COMPLETE, expected: "0, 1 or 2" }),
    }
}

fn instance(text: &str) -> Result<u32, FormRefusal> {
    match text.parse() {
        Ok(number @ 1..=32767) => Ok(number),
        _ => Err(FormRefusal::Invalid { field: "redcap_repeat_instance", expected: "a number from 1 to 32767" }),
    }
}

/// The form's fields, in their order.
struct Fields(Vec<(String, String)>);

impl Fields {
    /// The field's value, unless it is blank.
    fn present(&self, name: &str, label: &'static str) -> Result<Option<String>, FormRefusal> {
        Ok(self.find(name, label)?.filter(|text| !text.trim().is_empty()))
    }

    /// The field's value, unless it is empty.
    fn optional(&self, name: &'static str) -> Result<Option<String>, FormRefusal> {
        Ok(self.find(name, name)?.filter(|text| !text.is_empty()))
    }

    fn find(&self, name: &str, label: &'static str) -> Result<Option<String>, FormRefusal> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let first = values.next();
        if values.any(|value| Some(value) != first) {
            return Err(FormRefusal::Doubled(label));
        }
        Ok(first.cloned())
    }
}

fn decode(body: &[u8]) -> Result<Vec<(String, String)>, FormRefusal> {
    body.split(|byte| *byte == b'&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let mut halves = part.splitn(2, |byte| *byte == b'=');
            Ok((unescape(halves.next().unwrap_or_default())?, unescape(halves.next().unwrap_or_default())?))
        })
        .collect()
}

/// Strict where libraries are lenient: a stray `%` or a byte that is not UTF-8 must not become another record's id.
fn unescape(part: &[u8]) -> Result<String, FormRefusal> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
                let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
                    return Err(FormRefusal::Encoding("a % without two hex digits"));
                };
                u8::try_from(high * 16 + low).unwrap_or_default()
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).map_err(|_| FormRefusal::Encoding("bytes that are not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REAL: &str = "redcap_url=https%3A%2F%2Fredcap.example.edu%2F&project_url=https%3A%2F%2Fredcap.example.edu%2Fredcap_v15.0.1%2Findex.php%3Fpid%3D18&project_id=18&username=jsmith&record=4&instrument=form_1&form_1_complete=2";

    #[test]
    fn a_real_form_is_read_in_any_order() {
        let det = DetForm::parse(REAL.as_bytes()).expect("REDCap's own example");
        let turned: Vec<&str> = REAL.split('&').rev().collect();
        let again = DetForm::parse(turned.join("&").as_bytes()).expect("the same, turned round");
        assert_eq!((det.record.as_str(), det.complete, det.event.clone()), ("4", 2, None));
        assert_eq!((again.record, again.redcap_url), (det.record, "https://redcap.example.edu/".to_owned()));
    }

    #[test]
    fn record_ids_are_text() {
        for (wire, id) in [("332-1", "332-1"), ("%C3%84-07", "Ä-07"), ("a%20b", "a b")] {
            let det = DetForm::parse(REAL.replace("record=4", &format!("record={wire}")).as_bytes()).expect(wire);
            assert_eq!(det.record, id);
        }
    }

    #[test]
    fn bad_bodies_are_refused_with_their_reason() {
        let refused = |body: &str| DetForm::parse(body.as_bytes()).expect_err(body);
        assert_eq!(
            refused("record=4&instrument=f"),
            FormRefusal::Missing(vec!["project_id", "redcap_url", "<instrument>_complete"])
        );
        assert!(matches!(refused(&REAL.replace("record=4", "record=%zz")), FormRefusal::Encoding(_)));
        assert!(matches!(refused(&REAL.replace("record=4", "record=%C3")), FormRefusal::Encoding(_)));
        assert!(matches!(refused(&REAL.replace("complete=2", "complete=9")), FormRefusal::Invalid { .. }));
        assert!(matches!(refused(&REAL.replace("id=18", "id=x")), FormRefusal::Invalid { .. }));
        assert!(matches!(refused(&format!("{REAL}&record=5")), FormRefusal::Doubled("record")));
    }

    proptest::proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = DetForm::parse(&body);
        }
    }
}
