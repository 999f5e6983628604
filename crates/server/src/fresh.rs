//! Ids that have no type of their own: a request's, a consent's row.

use metricis_core::Timestamp;
use uuid::{NoContext, Uuid};

/// A UUID v7 of this moment.
pub(crate) fn uuid_at(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}
