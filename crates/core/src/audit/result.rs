//! What the audit log says about a submitted result without telling it: a salted digest.
//!
//! Invariants: the digest covers whose result it is, of which visit and task, when it was made, and every answer. The salt
//! stands beside the answers and never in the audit log, so that nobody can guess a short answer from the log alone; it is no
//! key, so that no rotation of keys touches it.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::Timestamp;
use crate::ids::{ParticipantId, SessionId, StudyId, VisitId};

/// A submitted result, by reference.
#[derive(Clone, Copy)]
pub struct SubmittedResult<'a> {
    /// Its session.
    pub session: SessionId,
    /// The study.
    pub study: StudyId,
    /// Who submitted it.
    pub participant: ParticipantId,
    /// The visit it is for.
    pub visit: Option<VisitId>,
    /// The task.
    pub task: &'a str,
    /// When it was begun, by the device.
    pub started_at: Timestamp,
    /// When it was completed, by the device.
    pub completed_at: Timestamp,
    /// The answers.
    pub results: &'a Map<String, Value>,
}

impl SubmittedResult<'_> {
    /// Hex SHA-256 over the salt and the result; `docs/AUDIT.md` describes the bytes.
    #[must_use]
    pub fn digest(&self, salt: &str) -> String {
        let mut results = String::new();
        write_object(&mut results, self.results);
        let time = |moment: Timestamp| moment.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let mut hasher = Sha256::new();
        hasher.update(b"metricis-result-1\n");
        for part in [
            salt,
            &self.session.to_string(),
            &self.study.to_string(),
            &self.participant.to_string(),
            &self.visit.map(|visit| visit.to_string()).unwrap_or_default(),
            self.task,
            &time(self.started_at),
            &time(self.completed_at),
            &results,
        ] {
            hasher.update(format!("{}:", part.len()).as_bytes());
            hasher.update(part.as_bytes());
            hasher.update(b"\n");
        }
        hex::encode(hasher.finalize())
    }
}

/// What a comparison with the audit log found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultCheck {
    /// The result is the one that was submitted.
    Intact,
    /// It was submitted before results had a digest.
    NotCovered,
    /// It is not the one that was submitted.
    Altered(ResultFault),
}

/// In what a stored result contradicts the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ResultFault {
    /// A column has another value.
    #[error("the stored result does not match the audit log")]
    Changed,
    /// The salt was taken away.
    #[error("the salt of the stored result is missing")]
    NoSalt,
    /// Nobody submitted it.
    #[error("the audit log has no submission of this session")]
    NotSubmitted,
    /// It was submitted and is not there.
    #[error("the audit log has the submission, the table has no such session")]
    Gone,
}

/// Compares a stored result with the `detail` of its `submit_session` row; `result` is none when its columns cannot be read.
#[must_use]
pub fn check_result(result: Option<SubmittedResult<'_>>, salt: Option<&str>, submission: Option<&str>) -> ResultCheck {
    let Some(detail) = submission else { return ResultCheck::Altered(ResultFault::NotSubmitted) };
    let detail: Value = serde_json::from_str(detail).unwrap_or_default();
    let Some(recorded) = detail["result_digest"].as_str() else { return ResultCheck::NotCovered };
    match (result, salt) {
        (_, None) => ResultCheck::Altered(ResultFault::NoSalt),
        (Some(result), Some(salt)) if result.digest(salt) == recorded => ResultCheck::Intact,
        _ => ResultCheck::Altered(ResultFault::Changed),
    }
}

/// One text for one value, whatever the engine makes of it: keys in the order of their bytes, no spaces, a number as its shortest
/// decimal without exponent (`22` for `22.0`), a string as JSON with everything above U+001F written as itself.
fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            // Adding zero turns -0 into 0.
            Some(float) => text.push_str(&(float + 0.0).to_string()),
            None => text.push_str(&number.to_string()),
        },
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_value(text, item);
            }
            text.push(']');
        }
        Value::Object(members) => write_object(text, members),
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
    }
}

