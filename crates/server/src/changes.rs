//! What has changed in a study, told to whoever watches: one look a second at the heads of the audit chains, for all of them.
//!
//! Invariants: the chain is the source, so a change of any process is seen by every process; nobody watching, nobody looking;
//! what is told are topics, never what was done to whom.
//!
//! ```text
//!   watcher:  head of the chain moved 7 → 9 ─► names of the actions 8 and 9 ─► Change { after: 7, through: 9, topics }
//!   a stream: at 7 ─► tells the topics.   at 6 ─► has missed something: reads the chain.   at 9 ─► knows it already
//! ```

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use metricis_core::action::{Topic, topics_of};
use metricis_core::ids::{StudyId, UserId};
use metricis_store::StoreError;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::problem::Problem;
use crate::state::{AppState, Shared};

/// Streams that one person may have open.
const STREAMS_PER_USER: usize = 8;
/// Streams that one person may open in a minute: what is lost is opened again every few seconds, in each of a few tabs.
pub(crate) const OPENINGS_PER_MINUTE: u32 = 60;

/// The rhythm of the streams, and how far behind they may be.
#[derive(Clone, Copy, Debug)]
pub struct ChangeTimes {
    /// Between two looks at the chains. Default 1 s.
    pub look: Duration,
    /// Between two signs of life on a quiet stream. Default 15 s.
    pub sign: Duration,
    /// Between two looks at whether the caller may still watch. Default 30 s.
    pub recheck: Duration,
    /// Changes that wait for a slow stream; one that misses more reads the chain itself. Default 256.
    pub waiting: usize,
    /// Rows that a stream may be behind; one further behind is told everything. Default 1000.
    pub resumes_within: i64,
}

impl Default for ChangeTimes {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(1),
            sign: Duration::from_secs(15),
            recheck: Duration::from_secs(30),
            waiting: 256,
            resumes_within: 1_000,
        }
    }
}

/// The rows of a study's chain after one sequence and up to another.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) study: StudyId,
    pub(crate) after: i64,
    pub(crate) through: i64,
    pub(crate) topics: BTreeSet<Topic>,
}

/// Who watches what.
pub(crate) struct Changes {
    watching: Mutex<Watching>,
    sender: broadcast::Sender<Change>,
    ended: CancellationToken,
}

#[derive(Default)]
struct Watching {
    /// Whether the watcher runs.
    looking: bool,
    studies: HashMap<StudyId, usize>,
    users: HashMap<UserId, usize>,
}

/// One of the streams that a person may have, given back when it is dropped.
pub(crate) struct Seat {
    app: AppState,
    user: UserId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        leave(&mut self.app.changes.watching().users, &self.user);
    }
}

/// A place among the watchers of a study, given back when it is dropped.
pub(crate) struct Place {
    seat: Seat,
    study: StudyId,
    pub(crate) changes: broadcast::Receiver<Change>,
}

impl Drop for Place {
    fn drop(&mut self) {
        leave(&mut self.seat.app.changes.watching().studies, &self.study);
    }
}

/// Whether a path is that of a stream.
pub(crate) fn is_stream(path: &str) -> bool {
    path.starts_with("/api/studies/") && path.ends_with("/changes")
}

fn leave<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl Changes {
    /// At least one change waits for each stream.
    pub(crate) fn new(times: ChangeTimes) -> Self {
        Self {
            watching: Mutex::default(),
            sender: broadcast::Sender::new(times.waiting.max(1)),
            ended: CancellationToken::new(),
        }
    }

    /// Ends every stream, for good.
    pub(crate) fn end(&self) {
        self.ended.cancel();
    }

    /// Is cancelled when the streams end.
    pub(crate) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    fn watching(&self) -> MutexGuard<'_, Watching> {
        self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody still watches; if not, the watcher has stopped.
    fn go_on(&self) -> bool {
        let mut watching = self.watching();
        watching.looking = !watching.studies.is_empty() && !self.ended.is_cancelled();
        watching.looking
    }
}

impl AppState {
    /// Takes one of the streams that a person may have.
    ///
    /// # Errors
    /// All of them are open.
    pub(crate) fn take_seat(&self, user: UserId) -> Result<Seat, Problem> {
        let mut watching = self.changes.watching();
        let open = watching.users.entry(user).or_default();
        if *open >= STREAMS_PER_USER {
            return Err(Problem::TooManyStreams(STREAMS_PER_USER));
        }
        *open += 1;
        drop(watching);
        Ok(Seat { app: self.clone(), user })
    }

    /// Takes a place among the watchers of `study`; the first one starts the watcher.
    pub(crate) fn watch(&self, study: StudyId, seat: Seat) -> Place {
        let mut watching = self.changes.watching();
        *watching.studies.entry(study).or_default() += 1;
        if !std::mem::replace(&mut watching.looking, true) {
            tokio::spawn(look_each_second(Arc::downgrade(self.shared()), self.changes.ended()));
        }
        drop(watching);
        Place { seat, study, changes: self.changes.sender.subscribe() }
    }
}

