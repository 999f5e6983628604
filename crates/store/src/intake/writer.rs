//! The single writer of a process: takes what has queued, commits it once, then answers everybody.
//!
//! ```text
//!   request ─┐                       ┌─► 200 after the commit
//!   request ─┼─► queue ─► one group ─┼─► 200
//!   request ─┘   (what has queued    └─► 422 alone, when the database refuses that row
//!                 while the last group committed)
//! ```

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::Duration;
use metricis_core::Clock;
use metricis_core::ids::StudyId;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::group::{Delivery, NewDet, Receipt, Written, write_group, write_marks};
use super::lookup::Candidates;
use crate::{Store, StoreError};

/// How the writer works.
#[derive(Clone)]
pub struct WriterSettings {
    /// `REDCAP_DET_IDEMPOTENCY_TTL_SECONDS`: how long an original swallows its repetitions.
    pub idempotency_ttl_s: u32,
    /// Deliveries in one transaction at most. Default 128.
    pub max_group: usize,
    /// Told after each commit: a worker in this process need not wait for its next look.
    pub received: Arc<Notify>,
}

/// Why a delivery was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// The database refuses the row itself.
    #[error("{0}")]
    Refused(String),
    /// The studies that it was proven against are no longer so: prove it again.
    #[error("the study's settings changed while the delivery was on its way")]
    Stale,
    /// It could not be made durable.
    #[error("the delivery could not be stored: {0}")]
    Unavailable(String),
}

impl From<StoreError> for IntakeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused { reason } => Self::Refused(reason),
            StoreError::Conflict { constraint } => Self::Refused(format!("conflict with {constraint}")),
            StoreError::ChainLost { .. } => Self::Unavailable(error.to_string()),
            StoreError::Inconsistent(reason) | StoreError::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}

type Answer<T> = oneshot::Sender<Result<T, IntakeError>>;

enum Item {
    Det(Box<Delivery>, Answer<Receipt>),
    Refused(StudyId, Answer<()>),
}

/// The handle of the writer; clones feed the same queue.
#[derive(Clone)]
pub struct DetWriter(mpsc::Sender<Item>);

impl DetWriter {
    /// Starts the writer. It ends, everything answered, when its last handle is dropped.
    #[must_use]
    pub fn spawn(store: Store, clock: Arc<dyn Clock>, settings: WriterSettings) -> (Self, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(4_096);
        let writer = Writer { store, clock, settings, refused: HashMap::new() };
        (Self(sender), tokio::spawn(writer.run(receiver)))
    }

    /// Stores a DET that the caller vouches for; returns once it is durable.
    ///
    /// # Errors
    /// Refused for what it holds, or unavailable.
    pub async fn receive(&self, det: NewDet) -> Result<Receipt, IntakeError> {
        self.ask(|answer| Item::Det(Box::new(Delivery { det, against: None }), answer)).await
    }

    /// As `receive`, for a DET proven against studies that were looked up at any time before: it is stored only if they are the
    /// same when it is committed.
    ///
    /// # Errors
    /// Also stale, when it sees others; nothing is stored then.
    pub async fn receive_proven(&self, det: NewDet, against: Candidates) -> Result<Receipt, IntakeError> {
        self.ask(|answer| Item::Det(Box::new(Delivery { det, against: Some(against) }), answer)).await
    }

    /// Notes that a proven DET of `study` was refused for its rate: the study is marked for reconcile before this returns.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn refuse_for_rate(&self, study: StudyId) -> Result<(), IntakeError> {
        self.ask(|answer| Item::Refused(study, answer)).await
    }

    async fn ask<T>(&self, item: impl FnOnce(Answer<T>) -> Item) -> Result<T, IntakeError> {
        let stopped = || IntakeError::Unavailable("the server is stopping".to_owned());
        let (answer, wait) = oneshot::channel();
        self.0.send(item(answer)).await.map_err(|_| stopped())?;
        wait.await.map_err(|_| stopped())?
    }
}

/// Refusals of one study: the first of a minute is written at once, the rest of that minute are counted until the next write.
struct Refusals {
    minute: i64,
    uncounted: u64,
}

struct Writer {
    store: Store,
    clock: Arc<dyn Clock>,
    settings: WriterSettings,
    refused: HashMap<StudyId, Refusals>,
}

