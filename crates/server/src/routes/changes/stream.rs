//! One stream: its place in the chain, and what it tells next.

use std::collections::BTreeSet;
use std::convert::Infallible;

use axum::response::sse::Event;
use futures::stream;
use metricis_core::action::{Topic, topics_of};
use metricis_store::StoreError;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::ChangeSeen;
use crate::changes::Place;
use crate::extract::{Reproof, StillThere, StudyMember};
use crate::problem::Problem;

pub(super) struct Stream {
    proof: Reproof<StudyMember>,
    still_there: StillThere,
    place: Place,
    /// Sequence of the last row that was told.
    at: i64,
    first: Option<Event>,
    recheck: Interval,
    ended: CancellationToken,
}

impl Stream {
    /// A stream that begins after the row `since`, or with the next change.
    pub(super) async fn begin(
        proof: Reproof<StudyMember>,
        still_there: StillThere,
        place: Place,
        since: Option<i64>,
    ) -> Result<Self, Problem> {
        let mut recheck = interval(proof.app.settings.change_times.recheck);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        recheck.reset();
        let ended = proof.app.changes.ended();
        let mut stream = Self { proof, still_there, place, at: 0, first: None, recheck, ended };
        let missed = stream.catch_up(since).await?;
        // A comment with an id: whoever reconnects before anything has changed goes on from here.
        let greeting = || Event::default().id(stream.at.to_string()).comment("listening");
        stream.first = Some(missed.map_or_else(|| Ok(greeting()), |topics| told(stream.at, &topics))?);
        Ok(stream)
    }

    /// Moves to the chain's end; returns what the rows after `since` were about, everything when that cannot be said.
    async fn catch_up(&mut self, since: Option<i64>) -> Result<Option<BTreeSet<Topic>>, StoreError> {
        let app = &self.proof.app;
        let read = app.store.read(app.now()).await?;
        let (chain, through) = read.chain_end(self.proof.study).await?;
        let resumes_from = through - app.settings.change_times.resumes_within;
        self.at = through;
        Ok(match since {
            None => None,
            Some(since) if since == through => None,
            Some(since) if since > through || since < resumes_from || since < 0 => Some(everything()),
            Some(since) => {
                let names = read.actions_between(chain, since, through).await?;
                Some(topics_of(names.iter().map(String::as_str)))
            }
        })
    }

    pub(super) fn events(self) -> impl stream::Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, async |mut stream| {
            let event = stream.next().await?;
            Some((Ok(event), stream))
        })
    }

    /// The next event; none when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            let heard = tokio::select! {
                () = self.ended.cancelled() => return None,
                _ = self.recheck.tick() => {
                    self.may_watch().await?;
                    continue;
                }
                heard = self.place.changes.recv() => heard,
            };
            let topics = match heard {
                Ok(change) if change.study != self.proof.study || change.through <= self.at => None,
                Ok(change) if change.after <= self.at => {
                    self.at = change.through;
                    Some(change.topics)
                }
                // Something was missed: the chain knows what.
                Ok(_) | Err(RecvError::Lagged(_)) => self.catch_up(Some(self.at)).await.ok()?,
                Err(RecvError::Closed) => return None,
            };
            if let Some(topics) = topics {
                return told(self.at, &topics).ok();
            }
        }
    }

    /// None when the caller's token or session is over, or the role is gone; also when that cannot be found out.
    async fn may_watch(&self) -> Option<()> {
        self.still_there.check(&self.proof.app).await?;
        self.proof.check().await.ok()
    }
}

fn everything() -> BTreeSet<Topic> {
    Topic::ALL.iter().copied().collect()
}

fn told(sequence: i64, topics: &BTreeSet<Topic>) -> Result<Event, Problem> {
    let topics = serde_json::to_value(topics).map_err(Problem::internal)?;
    let event = Event::default().event("change").id(sequence.to_string());
    event.json_data(ChangeSeen { sequence, topics }).map_err(Problem::internal)
}
