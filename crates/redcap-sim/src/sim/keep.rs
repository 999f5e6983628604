//! A server whose state is kept in one file.
//! Invariant: the lock on the world is held while changes are gathered, never while they are written.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::{Sim, SimOptions};
use crate::file::{Journal, StateError};

/// How long a change may be in memory only.
const EVERY: Duration = Duration::from_millis(250);

/// The file that follows a server.
pub(super) struct Kept {
    journal: Mutex<Journal>,
    /// Up to which visit of the world the file is complete.
    visits: AtomicU64,
}

impl Sim {
    /// The server that the file holds, or an empty one and a new file. It follows the server while that is served.
    ///
    /// # Errors
    /// [`StateError`] when the file cannot be used; nothing is changed then.
    pub fn open(path: &Path, options: SimOptions) -> Result<Self, StateError> {
        let mut sim = Self::new(options);
        let journal = Journal::open(path, &mut sim.world())?;
        sim.kept = Some(Arc::new(Kept { journal: Mutex::new(journal), visits: AtomicU64::new(0) }));
        Ok(sim)
    }

    /// Whether a file follows it.
    pub(crate) fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// Writes what has changed. Nothing happens without a file.
    ///
    /// # Errors
    /// The file cannot be written; what is missing in it is written the next time.
    pub async fn keep(&self) -> Result<(), StateError> {
        if self.kept.is_none() {
            return Ok(());
        }
        let sim = self.clone();
        let written = tokio::task::spawn_blocking(move || sim.keep_now()).await;
        written.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    fn keep_now(&self) -> Result<(), StateError> {
        let Some(kept) = self.kept.as_deref() else { return Ok(()) };
        let visits = self.visits.load(Ordering::Relaxed);
        if kept.visits.load(Ordering::Relaxed) == visits {
            return Ok(());
        }
        let mut journal = kept.journal.lock().unwrap_or_else(PoisonError::into_inner);
        // Not as a visit, or there would always be one more.
        let world = || self.world.lock().unwrap_or_else(PoisonError::into_inner);
        journal.gather(&mut world());
        journal.write()?;
        if journal.is_due() {
            journal.rewrite(&mut world())?;
        }
        kept.visits.store(visits, Ordering::Relaxed);
        Ok(())
    }

    /// Keeps the file up for as long as it is polled.
    pub(crate) async fn keep_up(&self) {
        if self.kept.is_none() {
            return std::future::pending().await;
        }
        let (mut ticks, mut trouble) = (interval(EVERY), None);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = self.keep().await.err().map(|error| error.to_string());
            if let Some(reason) = now.as_ref().filter(|_| now != trouble) {
                tracing::error!(reason, "the state file cannot be written; what was saved since is in memory only");
            }
            trouble = now;
        }
    }
}