impl Writer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Item>) {
        let mut items = Vec::new();
        while receiver.recv_many(&mut items, self.settings.max_group).await > 0 {
            // Requests that are ready get to send first: one larger group costs less than two.
            loop {
                tokio::task::yield_now().await;
                let room = self.settings.max_group.saturating_sub(items.len());
                if room == 0 || receiver.is_empty() {
                    break;
                }
                receiver.recv_many(&mut items, room).await;
            }
            self.write(std::mem::take(&mut items)).await;
        }
        let rest = self.refused.into_iter().filter(|(_, refusals)| refusals.uncounted > 0);
        let marks: BTreeMap<_, _> = rest.map(|(study, refusals)| (study, refusals.uncounted)).collect();
        if !marks.is_empty() {
            let written = write_marks(&self.store, self.clock.now(), &marks).await;
            if let Err(error) = written {
                tracing::error!(%error, "counts of refused DETs were lost at shutdown; the studies are marked for reconcile");
            }
        }
    }

    async fn write(&mut self, items: Vec<Item>) {
        let mut dets = Vec::with_capacity(items.len());
        let mut refusals = vec![];
        for item in items {
            match item {
                Item::Det(det, answer) => dets.push((det, answer)),
                Item::Refused(study, answer) => refusals.push((study, answer)),
            }
        }
        self.write_refusals(refusals).await;
        if !dets.is_empty() {
            self.write_dets(dets).await;
            // Both: whoever waits now, and one who is about to.
            self.settings.received.notify_waiters();
            self.settings.received.notify_one();
        }
    }

    async fn write_refusals(&mut self, refusals: Vec<(StudyId, Answer<()>)>) {
        if refusals.is_empty() {
            return;
        }
        let minute = self.clock.now().timestamp().div_euclid(60);
        let mut marks = BTreeMap::new();
        for (study, _) in &refusals {
            let known = self.refused.entry(*study).or_insert(Refusals { minute: minute - 1, uncounted: 0 });
            known.uncounted += 1;
            if known.minute != minute {
                known.minute = minute;
                marks.insert(*study, 0);
            }
        }
        for (study, count) in &mut marks {
            *count = self.refused.get_mut(study).map_or(0, |known| std::mem::take(&mut known.uncounted));
        }
        let written = match marks.is_empty() {
            true => Ok(()),
            false => write_marks(&self.store, self.clock.now(), &marks).await,
        };
        if written.is_err() {
            for (study, count) in marks {
                // Not written: the next refusal tries again, with this count.
                self.refused.insert(study, Refusals { minute: minute - 1, uncounted: count });
            }
        }
        for (_, answer) in refusals {
            let _ = answer.send(written.clone().map_err(IntakeError::from));
        }
    }

    /// Writes all in one transaction. When the database refuses, halves are tried, so that a bad row fails alone.
    async fn write_dets(&self, dets: Vec<(Box<Delivery>, Answer<Receipt>)>) {
        let mut stack = vec![dets];
        while let Some(mut part) = stack.pop() {
            match self.attempt(&part).await {
                Ok(Written::Stale(places)) => {
                    for place in places.into_iter().rev() {
                        let (_, answer) = part.swap_remove(place);
                        let _ = answer.send(Err(IntakeError::Stale));
                    }
                    if !part.is_empty() {
                        stack.push(part);
                    }
                }
                Ok(Written::Stored(receipts)) => {
                    for ((_, answer), receipt) in part.into_iter().zip(receipts) {
                        let _ = answer.send(Ok(receipt));
                    }
                }
                Err(StoreError::Refused { .. } | StoreError::Conflict { .. }) if part.len() > 1 => {
                    let second = part.split_off(part.len() / 2);
                    stack.push(second);
                    stack.push(part);
                }
                // A study whose rows somebody holds, or whose chain is lost, must not cost the other studies their deliveries.
                Err(StoreError::Unavailable(_) | StoreError::ChainLost { .. })
                    if part.iter().any(|(one, _)| one.det.study != part[0].0.det.study) =>
                {
                    let first = part[0].0.det.study;
                    let (of_first, others) = part.into_iter().partition(|(one, _)| one.det.study == first);
                    stack.push(of_first);
                    stack.push(others);
                }
                Err(error) => {
                    for (Delivery { det, .. }, answer) in part.into_iter().map(|(one, answer)| (*one, answer)) {
                        // REDCap sends it once: whoever reads this can have the record saved again.
                        let (study, record, instrument) = (det.study, det.form.record, det.form.instrument);
                        let in_request = det.request.map(|id| tracing::error_span!("write_det", request_id = %id));
                        let _entered = in_request.as_ref().map(tracing::Span::enter);
                        tracing::error!(%study, record, instrument, %error, "DET not stored");
                        let _ = answer.send(Err(error.clone().into()));
                    }
                }
            }
        }
    }

    async fn attempt(&self, part: &[(Box<Delivery>, Answer<Receipt>)]) -> Result<Written, StoreError> {
        let ttl = Duration::seconds(i64::from(self.settings.idempotency_ttl_s));
        let deliveries: Vec<&Delivery> = part.iter().map(|(one, _)| one.as_ref()).collect();
        write_group(&self.store, self.clock.now(), ttl, &deliveries).await
    }
}
