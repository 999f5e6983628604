//! How the go/no-go board proves itself to a server that it asks over HTTP, and the server to the board.
//!
//! Invariants: nothing secret travels. A ticket is good for one process, one request with one body, and one minute; whoever reads
//! it on the way can only have the same question answered again. The key is derived from `JWT_SECRET_KEY`, so that neither a
//! client nor the database can make a ticket, an answer, or the mark of an address.
//!
//! ```text
//!   board ── ticket = MAC(process, until, method, path, SHA-256(body)) ──► server: is it for me, for this, and in time?
//!   board ◄── answer = MAC(ticket, status) ─────────────────────────────── server: this status is mine
//! ```

use chrono::Duration;
use hmac::{Hmac, KeyInit, Mac};
use metricis_core::Timestamp;
use metricis_core::ids::ProcessId;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The request's header.
pub(crate) const TICKET: &str = "x-metricis-probe";
/// The response's header.
pub(crate) const ANSWER: &str = "x-metricis-probed";
/// The instrument that the board's DETs name. REDCap's own names have no hyphen, so that no form of a study is called so; without
/// a ticket such a DET is refused.
pub(crate) const INSTRUMENT: &str = "go-no-go-probe";

const GOOD_FOR_S: i64 = 60;

/// What a ticket is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) process: ProcessId,
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) target: &'a str,
    /// SHA-256 of the body, in hex.
    pub(crate) body: &'a str,
}

/// The key of tickets, answers and marks.
#[derive(Clone)]
pub(crate) struct ProbeKey(Hmac<Sha256>);

impl ProbeKey {
    pub(crate) fn derive(jwt_secret: &SecretString) -> Self {
        let derived = Sha256::new()
            .chain_update(b"metricis-probe-1\0")
            .chain_update(jwt_secret.expose_secret().as_bytes())
            .finalize();
        let mut key = hmac::digest::Key::<Hmac<Sha256>>::default();
        key.iter_mut().zip(derived).for_each(|(byte, derived)| *byte = derived);
        Self(Hmac::new(&key))
    }

    /// The mark of a process's address.
    pub(crate) fn mark(&self, process: ProcessId, address: &str) -> String {
        self.mac(&["address", &process.to_string(), address])
    }

    pub(crate) fn marked(&self, process: ProcessId, address: &str, mark: &str) -> bool {
        same(&self.mark(process, address), mark)
    }

    /// A ticket for one question, from now on.
    pub(crate) fn ticket(&self, question: Question<'_>, now: Timestamp) -> String {
        let until = (now + Duration::seconds(GOOD_FOR_S)).timestamp();
        format!("{until}.{}.{}", question.body, self.seal(question, until))
    }

    /// The body's digest that a ticket speaks of, when the rest of it is for this question and in time.
    pub(crate) fn admit<'a>(&self, ticket: &'a str, question: Question<'a>, now: Timestamp) -> Option<&'a str> {
        let mut parts = ticket.splitn(3, '.');
        let (until, body, mac) = (parts.next()?.parse::<i64>().ok()?, parts.next()?, parts.next()?);
        let left = until - now.timestamp();
        // Not longer than a ticket can be good for, so that one made for tomorrow is none today.
        let in_time = (0..=GOOD_FOR_S * 2).contains(&left);
        (in_time && same(&self.seal(Question { body, ..question }, until), mac)).then_some(body)
    }

    /// What a server answers with, beside the status.
    pub(crate) fn answer(&self, ticket: &str, status: u16) -> String {
        self.mac(&["answer", ticket, &status.to_string()])
    }

    pub(crate) fn answers(&self, ticket: &str, status: u16, answer: &str) -> bool {
        same(&self.answer(ticket, status), answer)
    }

    fn seal(&self, question: Question<'_>, until: i64) -> String {
        let process = question.process.to_string();
        self.mac(&["ticket", &process, &until.to_string(), question.method, question.target, question.body])
    }

    fn mac(&self, parts: &[&str]) -> String {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        hex::encode(mac.finalize().into_bytes())
    }
}

/// The digest of a body, as tickets have it.
pub(crate) fn digest(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

fn same(ours: &str, theirs: &str) -> bool {
    ours.as_bytes().ct_eq(theirs.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_for_one_question_of_one_process_for_a_minute() {
        let key = ProbeKey::derive(&"a-jwt-secret-for-tests-of-forty-characters".into());
        let now = Timestamp::from_timestamp(1_772_442_000, 0).expect("a moment");
        let (process, other) = (ProcessId::at(now), ProcessId::at(now));
        let body = digest(b"a=1");
        let asked = Question { process, method: "POST", target: "/api/x", body: &body };
        let ticket = key.ticket(asked, now);
        let admits = |key: &ProbeKey, question, now| key.admit(&ticket, question, now).map(str::to_owned);
        assert_eq!(admits(&key, asked, now), Some(body.clone()));
        assert_eq!(admits(&key, asked, now + Duration::seconds(60)), Some(body.clone()));
        assert_eq!(admits(&key, asked, now + Duration::seconds(61)), None, "late");
        assert_eq!(admits(&key, asked, now - Duration::seconds(61)), None, "of tomorrow");
        assert_eq!(admits(&key, Question { process: other, ..asked }, now), None);
        assert_eq!(admits(&key, Question { method: "PUT", ..asked }, now), None);
        assert_eq!(admits(&key, Question { target: "/api/y", ..asked }, now), None);
        let stranger = ProbeKey::derive(&"another-jwt-secret-for-tests-of-forty-chars".into());
        assert_eq!(admits(&stranger, asked, now), None);
        let forged = ticket.replace(&body, &digest(b"a=2"));
        assert_eq!(key.admit(&forged, asked, now), None, "another body");
        assert!(key.answers(&ticket, 404, &key.answer(&ticket, 404)));
        assert!(!key.answers(&ticket, 404, &key.answer(&ticket, 200)));
        assert!(key.marked(process, "http://a", &key.mark(process, "http://a")));
        assert!(!key.marked(process, "http://b", &key.mark(process, "http://a")));
        assert!(!key.marked(other, "http://a", &key.mark(process, "http://a")));
    }
}