async fn look_each_second(app: Weak<Shared>, ended: CancellationToken) {
    let (mut seen, mut failing) = (HashMap::new(), false);
    loop {
        let Some(shared) = app.upgrade() else { return };
        if !shared.changes.go_on() {
            return;
        }
        let looked = look(&shared, &mut seen).await;
        match &looked {
            Err(error) if !failing => tracing::warn!(%error, "changes cannot be read; the streams wait"),
            Ok(()) if failing => tracing::info!("changes are read again"),
            _ => {}
        }
        failing = looked.is_err();
        let pause = shared.settings.change_times.look;
        drop(shared);
        tokio::select! {
            () = ended.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// One look: tells what is new of the studies that are watched. What cannot be read is new at the next look.
async fn look(app: &Shared, seen: &mut HashMap<i64, i64>) -> Result<(), StoreError> {
    let watched: Vec<StudyId> = app.changes.watching().studies.keys().copied().collect();
    let read = app.store.read(app.clock.now()).await?;
    let heads = read.study_heads(&watched).await?;
    // Who watches again later begins with a first look: where the chain was in between is nobody's.
    seen.retain(|chain, _| heads.iter().any(|head| head.chain == *chain));
    for head in heads {
        let (Some(study), through) = (head.study_id.map(StudyId), head.head_sequence) else { continue };
        // At the first look nothing is known of what came before: a stream that is behind reads the chain itself.
        let before = seen.get(&head.chain).copied();
        if before != Some(through) {
            let after = before.unwrap_or(through);
            let names = read.actions_between(head.chain, after, through).await?;
            let topics = topics_of(names.iter().map(String::as_str));
            // Nobody receives it when the last stream has just ended.
            let _ = app.changes.sender.send(Change { study, after, through, topics });
        }
        seen.insert(head.chain, through);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use metricis_core::action::{Action, Actor, Entry};
    use metricis_core::clock::ManualClock;
    use metricis_core::environment::Environment;
    use metricis_store::testing::{Engine, TestDb, monday};
    use metricis_store::{NewStudy, Sealer};
    use rstest::rstest;
    use tokio::sync::Notify;

    use super::*;
    use crate::ServerSettings;

    async fn commit(app: &AppState, study: StudyId, is_new: bool) {
        let tx = app.store.write(app.now()).await.expect("a transaction");
        if is_new {
            let study = NewStudy { id: study, code: "NBK".into(), name: "A study".into(), config: Default::default() };
            tx.insert_study(&study).await.expect("a study");
        }
        let action = Action::ResetBreaker { study, failures: 5 };
        tx.commit(Entry::study(study, Actor::System, action)).await.expect("a commit");
    }

    /// A row may be committed after a stream has looked for its place and before the watcher's first look. Told where the chain
    /// is, the stream notices; otherwise it would learn of the row with the next one, however late that is.
    #[rstest]
    #[tokio::test]
    async fn the_first_look_tells_where_the_chain_is_and_each_later_one_what_is_new(
        #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    ) {
        let db = TestDb::fresh(engine).await;
        let key = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4";
        let sealer = Sealer::new(&key.into(), None, false).expect("a key");
        let secret = "a-secret-for-tests-of-forty-characters-a";
        let settings =
            ServerSettings::new(Environment::new("test"), secret.into(), secret.into(), "aaaaaaaaaaaaaaaa".into());
        let clock = Arc::new(ManualClock::at(monday()));
        let app = AppState::new(db.store.clone(), sealer, clock, settings, Arc::new(Notify::new()));
        let study = StudyId::at(app.now());
        commit(&app, study, true).await;
        let (mut heard, mut seen) = (app.changes.sender.subscribe(), HashMap::new());
        let mut look_and_hear = async || {
            look(&app, &mut seen).await.expect("a look");
            heard.try_recv().ok().map(|change| (change.study, change.after, change.through, change.topics.len()))
        };
        app.changes.watching().studies.insert(study, 1);
        assert_eq!(look_and_hear().await, Some((study, 1, 1, 0)));
        assert_eq!(look_and_hear().await, None, "nothing is new");
        commit(&app, study, false).await;
        assert_eq!(look_and_hear().await, Some((study, 1, 2, 3)));
        app.changes.watching().studies.clear();
        commit(&app, study, false).await;
        assert_eq!(look_and_hear().await, None, "nobody watches");
        app.changes.watching().studies.insert(study, 1);
        assert_eq!(look_and_hear().await, Some((study, 3, 3, 0)), "who watches again begins anew");
    }
}
