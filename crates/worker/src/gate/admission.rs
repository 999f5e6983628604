//! The gate's dealings with the breaker: what it says, being let through, telling it how a call ended.
//!
//! Invariant: the breaker's row is locked for the shortest moment only, and not at all where nothing changes.

use metricis_core::Timestamp;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::breaker::{Admission, Breaker, CallOutcome, Ticket, Transition};
use metricis_core::ids::StudyId;
use metricis_core::words::SyncErrorType;
use metricis_store::{Operational, Result};

use super::Gate;
use crate::failure::Failure;

impl Gate {
    /// The breaker as it stands, and what it would say; nothing is changed.
    pub(super) async fn look(&self, study: StudyId) -> Result<Option<Ticket>, Failure> {
        let now = self.clock.now();
        let seen = self.store.read(now).await?.breaker(study).await?;
        match seen.admit(now, &self.breaker, self.caller) {
            (_, Admission::Refused { retry_at }) => Err(circuit_open(retry_at)),
            (state, Admission::Go { ticket }) => Ok((state == seen).then_some(ticket)),
        }
    }

    /// Being let through a closed breaker changes nothing and needs no lock; becoming the probe does.
    pub(super) async fn admit(&self, study: StudyId) -> Result<Ticket, Failure> {
        if let Some(ticket) = self.look(study).await? {
            return Ok(ticket);
        }
        let now = self.clock.now();
        let tx = self.store.write(now).await?;
        let (state, admission) = tx.lock_breaker(study).await?.admit(now, &self.breaker, self.caller);
        match admission {
            Admission::Refused { retry_at } => Err(circuit_open(retry_at)),
            Admission::Go { ticket } => {
                tx.save_breaker(study, &state).await?;
                tx.commit_operational(Operational::BreakerCount).await?;
                Ok(ticket)
            }
        }
    }

    pub(super) async fn settle(&self, study: StudyId, ticket: Ticket, outcome: CallOutcome) -> Result<()> {
        let now = self.clock.now();
        let settled = |state: Breaker| state.settle(ticket, self.caller, outcome, now, &self.breaker);
        let seen = self.store.read(now).await?.breaker(study).await?;
        if settled(seen) == (seen, None) {
            // An answer through a closed breaker, or news from before its last transition.
            return Ok(());
        }
        let tx = self.store.write(now).await?;
        let (state, transition) = settled(tx.lock_breaker(study).await?);
        tx.save_breaker(study, &state).await?;
        let entry = |action| Entry::study(study, Actor::Worker, action);
        match transition {
            None => tx.commit_operational(Operational::BreakerCount).await,
            Some(Transition::Opened | Transition::Reopened) => {
                let failures = i32::try_from(state.failures()).unwrap_or(i32::MAX);
                tx.commit(entry(Action::OpenBreaker { study, failures })).await?;
                tracing::error!(%study, failures, "REDCap circuit breaker opened for study {study}");
                Ok(())
            }
            Some(Transition::Closed) => {
                tx.commit(entry(Action::CloseBreaker { study })).await?;
                tracing::info!(%study, "REDCap circuit breaker closed for study {study}");
                Ok(())
            }
        }
    }
}

fn circuit_open(retry_at: Timestamp) -> Failure {
    let retry_at = retry_at.format("%Y-%m-%d %H:%M:%S");
    Failure::new(
        SyncErrorType::CircuitOpen,
        format!("REDCap was not contacted: this study's circuit breaker is open, a call may go at {retry_at} UTC"),
    )
}
