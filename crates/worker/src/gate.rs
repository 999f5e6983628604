//! The one door to REDCap: breaker, budget, call, breaker.
//!
//! Where a call stands between budget and breaker matters. A probe holds a lease, and waiting for the host's budget can
//! outlast it, so the turn is waited for first and the breaker asked last:
//!
//! ```text
//!   breaker, then budget (wrong)                        budget, then breaker (here)
//!   09:00:00 admitted as the probe, lease to 09:02:00   09:00:00 the breaker would let us go: take a turn
//!   09:00:00 the host's next free turn is at 09:03:00   09:03:00 our turn
//!   09:02:00 lease over: another caller probes too      09:03:00 admitted as the probe, lease to 09:05:00
//!   09:03:00 two probes reach a REDCap that was down    09:03:00 the one probe; answered within the deadline
//! ```
//!
//! While the breaker is open a caller is refused before it takes a turn: an outage uses up no budget. A turn whose caller
//! is refused afterwards is lost, which only makes us slower. Invariants: a refused call opens no socket; waiting is no
//! failure; no transaction is held across a wait or a call.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::breaker::{Admission, Breaker, BreakerColumns, BreakerSettings, CallOutcome, Ticket, Transition};
use metricis_core::ids::StudyId;
use metricis_core::words::{BreakerState, SyncErrorType};
use metricis_core::{Clock, Timestamp};
use metricis_redcap::{CallError, Client, FailureClass};
use metricis_store::{Operational, Result, Store};
use uuid::Uuid;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::outbound::Outbound;

/// How often a caller looks whether the probe has been answered.
const PROBE_LOOK: Duration = Duration::from_millis(50);

/// The door of one process.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) breaker: BreakerSettings,
    pub(crate) outbound: Arc<Outbound>,
    /// Who asks: the holder of a probe's lease.
    pub(crate) caller: Uuid,
}

impl Gate {
    /// Makes one call to a study's REDCap.
    ///
    /// # Errors
    /// `circuit_open` without contacting REDCap, or the call's own failure.
    pub(crate) async fn call<T, F, Fut>(&self, to: &Connection, ask: F) -> Result<T, Failure>
    where
        F: FnOnce(Client) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        let ticket = self.enter(to).await?;
        let answer = ask(to.client.clone()).await;
        if let Some(outcome) = outcome_of(&answer)
            && let Err(error) = self.settle(to.study, ticket, outcome).await
        {
            // REDCap's answer is true whether or not it could be counted.
            tracing::error!(study = %to.study, %error, "the circuit breaker did not learn how a call ended");
        }
        Ok(answer?)
    }

    /// Waits for a turn and asks the breaker. While a probe of this process is under way, its answer decides how the others end:
    /// a person who re-syncs ten sessions after an outage must not see nine of them refused beside the one that succeeds.
    async fn enter(&self, to: &Connection) -> Result<Ticket, Failure> {
        loop {
            let entered = async {
                self.look(to.study).await?;
                self.outbound.wait_for_turn(&to.host).await?;
                self.admit(to.study).await
            };
            let refused = match entered.await {
                Err(refused) if refused.error_type == SyncErrorType::CircuitOpen => refused,
                entered => return entered,
            };
            match self.store.read(self.clock.now()).await?.breaker(to.study).await?.columns() {
                // The probe was answered since: ask again.
                BreakerColumns { state: BreakerState::Closed, .. } => {}
                // A probe of this process, and its lease runs: wait for its answer.
                BreakerColumns { probe_holder: Some(holder), probe_lease_until: Some(until), .. }
                    if holder == self.caller && self.clock.now() < until =>
                {
                    tokio::time::sleep(PROBE_LOOK).await;
                }
                _ => return Err(refused),
            }
        }
    }

    /// The breaker as it stands, and what it would say; nothing is changed.
    async fn look(&self, study: StudyId) -> Result<Option<Ticket>, Failure> {
        let now = self.clock.now();
        let seen = self.store.read(now).await?.breaker(study).await?;
        match seen.admit(now, &self.breaker, self.caller) {
            (_, Admission::Refused { retry_at }) => Err(circuit_open(retry_at)),
            (state, Admission::Go { ticket }) => Ok((state == seen).then_some(ticket)),
        }
    }

    /// Being let through a closed breaker changes nothing and needs no lock; becoming the probe does.
    async fn admit(&self, study: StudyId) -> Result<Ticket, Failure> {
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

    async fn settle(&self, study: StudyId, ticket: Ticket, outcome: CallOutcome) -> Result<()> {
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

/// Any answer is an answer, a validation refusal included. A call that could not be built says nothing about REDCap: if it
/// was the probe, its lease runs out and the next caller probes.
fn outcome_of<T>(answer: &Result<T, CallError>) -> Option<CallOutcome> {
    match answer.as_ref().map_err(CallError::class) {
        Ok(_) | Err(FailureClass::Validation) => Some(CallOutcome::Answered),
        Err(FailureClass::ApiError) => Some(CallOutcome::ApiError),
        Err(FailureClass::Exception) => None,
    }
}

fn circuit_open(retry_at: Timestamp) -> Failure {
    let retry_at = retry_at.format("%Y-%m-%d %H:%M:%S");
    Failure::new(
        SyncErrorType::CircuitOpen,
        format!("REDCap was not contacted: this study's circuit breaker is open, a call may go at {retry_at} UTC"),
    )
}
