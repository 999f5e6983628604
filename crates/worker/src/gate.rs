//! The one door to REDCap: breaker, budget, call, breaker.
//!
//! A read that fails for a moment is sent again, each time with a turn of its own and only while the breaker would let a call
//! go; for the breaker all its sendings are one call. An import is sent once, and so are the look before it and a probe.
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

mod admission;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metricis_core::Clock;
use metricis_core::breaker::{BreakerColumns, BreakerSettings, CallOutcome, Ticket};
use metricis_core::words::{BreakerState, SyncErrorType};
use metricis_redcap::{CallError, Client, FailureClass, Reader, RetryPolicy};
use metricis_store::{CallEnd, Store};
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
    pub(crate) retry: RetryPolicy,
    /// Who asks: the holder of a probe's lease.
    pub(crate) caller: Uuid,
    /// Counts the chances taken.
    pub(crate) chances: Arc<AtomicU64>,
}

impl Gate {
    /// Makes one read of a study's REDCap, in several sendings if need be.
    ///
    /// # Errors
    /// `circuit_open` without contacting REDCap, or the last sending's own failure.
    pub(crate) async fn read<T, F, Fut>(&self, to: &Connection, ask: F) -> Result<T, Failure>
    where
        F: Fn(Reader) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        Ok(self.read_unless(to, |_| false, true, ask).await??)
    }

    /// As [`Gate::read`], of what only prepares another call: an answer resets no count, unless it was the probe's. Otherwise a REDCap
    /// that answers the first of two calls and fails the second would never open the breaker.
    ///
    /// # Errors
    /// As [`Gate::read`].
    pub(crate) async fn read_first<T, F, Fut>(&self, to: &Connection, ask: F) -> Result<T, Failure>
    where
        F: Fn(Reader) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        Ok(self.read_unless(to, |_| false, false, ask).await??)
    }

    /// Makes a read of several records, of which the caller asks for fewer when they were too much: that failure is handed back,
    /// is not sent again, and says nothing to the breaker, unless the call was its probe.
    ///
    /// # Errors
    /// As [`Gate::read`], of every other failure.
    pub(crate) async fn read_page<T, F, Fut>(&self, to: &Connection, ask: F) -> Result<Result<T, CallError>, Failure>
    where
        F: Fn(Reader) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        match self.read_unless(to, CallError::may_be_too_much, true, ask).await? {
            Err(failure) if !failure.may_be_too_much() => Err(failure.into()),
            answer => Ok(answer),
        }
    }

    async fn read_unless<T, F, Fut>(
        &self,
        to: &Connection,
        is_handed_back: impl Fn(&CallError) -> bool,
        is_all: bool,
        ask: F,
    ) -> Result<Result<T, CallError>, Failure>
    where
        F: Fn(Reader) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        let ticket = self.enter(to).await?;
        let mut failed = 0;
        let answer = loop {
            let answer = ask(to.client.reader().clone()).await;
            self.count(to, &answer);
            match answer {
                Err(failure) if is_handed_back(&failure) && !ticket.probe => return Ok(Err(failure)),
                Err(failure) => {
                    failed += 1;
                    if !self.may_send_again(to, ticket, failed, &failure).await {
                        break Err(failure);
                    }
                }
                answered => break answered,
            }
        };
        if is_all || ticket.probe || answer.is_err() {
            self.conclude(to, ticket, &answer).await;
        }
        Ok(answer)
    }

    /// Reads, in one sending, what says whether a call that changes REDCap may be made, and returns it. A yes resets no count, as in
    /// [`Gate::read_first`].
    ///
    /// # Errors
    /// As [`Gate::send`], or what `may` says.
    pub(crate) async fn look_ahead<T, F, Fut>(
        &self,
        to: &Connection,
        look: F,
        may: impl FnOnce(&T) -> Result<(), Failure>,
    ) -> Result<T, Failure>
    where
        F: FnOnce(Reader) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        let ticket = self.enter(to).await?;
        let answer = look(to.client.reader().clone()).await;
        self.count(to, &answer);
        let allowed = answer.as_ref().map(may);
        if ticket.probe || !matches!(allowed, Ok(Ok(()))) {
            self.conclude(to, ticket, &answer).await;
        }
        allowed.unwrap_or(Ok(()))?;
        Ok(answer?)
    }

    /// Makes one call that may change a study's REDCap, in one sending.
    ///
    /// # Errors
    /// `circuit_open` without contacting REDCap, or the call's own failure.
    pub(crate) async fn send<T, F, Fut>(&self, to: &Connection, ask: F) -> Result<T, Failure>
    where
        F: FnOnce(Client) -> Fut,
        Fut: Future<Output = Result<T, CallError>>,
    {
        let ticket = self.enter(to).await?;
        let answer = ask(to.client.clone()).await;
        self.count(to, &answer);
        self.conclude(to, ticket, &answer).await;
        Ok(answer?)
    }

    /// Waits before a read is sent again, and takes its turn; `false` when it is not.
    async fn may_send_again(&self, to: &Connection, ticket: Ticket, failed: u32, failure: &CallError) -> bool {
        let wait = (!ticket.probe).then(|| self.retry.wait(failed, failure, self.chance())).flatten();
        let Some(wait) = wait else { return false };
        tracing::info!(study = %to.study, failed, reason = %failure, "a read of REDCap failed; it is sent again");
        let now = self.clock.now();
        let until = chrono::Duration::from_std(wait).ok().and_then(|wait| now.checked_add_signed(wait));
        self.outbound.pause.until(until.unwrap_or(now), now).await;
        // Others may have opened the breaker meanwhile; the failure is then the end of it.
        matches!(self.look(to.study).await, Ok(Some(_))) && self.outbound.wait_for_turn(&to.host).await.is_ok()
    }

    /// Spreads the sendings of processes that have failed together; nobody needs to be unable to guess it.
    fn chance(&self) -> u64 {
        let (high, low) = self.caller.as_u64_pair();
        let count = self.chances.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mixed = (high ^ low ^ count).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^ (mixed >> 31)
    }

    fn count<T>(&self, to: &Connection, answer: &Result<T, CallError>) {
        let end = match answer.as_ref().map_err(CallError::class) {
            Ok(_) => CallEnd::Answered,
            Err(FailureClass::Validation) => CallEnd::Validation,
            Err(FailureClass::ApiError) => CallEnd::ApiError,
            // It never left.
            Err(FailureClass::Exception) => return,
        };
        self.outbound.counts().end(&to.host, end);
    }

    async fn conclude<T>(&self, to: &Connection, ticket: Ticket, answer: &Result<T, CallError>) {
        if let Some(outcome) = outcome_of(answer)
            && let Err(error) = self.settle(to.study, ticket, outcome).await
        {
            // REDCap's answer is true whether or not it could be counted.
            tracing::error!(study = %to.study, %error, "the circuit breaker did not learn how a call ended");
        }
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
