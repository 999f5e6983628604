//! The real clock: the only place in the project that reads it.

use metricis_core::clock::truncate_to_us;
use metricis_core::{Clock, Timestamp};

/// The system's clock, cut to microseconds.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the real clock")]
    fn now(&self) -> Timestamp {
        truncate_to_us(chrono::Utc::now())
    }
}
