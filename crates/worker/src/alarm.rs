//! The one place through which every failed sync goes: the session's state, the job's, the account of both, and the log
//! line that alerts match on (guarantee 14).
//!
//! Invariant: whoever ends a pending sync without success calls this, and the line is logged once.

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::ids::SessionId;
use metricis_core::sync::SyncFailure;
use metricis_store::{ClaimedJob, StoreError, Tx};

use crate::failure::Failure;
use crate::turn::turn;

/// Marks the session and its job failed in `tx`. The caller commits the entry, then calls [`raise`].
///
/// # Errors
/// A conflict when somebody else has ended the sync or the job.
pub(crate) async fn mark_failed(
    tx: &Tx,
    job: &ClaimedJob,
    session: SessionId,
    failure: &Failure,
) -> Result<Entry, StoreError> {
    tx.mark_session_failed(session, failure.error_type, &failure.message).await?;
    tx.fail_job(job.id, &failure.to_string()).await?;
    let action = Action::FailSync { session, job: job.id, error_type: failure.error_type };
    Ok(Entry::study(job.study, Actor::Worker, action))
}

/// Logs the failure, under the job's id. The fields are the checklist's (§6.6, §9.1).
pub(crate) fn raise(job: &ClaimedJob, session: SessionId, failure: &Failure) {
    let _turn = turn(job.id).entered();
    tracing::error!(
        severity = SyncFailure::SEVERITY,
        source = SyncFailure::SOURCE,
        requires_investigation = SyncFailure::REQUIRES_INVESTIGATION,
        fallback_used = SyncFailure::FALLBACK_USED,
        error_type = failure.error_type.as_str(),
        error_message = failure.message,
        study = %job.study,
        %session,
        "a session's result did not reach REDCap"
    );
}
