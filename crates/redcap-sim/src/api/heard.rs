//! What the API understood of one request, for tests that compare clients.
//! Invariant: a reading is noted where the call itself reads its parameter, with the default already in place, so that it cannot say
//! anything but what the answer rests on; the token is no part of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;

/// One request as the API read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedRequest {
    /// When it was answered, by the server's clock.
    pub at: DateTime<Utc>,
    pub content: String,
    pub action: String,
    /// Every parameter that the call looked at, as it took it: a text, a list, a yes or no, rows; a default where none was sent.
    pub parameters: BTreeMap<String, Value>,
    /// The names that were sent, those that nobody looked at included.
    pub sent: BTreeSet<String>,
}

/// The readings of one request, when somebody wants to know them.
#[derive(Default)]
pub(super) struct Readings(Option<Mutex<BTreeMap<String, Value>>>);

impl Readings {
    pub(super) fn wanted() -> Self {
        Self(Some(Mutex::default()))
    }

    pub(super) fn note(&self, name: &str, value: impl FnOnce() -> Value) {
        if let Some(readings) = &self.0 {
            readings.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), value());
        }
    }

    pub(super) fn all(&self) -> BTreeMap<String, Value> {
        let all = self.0.as_ref().map(|readings| readings.lock().unwrap_or_else(PoisonError::into_inner).clone());
        all.unwrap_or_default()
    }
}