fn write_object(text: &mut String, members: &Map<String, Value>) {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    text.push('{');
    for (place, (key, value)) in members.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(key.as_str()).to_string());
        text.push(':');
        write_value(text, value);
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(value: &Value) -> String {
        let mut text = String::new();
        write_value(&mut text, value);
        text
    }

    #[test]
    fn one_value_has_one_text() {
        let value = json!({"ä": [1, 2.50, null, true], "a": {"z": "q\"\n\u{1}é", "b": 22.0}});
        assert_eq!(text(&value), r#"{"a":{"b":22,"z":"q\"\n\u0001é"},"ä":[1,2.5,null,true]}"#);
        for (float, read_back) in [("1e16", "10000000000000000"), ("-0.0", "0"), ("1e-7", "0.0000001"), ("22.0", "22")]
        {
            let parse = |number: &str| serde_json::from_str::<Value>(number).expect("a number");
            assert_eq!(text(&parse(float)), text(&parse(read_back)), "{float}: an engine writes it in another way");
        }
    }

    fn digest_of(results: &Value, change: impl FnOnce(&mut SubmittedResult<'_>), salt: &str) -> String {
        let at = Timestamp::from_timestamp(1_772_442_000, 0).expect("a moment");
        let mut result = SubmittedResult {
            session: SessionId(uuid::Uuid::from_u128(1)),
            study: StudyId(uuid::Uuid::from_u128(2)),
            participant: ParticipantId(uuid::Uuid::from_u128(3)),
            visit: None,
            task: "nback",
            started_at: at,
            completed_at: at,
            results: results.as_object().expect("an object"),
        };
        change(&mut result);
        result.digest(salt)
    }

    #[test]
    fn every_part_counts() {
        let answers = json!({"score": 3});
        let other = json!({"score": 4});
        let uuid = uuid::Uuid::from_u128(9);
        let microsecond = chrono::Duration::microseconds(1);
        let digests = [
            digest_of(&answers, |_| {}, "salt"),
            digest_of(&answers, |_| {}, "tlas"),
            digest_of(&other, |_| {}, "salt"),
            digest_of(&answers, |result| result.session = SessionId(uuid), "salt"),
            digest_of(&answers, |result| result.study = StudyId(uuid), "salt"),
            digest_of(&answers, |result| result.participant = ParticipantId(uuid), "salt"),
            digest_of(&answers, |result| result.visit = Some(VisitId(uuid)), "salt"),
            digest_of(&answers, |result| result.task = "stroop", "salt"),
            digest_of(&answers, |result| result.started_at += microsecond, "salt"),
            digest_of(&answers, |result| result.completed_at += microsecond, "salt"),
        ];
        let different: std::collections::BTreeSet<_> = digests.iter().collect();
        assert_eq!(different.len(), digests.len());
    }

    #[test]
    fn a_result_is_compared_with_what_was_recorded() {
        use ResultCheck::Altered;
        use ResultFault::{Changed, NoSalt, NotSubmitted};
        let answers = json!({"score": 3});
        let at = Timestamp::UNIX_EPOCH;
        let result = SubmittedResult {
            session: SessionId(uuid::Uuid::nil()),
            study: StudyId(uuid::Uuid::nil()),
            participant: ParticipantId(uuid::Uuid::nil()),
            visit: None,
            task: "nback",
            started_at: at,
            completed_at: at,
            results: answers.as_object().expect("an object"),
        };
        let detail = json!({ "result_digest": result.digest("salt") }).to_string();
        let old = json!({ "task": "nback" }).to_string();
        assert_eq!(check_result(Some(result), Some("salt"), Some(&detail)), ResultCheck::Intact);
        assert_eq!(check_result(Some(result), Some("tlas"), Some(&detail)), Altered(Changed));
        assert_eq!(check_result(None, Some("salt"), Some(&detail)), Altered(Changed));
        assert_eq!(check_result(Some(result), None, Some(&detail)), Altered(NoSalt));
        assert_eq!(check_result(Some(result), None, Some(&old)), ResultCheck::NotCovered);
        assert_eq!(check_result(Some(result), Some("salt"), None), Altered(NotSubmitted));
    }
}
