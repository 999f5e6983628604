//! The only place that reads the clock and the random source; everything else is handed the time or a name.
//! Invariant: time is UTC, as the simulated server's own time zone.

use chrono::{DateTime, Utc};

#[expect(clippy::disallowed_methods, reason = "a simulated server has a clock of its own, as REDCap has")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// REDCap's way to write a time on the wire.
pub(crate) fn server_time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// 32 upper-case hexadecimal digits, the shape of a project's API token.
#[expect(clippy::disallowed_methods, reason = "tokens must differ between runs and nobody replays them")]
pub(crate) fn new_token() -> String {
    hex::encode_upper(rand::random::<[u8; 16]>())
}
